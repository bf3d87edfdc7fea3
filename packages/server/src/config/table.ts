import { defaultBrokerSettings } from "@tombolo/broker";
import { deviceName, integer, ipv4, ipv6, listOf, oneOf, orNone, path, prefix, row, secretRow, text, yesNo, type Row } from "./rows.ts";
import type { Settings } from "./settings.ts";

/** File keys are the names in dashes: `maxConnections` is `max-connections`. */
export type SettingsTable = {
  readonly [Section in keyof Settings]: { readonly [Key in keyof Settings[Section]]: Row<Settings[Section][Key]> };
};

const address = text(/^[0-9A-Fa-f.:]{2,45}$/, 'give an address to listen at, such as "0.0.0.0" or "::"');
const amount = integer(-100_000, 100_000);
const plan = defaultBrokerSettings.credits;
const url = text(/^https?:\/\/[^\s/]+$/, 'give a URL without a path, such as "https://broker.example.net"');

/**
 * Every key of `tombolo.toml` with its default, in the order in which it is documented. The environment variable of `[tic] port` is
 * TOMBOLO_TIC_PORT. Nothing else defines a setting: checks, help, the printed settings and the example file come from here.
 */
export const table: SettingsTable = {
  broker: {
    database: row(
      text(/^\S.{0,2000}$/, "give a file, or a URL such as postgres://user@host/name"),
      "./var/tombolo.db",
      "SQLite file, or postgres:// URL for several brokers on one database",
    ),
    masterKey: row(
      path,
      "./var/master.key",
      "file with the key that seals secrets in the database; made by `serve` when absent, mode 0600",
    ),
    handleSuffix: row(
      text(/^[A-Z][A-Z0-9]{1,8}$/, "give 2 to 9 capital letters or digits, a letter first"),
      defaultBrokerSettings.handleSuffix,
      "end of every handle: ABC1-TMB",
    ),
    quarantineDays: row(
      integer(0, 3650),
      defaultBrokerSettings.quarantineSec / 86_400,
      "how long a released prefix rests before somebody else may get it",
    ),
    heartbeatSec: row(integer(10, 3600), defaultBrokerSettings.heartbeatSec, "how often clients are told to beat"),
  },
  requests: {
    approveTunnels: row(
      oneOf("all", "none", "first"),
      defaultBrokerSettings.approval.tunnels,
      'requests for tunnels that need no staff; "first": while the account holds fewer than first-tunnels',
    ),
    firstTunnels: row(integer(0, 1000), defaultBrokerSettings.approval.firstTunnels, 'how many tunnels "first" gives an account'),
    approveDelegations: row(
      oneOf("all", "none"),
      defaultBrokerSettings.approval.delegations,
      "requests for delegations that need no staff",
    ),
    waitingPerAccount: row(integer(1, 1000), defaultBrokerSettings.requestsWaiting, "how many requests of one account may wait at once"),
  },
  credits: {
    enabled: row(yesNo, plan.enabled, "keep a ledger: requests cost, good weeks earn"),
    signup: row(amount, plan.amounts.signup, "what a new account gets"),
    goodWeek: row(amount, plan.amounts["good-week"], "a tunnel that answered on each day from Monday to Sunday (UTC)"),
    requestTunnel: row(amount, plan.amounts["request-tunnel"], "a request for a tunnel; a rejected one keeps its cost"),
    approveTunnel: row(amount, plan.amounts["approve-tunnel"], "its approval"),
    requestDelegation: row(amount, plan.amounts["request-delegation"], "a request for a delegation"),
    approveDelegation: row(amount, plan.amounts["approve-delegation"], "its approval"),
    changeTunnel: row(amount, plan.amounts["change-tunnel"], "an owner moves a tunnel's endpoint or changes its type"),
    removeTunnel: row(amount, plan.amounts["remove-tunnel"], "an owner removes a tunnel"),
    removeDelegation: row(amount, plan.amounts["remove-delegation"], "an owner removes a delegation"),
    deadDay: row(amount, plan.amounts["dead-day"], "a static endpoint was asked all day and never answered"),
    deadWeek: row(amount, plan.amounts["dead-week"], "the same on seven days in a row"),
    mayRequestFrom: row(amount, plan.mayRequestFrom, "the least balance that may request"),
    disableDeadStatic: row(yesNo, plan.disableDeadStatic, "disable a static tunnel after seven dead days"),
  },
  tic: {
    enabled: row(yesNo, true, "answer TIC (aiccu and `tombolo up` log in here)"),
    listen: row(address, "0.0.0.0", "address"),
    port: row(integer(0, 65_535), 3874, "TCP port; 0 lets the kernel choose"),
    name: row(text(/^[A-Za-z0-9.-]{1,100}$/, "give a host name"), "localhost", "the host name in the greeting"),
    maxConnections: row(integer(1, 1_000_000), 12_000, "connections at once, from everywhere"),
    maxConnectionsPerSource: row(integer(1, 1_000_000), 64, "connections at once, from one IPv4 address or IPv6 /64"),
    loginsPerMinutePerSource: row(
      integer(1, 10_000),
      10,
      "failed logins from one source before it must wait; bursts of three times as many pass",
    ),
    loginsPerMinutePerAccount: row(
      integer(1, 10_000),
      10,
      "failed logins of one account from one source before they must wait; bursts of three times as many pass",
    ),
    sessionsPerMinutePerSource: row(
      integer(1, 1_000_000),
      120,
      "sessions of one source before it must wait; bursts of three times as many pass",
    ),
    sessionsPerMinutePerAccount: row(
      integer(1, 1_000_000),
      10,
      "logins of one account before it must wait (a client in a restart loop); bursts of three times as many pass",
    ),
    tls: row(yesNo, true, "offer TLS (STARTTLS, 1.0 to 1.2, as old clients need it)"),
    tlsCertificate: row(orNone(path), "", "certificate in PEM, with its chain; empty: a self-signed one is made beside the master key"),
    tlsKey: row(orNone(path), "", "its private key in PEM"),
    showNeedsTls: row(yesNo, false, "refuse `tunnel show`, which tells the tunnel's secret, without TLS"),
  },
  http: {
    listen: row(address, "127.0.0.1", "address of the API for PoPs; put a TLS proxy in front before opening it to a network"),
    port: row(integer(0, 65_535), 8080, "TCP port; 0 lets the kernel choose"),
  },
  pop: {
    enabled: row(yesNo, true, "`serve`: run a PoP in the broker's process"),
    name: row(
      text(/^[a-z][a-z0-9]{1,13}$/, 'give a name such as "nlams01": a letter, then letters and digits, at most 14'),
      "local01",
      "which PoP this host is",
    ),
    outerIpv4: row(orNone(ipv4), "", "`serve`: outer address of a PoP that it makes; empty takes the address of this host's default route"),
    bindIpv4: row(
      orNone(ipv4),
      "",
      "where tunnel sockets are bound when that is not the PoP's outer address (one-to-one NAT); empty: the outer address",
    ),
    brokerUrl: row(url, "http://127.0.0.1:8080", "`pop`: the broker's HTTP address"),
    insecure: row(yesNo, false, "`pop`: speak to a broker beyond this host without TLS; token and tunnel secrets can be read on the way"),
    token: secretRow(
      orNone(text(/^[\x21-\x7e]{16,200}$/, "give the token that `tombolod admin pop add` printed")),
      "",
      "`pop`: what this PoP shows to the broker; better kept in token-file",
    ),
    tokenFile: row(orNone(path), "", "`pop`: file that holds the token, mode 0600"),
    state: row(path, "./var/pop-state.ndjson", "copy of the desired state, from which the PoP forwards when the broker is away"),
    dataPlane: row(oneOf("userspace", "memory"), "userspace", '"memory" forwards nothing and needs no root: for trying things out'),
    device: row(deviceName, "tombolo", "name of the TUN device"),
    ayiyaPort: row(integer(0, 65_535), 5072, "UDP port of AYIYA; 0 turns it off"),
    udpPort: row(integer(0, 65_535), 3653, "UDP port of bare IPv6-in-UDP; 0 turns it off"),
    proto41: row(yesNo, true, "carry 6in4 (IP protocol 41)"),
    heartbeatPort: row(integer(0, 65_535), 3740, "UDP port of heartbeats, which tell where 6in4 clients are; 0 turns it off"),
    controlSocket: row(
      orNone(path),
      "",
      "unix socket, mode 0600, where `tombolod admin tunnel show` and `trace` ask this PoP; empty: pop.sock beside the state",
    ),
    workers: row(integer(0, 16), 0, "worker threads; 0: one for each core"),
    capacity: row(integer(1, 1_048_576), 131_072, "how many tunnels the table can hold"),
    addresses: row(listOf(ipv6, 'give a list such as ["2001:db8::1"]'), [], "the PoP's own addresses on the TUN device, outside its pools"),
  },
  start: {
    tunnelPool: row(prefix, "2001:db8:1::/48", "`serve`: tunnel pool (/64 each) of a PoP that it makes"),
    delegationPool: row(prefix, "2001:db8:2::/48", "`serve`: delegation pool (/64 each) of a PoP that it makes"),
  },
  log: {
    level: row(oneOf("debug", "info", "warn", "error"), "info", "the least that is logged"),
    format: row(oneOf("auto", "json", "text"), "auto", "auto: text on a terminal, JSON lines otherwise"),
  },
};
