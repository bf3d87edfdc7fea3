import { failure, success, type Result } from "@tombolo/base";
import { formatTicUsername, parseTicUsername, type TicUsername } from "@tombolo/protocols";
import { tlsPolicies, type TlsPolicy } from "../tic/start-tls.ts";

export interface ServerName {
  readonly host: string;
  readonly port: number;
}

export interface SettingValues {
  readonly server: ServerName;
  readonly user: TicUsername;
  readonly key: string;
  /** A path, or "-" for standard input. */
  readonly "key-file": string;
  readonly tls: TlsPolicy;
  /** The number in T1001. */
  readonly tunnel: number;
  readonly device: string;
  readonly "default-route": boolean;
  readonly metric: number;
  readonly "keep-trying": boolean;
  readonly logfile: string;
  readonly "run-dir": string;
}

export type SettingName = keyof SettingValues;

/** What is known about one setting; flags, environment, file, help, example and README all come from here. */
export interface Field<Value> {
  /** The word in help texts; undefined for yes/no. */
  readonly hint: string | undefined;
  readonly about: string;
  readonly example: string;
  /** Secrets are masked wherever settings are shown and have no flag. */
  readonly secret: boolean;
  /** Undefined: none, or worked out from other settings. */
  readonly fallback: Value | undefined;
  /** The reason of a refusal is what to write instead. */
  parse(text: string): Result<Value, string>;
  format(value: Value): string;
}

const ticPort = 3874;

export const fields: { readonly [Name in SettingName]: Field<SettingValues[Name]> } = {
  server: {
    hint: "HOST[:PORT]",
    about: `the broker's TIC server; port ${ticPort} when none is given`,
    example: "tic.example.net",
    secret: false,
    fallback: undefined,
    parse: parseServer,
    format: formatServer,
  },
  user: {
    hint: "USER",
    about: "your handle, or HANDLE/T1001 for a key that opens one tunnel only",
    example: "ABC1-TMB",
    secret: false,
    fallback: undefined,
    parse: parseUser,
    format: formatTicUsername,
  },
  key: {
    hint: "KEY",
    about: "the access key itself; the file must then not be readable by everybody (chmod 600)",
    example: "the-key-you-were-shown",
    secret: true,
    fallback: undefined,
    parse: parseKey,
    format: () => "(set, not shown)",
  },
  "key-file": {
    hint: "FILE",
    about: "a file that holds the access key and nothing else, not readable by everybody (chmod 600); - reads standard input",
    example: "/etc/tombolo/key",
    secret: false,
    fallback: undefined,
    parse: (text) => matching(text, /^(-|\P{Cc}{1,4000})$/u, "write the path of a file, or -"),
    format: String,
  },
  tls: {
    hint: "prefer|require|off",
    about: "encryption of the login: where offered; always, with a certificate that this host trusts; or never",
    example: "require",
    secret: false,
    fallback: "prefer",
    parse: parseTlsPolicy,
    format: String,
  },
  tunnel: {
    hint: "T1001",
    about: "which tunnel, when there are several",
    example: "T1001",
    secret: false,
    fallback: undefined,
    parse: parseTunnelId,
    format: (id) => `T${id}`,
  },
  device: {
    hint: "NAME",
    about: "name of the network interface that is made",
    example: "tombolo",
    secret: false,
    fallback: "tombolo",
    // What the kernel's dev_valid_name allows, less what would confuse ip(8) or a path.
    parse: (text) => matching(text, /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/, "write at most 15 letters, digits, '_', '.' or '-'"),
    format: String,
  },
  "default-route": {
    hint: undefined,
    about: "send all IPv6 traffic that has no better route through the tunnel",
    example: "yes",
    secret: false,
    fallback: true,
    parse: parseYesNo,
    format: formatYesNo,
  },
  metric: {
    hint: "NUMBER",
    about: "the default route's metric; smaller wins, and what routers announce mostly has 1024 or less",
    example: "2048",
    secret: false,
    fallback: 2048,
    parse: parseMetric,
    format: String,
  },
  "keep-trying": {
    hint: undefined,
    about: "do not end when the broker or the PoP cannot be reached or refuses; wait and try again",
    example: "no",
    secret: false,
    fallback: false,
    parse: parseYesNo,
    format: formatYesNo,
  },
  logfile: {
    hint: "FILE",
    about: "where --background writes what happens",
    example: "/var/log/tombolo/tombolo.log",
    secret: false,
    fallback: undefined,
    parse: parsePath,
    format: String,
  },
  "run-dir": {
    hint: "DIR",
    about: "where the control socket and the pid file live while it runs",
    example: "/run/tombolo",
    secret: false,
    fallback: "/run/tombolo",
    parse: parsePath,
    format: String,
  },
};

export const settingNames: readonly SettingName[] = [
  "server",
  "user",
  "key",
  "key-file",
  "tls",
  "tunnel",
  "device",
  "default-route",
  "metric",
  "keep-trying",
  "logfile",
  "run-dir",
];

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(fields, name);
}

/** `TOMBOLO_KEY_FILE` for `key-file`. */
export function environmentName(name: SettingName): string {
  return `TOMBOLO_${name.toUpperCase().replaceAll("-", "_")}`;
}

export function formatServer(server: ServerName): string {
  const host = server.host.includes(":") ? `[${server.host}]` : server.host;
  return `${host}:${server.port}`;
}

function parseServer(text: string): Result<ServerName, string> {
  const wish = "write a host name or address, with :PORT behind it when it is not 3874 and [] around an IPv6 address";
  const match = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9]([A-Za-z0-9._-]{0,252})))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[4] === undefined ? ticPort : Number(match[4]);
  if (host === undefined || port < 1 || port > 65_535) return failure(wish);
  return success({ host, port });
}

function parseUser(text: string): Result<TicUsername, string> {
  const username = parseTicUsername(text);
  return username.ok ? username : failure("write your handle, such as ABC1-TMB, or ABC1-TMB/T1001 with a tunnel's own key");
}

/** A key as one would paste it: printable ASCII; what TIC hashes is exactly these characters. */
export function parseKey(text: string): Result<string, string> {
  return matching(text, /^[!-~]([ -~]{0,510}[!-~])?$/, "it must be 1 to 512 printable ASCII characters, without blanks at the ends");
}

function parseTlsPolicy(text: string): Result<TlsPolicy, string> {
  const policy = tlsPolicies.find((known) => known === text);
  return policy === undefined ? failure("write prefer, require or off") : success(policy);
}

function parseTunnelId(text: string): Result<number, string> {
  const match = /^[Tt]?([1-9]\d{0,9})$/.exec(text);
  const id = Number(match?.[1]);
  return match !== null && id < 2 ** 31 ? success(id) : failure("write a tunnel's number, such as T1001");
}

function parseYesNo(text: string): Result<boolean, string> {
  if (text === "yes" || text === "true") return success(true);
  if (text === "no" || text === "false") return success(false);
  return failure("write yes or no");
}

function formatYesNo(value: boolean): string {
  return value ? "yes" : "no";
}

function parseMetric(text: string): Result<number, string> {
  const value = Number(text);
  return /^[1-9]\d{0,9}$/.test(text) && value < 2 ** 32 ? success(value) : failure("write a whole number from 1 to 4294967295");
}

function parsePath(text: string): Result<string, string> {
  return matching(text, /^\/\P{Cc}{0,4000}$/u, "write an absolute path, beginning with /");
}

function matching(text: string, pattern: RegExp, fix: string): Result<string, string> {
  return pattern.test(text) ? success(text) : failure(fix);
}
