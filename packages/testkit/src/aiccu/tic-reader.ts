/** aiccu gives up once this many bytes wait in its buffer behind one receive, newlines among them or not. */
const aiccuOverflowBytes = 1014;

/** The line reader of aiccu 2007.01.15 (`common/common.c`), as `tic.md` section 2 measured it. */
export interface AiccuLineReader {
  /** What one recv() brought. */
  receive(segment: Uint8Array): "taken" | "overflow";
  /** The next whole line, one CR taken off; undefined when aiccu would call recv() again. */
  line(): string | undefined;
}

export function makeAiccuLineReader(): AiccuLineReader {
  let buffered = "";
  return {
    receive: (segment) => {
      buffered += Buffer.from(segment).toString("latin1");
      return buffered.length >= aiccuOverflowBytes ? "overflow" : "taken";
    },
    line: () => {
      const end = buffered.indexOf("\n");
      if (end < 0) return undefined;
      const line = buffered.slice(0, end).replace(/\r$/, "");
      buffered = buffered.slice(end + 1);
      return line;
    },
  };
}

/** What aiccu keeps of `tunnel show`; a field that no line named stays undefined. */
export interface AiccuTunnel {
  readonly type: string | undefined;
  readonly ipv6Endpoint: string | undefined;
  readonly ipv6Pop: string | undefined;
  readonly ipv6PrefixLength: number;
  readonly ipv4Endpoint: string | undefined;
  readonly ipv4Pop: string | undefined;
  readonly userState: string | undefined;
  readonly adminState: string | undefined;
  readonly password: string | undefined;
  readonly heartbeatSec: number;
  readonly mtuBytes: number;
}

/** aiccu's titles; a key matches when it begins with one of them, in this order and case. */
const titles = [
  "TunnelId",
  "Type",
  "IPv6 Endpoint",
  "IPv6 POP",
  "IPv6 PrefixLength",
  "POP Id",
  "IPv4 Endpoint",
  "IPv4 POP",
  "UserState",
  "AdminState",
  "Password",
  "Heartbeat_Interval",
  "Tunnel MTU",
] as const;

/** aiccu's parser of the data lines: first ": ", prefix match, comments skipped, the last one wins, atoi for numbers. */
export function readAiccuTunnel(lines: readonly string[]): AiccuTunnel {
  const values = new Map<string, string>();
  for (const line of lines) {
    if (/^(#|;|\/\/)/.test(line)) continue;
    const colon = line.indexOf(": ");
    const title = titles.find((known) => line.slice(0, Math.max(colon, 0)).startsWith(known));
    if (colon >= 0 && title !== undefined) values.set(title, line.slice(colon + 2).replace(/[ \t\r]+$/, ""));
  }
  const number = (title: (typeof titles)[number]): number => Number.parseInt(values.get(title) ?? "0", 10) || 0;
  return {
    type: values.get("Type"),
    ipv6Endpoint: values.get("IPv6 Endpoint"),
    ipv6Pop: values.get("IPv6 POP"),
    ipv6PrefixLength: number("IPv6 PrefixLength"),
    ipv4Endpoint: values.get("IPv4 Endpoint"),
    ipv4Pop: values.get("IPv4 POP"),
    userState: values.get("UserState"),
    adminState: values.get("AdminState"),
    password: values.get("Password"),
    heartbeatSec: number("Heartbeat_Interval"),
    mtuBytes: number("Tunnel MTU"),
  };
}

export type AiccuFate =
  | "runs"
  | "crashes"
  | "refuses: not enabled"
  | "refuses: unsupported type"
  | "refuses: no password"
  | "beats in a busy loop"
  | "sets an MTU of 0";

/** What becomes of aiccu with such a tunnel (`tic.md` section 8, the column of what a missing key does). */
export function fateOfAiccu(tunnel: AiccuTunnel): AiccuFate {
  const { type } = tunnel;
  if (type === undefined || tunnel.ipv6Endpoint === undefined) return "crashes";
  if (tunnel.userState === undefined || tunnel.adminState === undefined) return "crashes";
  if (type.startsWith("6in4") && tunnel.ipv4Endpoint === undefined) return "crashes";
  if (tunnel.userState !== "enabled" || tunnel.adminState !== "enabled") return "refuses: not enabled";
  if (!["6in4-static", "6in4-heartbeat", "ayiya"].includes(type)) return "refuses: unsupported type";
  if (type === "ayiya" && tunnel.password === undefined) return "refuses: no password";
  if (type !== "6in4-static" && tunnel.heartbeatSec === 0) return "beats in a busy loop";
  return tunnel.mtuBytes === 0 ? "sets an MTU of 0" : "runs";
}

/** aiccu counts the blanks of a `tunnel list` line: three, or it aborts with `Wrong field format when listing tunnels`. */
export function aiccuTakesListLine(line: string): boolean {
  return line.split(" ").length === 4 && line.split(" ").every((field) => field !== "");
}

/** aiccu tests only the first byte of a single-line reply. */
export function aiccuTakesReply(line: string): boolean {
  return line.startsWith("2");
}
