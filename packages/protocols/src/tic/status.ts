import { formatReply, type TicCode } from "./reply.ts";
import type { TicCommandFault } from "./commands.ts";

/** Why the broker does not give what was asked for; the listener translates its own errors into these. */
export const ticRefusals = [
  /** Unknown and not yours are one, so that nobody learns which tunnels exist. */
  "tunnel-not-found",
  "tunnel-not-for-tic",
  "tls-needed",
  "route-not-found",
  "pop-not-found",
  "pop-down",
  "busy",
  "too-many-sessions",
  "client-outdated",
  "internal",
] as const;

export type TicRefusal = (typeof ticRefusals)[number];

/** aiccu looks only for the leading 2 of success, and prints the text (or the whole line) to its user, followed by a full stop. */
const refusals: { readonly [R in TicRefusal]: { readonly code: TicCode; readonly text: string } } = {
  "tunnel-not-found": { code: 400, text: "No such tunnel" },
  "tunnel-not-for-tic": { code: 400, text: "This tunnel's type cannot be set up by TIC" },
  "tls-needed": { code: 400, text: "This broker shows tunnels over TLS only, use a client that can do starttls" },
  "route-not-found": { code: 400, text: "No such route" },
  "pop-not-found": { code: 400, text: "No such PoP" },
  "pop-down": { code: 500, text: "This PoP is unfortunately currently down" },
  busy: { code: 400, text: "The broker is busy, try again in a minute" },
  "too-many-sessions": { code: 400, text: "Too many sessions, do not run the client in a restart loop" },
  "client-outdated": { code: 400, text: "This client is too old" },
  internal: { code: 500, text: "Something failed in the broker, its operator can see what" },
};

/**
 * `detail` is for the user: a page to see, or a sentence of the operator's. `about` goes last and in brackets: which object, since when.
 * That also keeps the full stop that aiccu adds away from a URL.
 */
export function formatRefusal(refusal: TicRefusal, detail = "", about = ""): string {
  const { code, text } = refusals[refusal];
  const told = detail === "" ? "" : /^https?:\/\//.test(detail) ? `, see ${detail}` : `: ${detail}`;
  return formatReply(code, `${text}${told}${about === "" ? "" : ` (${about})`}`);
}

const faults: { readonly [F in Exclude<TicCommandFault, "empty">]: string } = {
  "not-printable": "Control characters are not allowed",
  "unknown-command": "Unknown command",
  "argument-missing": "Argument missing",
  "argument-surplus": "Too many arguments",
  "method-unknown": "Unknown authentication method, use md5",
  "username-malformed": "Malformed username",
  "tunnel-malformed": "Malformed tunnel id, it looks like T1001",
  "pop-malformed": "Malformed PoP name",
  "route-malformed": "Malformed route id, it looks like R1001",
};

export function formatCommandFault(fault: Exclude<TicCommandFault, "empty">): string {
  return formatReply(400, faults[fault]);
}
