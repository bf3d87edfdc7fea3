import { wallSec } from "@tombolo/base";
import type { AdminCommand } from "../cli/command.ts";
import { systemWall } from "../platform/clocks.ts";
import { readEncapsulation, readHandle, readIpv4, readIpv6, readMoment, readTunnelId, readWhole } from "./arguments.ts";
import { itemOutput, listOutput } from "./outputs.ts";
import { formatMoment, viewTunnel } from "./views.ts";

const changeTunnel: AdminCommand = {
  kind: "admin",
  words: ["admin", "tunnel", "change"],
  operands: ["TUNNEL"],
  about: "Change how a tunnel is reached; its addresses stay.",
  options: {
    type: { value: "TYPE", about: "ayiya, 6in4, heartbeat or udp", required: true },
    endpoint: { value: "ADDRESS", about: "the client's IPv4 address, for 6in4" },
  },
  examples: ["admin tunnel change T1001 --type 6in4 --endpoint 198.51.100.7", "admin tunnel change T1001 --type ayiya"],
  async run(broker, given) {
    const endpoint = given.option("endpoint");
    const type = readEncapsulation(given.required("type"));
    const id = readTunnelId(given.operand(0));
    return itemOutput(viewTunnel(await broker.tunnels.setEncapsulation(id, type, endpoint === undefined ? undefined : readIpv4(endpoint))));
  },
};

const findHolder: AdminCommand = {
  kind: "admin",
  words: ["admin", "tunnel", "holder"],
  operands: ["ADDRESS"],
  about: "Who had an IPv6 address, now or at a moment in the past.",
  options: { at: { value: "MOMENT", about: "such as 2026-11-21T07:00:00Z; default now" } },
  examples: ["admin tunnel holder 2001:db8:1::2", "admin tunnel holder 2001:db8:1::2 --at 2026-11-21T07:00:00Z"],
  async run(broker, given) {
    const at = given.option("at");
    const moment = at === undefined ? systemWall.nowSec() : wallSec(readMoment(at));
    const holder = await broker.tunnels.findHolder(readIpv6(given.operand(0)), moment);
    if (holder === undefined) return { json: null, text: () => "Nobody." };
    const { tunnel, handle, from, until } = holder;
    return itemOutput({ tunnel, account: handle, from: formatMoment(from), until: until === undefined ? null : formatMoment(until) });
  },
};

export const tunnelCommands: readonly AdminCommand[] = [
  {
    kind: "admin",
    words: ["admin", "tunnel", "add"],
    operands: ["HANDLE"],
    about: "Give an account a tunnel; prefix and delegation are allocated at once.",
    options: {
      pop: { value: "NAME", about: "the PoP", required: true },
      type: { value: "TYPE", about: "ayiya (default), 6in4, heartbeat or udp" },
      endpoint: { value: "ADDRESS", about: "the client's IPv4 address, for 6in4" },
      mtu: { value: "BYTES", about: "1280 (default) to 1480" },
    },
    examples: [
      "admin tunnel add ABC1-TMB --pop nlams01",
      "admin tunnel add ABC1-TMB --pop nlams01 --type 6in4 --endpoint 198.51.100.7 --mtu 1480",
    ],
    async run(broker, given) {
      const endpoint = given.option("endpoint");
      const mtu = given.option("mtu");
      const tunnel = await broker.tunnels.add({
        handle: readHandle(given.operand(0)),
        pop: given.required("pop"),
        encapsulation: readEncapsulation(given.option("type") ?? "ayiya"),
        ...(endpoint !== undefined && { staticEndpoint: readIpv4(endpoint) }),
        ...(mtu !== undefined && { mtuBytes: readWhole(mtu, "mtu") }),
      });
      return itemOutput(viewTunnel(tunnel));
    },
  },
  {
    kind: "admin",
    words: ["admin", "tunnel", "list"],
    operands: [],
    about: "List tunnels.",
    options: { account: { value: "HANDLE", about: "of this account only" }, pop: { value: "NAME", about: "at this PoP only" } },
    examples: ["admin tunnel list", "admin tunnel list --account ABC1-TMB --json"],
    async run(broker, given) {
      const account = given.option("account");
      const pop = given.option("pop");
      const tunnels = await broker.tunnels.list({
        ...(account !== undefined && { handle: readHandle(account) }),
        ...(pop !== undefined && { pop }),
      });
      const columns = ["id", "account", "pop", "type", "userState", "adminState", "prefix", "endpoint", "lastSeen"] as const;
      return listOutput(tunnels.map(viewTunnel), columns, "No tunnels.");
    },
  },
  changeTunnel,
  {
    kind: "admin",
    words: ["admin", "tunnel", "remove"],
    operands: ["TUNNEL"],
    about: "Remove a tunnel; its prefixes rest before somebody else may get them.",
    options: {},
    examples: ["admin tunnel remove T1001"],
    async run(broker, given) {
      const id = readTunnelId(given.operand(0));
      await broker.tunnels.remove(id);
      return { json: { id, removed: true }, text: () => `${id} removed.` };
    },
  },
  ...(["enable", "disable"] as const).map((verb): AdminCommand => ({
    kind: "admin",
    words: ["admin", "tunnel", verb],
    operands: ["TUNNEL"],
    about: verb === "enable" ? "Let a disabled tunnel carry packets again." : "Stop a tunnel; it keeps its prefixes.",
    options: {},
    examples: [`admin tunnel ${verb} T1001`],
    async run(broker, given) {
      const state = verb === "enable" ? "enabled" : "disabled";
      return itemOutput(viewTunnel(await broker.tunnels.setAdminState(readTunnelId(given.operand(0)), state)));
    },
  })),
  {
    kind: "admin",
    words: ["admin", "tunnel", "secret"],
    operands: ["TUNNEL"],
    about: "Show the secret that signs a tunnel's AYIYA packets and beats.",
    options: {},
    examples: ["admin tunnel secret T1001"],
    async run(broker, given) {
      const id = readTunnelId(given.operand(0));
      return itemOutput({ id, secret: await broker.tunnels.readSecret(id) });
    },
  },
  findHolder,
];
