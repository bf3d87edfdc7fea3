import { failure, success, unreachable, type Result } from "@tombolo/base";
import { findTicRouteId, type TicRouteId } from "./route.ts";
import { findTicTunnelId, formatTicUsername, parseTicUsername, type TicTunnelId, type TicUsername } from "./values.ts";

/*
 * command      = word *( SP word ) EOL              ; the words of the command itself in either case
 *
 *   client <identification>                         any text
 *   get unixtime
 *   starttls
 *   username <handle>[/T<id>]
 *   challenge clear|md5|cookie
 *   authenticate clear|md5|cookie <response>
 *   tunnel list         tunnel show <id>
 *   pop list            pop show <name>
 *   route list          route show <id>
 *   quit [text]         exit
 */

export type TicMethod = "clear" | "md5" | "cookie";

export type TicCommand =
  | { readonly kind: "client"; readonly identification: string }
  | { readonly kind: "get-unixtime" }
  | { readonly kind: "starttls" }
  | { readonly kind: "username"; readonly username: TicUsername }
  | { readonly kind: "challenge"; readonly method: TicMethod }
  | { readonly kind: "authenticate"; readonly method: TicMethod; readonly response: string }
  | { readonly kind: "tunnel-list" }
  | { readonly kind: "tunnel-show"; readonly tunnel: TicTunnelId }
  | { readonly kind: "pop-list" }
  | { readonly kind: "pop-show"; readonly pop: string }
  | { readonly kind: "route-list" }
  | { readonly kind: "route-show"; readonly route: TicRouteId }
  | { readonly kind: "quit"; readonly text: string };

export type TicCommandFault =
  /** Nothing but white space: to be passed over (aiccu sends such a line behind one QUIT). */
  | "empty"
  | "not-printable"
  | "unknown-command"
  | "argument-missing"
  | "argument-surplus"
  | "method-unknown"
  | "username-malformed"
  | "tunnel-malformed"
  | "pop-malformed"
  | "route-malformed";

type Parsed = Result<TicCommand, TicCommandFault>;

/** Reads one line without its end. */
export function parseTicCommand(line: string): Parsed {
  if (/^[ \t]*$/.test(line)) return failure("empty");
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(line)) return failure("not-printable");
  const words = line.trim().split(/[ \t]+/);
  const [first = "", second = ""] = words.slice(0, 2).map((word) => word.toLowerCase());
  const rest = words.slice(1);
  switch (first) {
    case "client":
      return rest.length === 0 ? failure("argument-missing") : success({ kind: "client", identification: rest.join(" ") });
    case "quit":
    case "exit":
      return success({ kind: "quit", text: rest.join(" ") });
    case "starttls":
      return bare({ kind: "starttls" }, rest);
    case "username":
      return withOne(rest, parseUsername);
    case "challenge":
      return withOne(rest, parseChallenge);
    case "authenticate":
      return parseAuthenticate(rest);
    default:
      return parseTwoWords(`${first} ${second}`, words.slice(2));
  }
}

function parseTwoWords(command: string, rest: readonly string[]): Parsed {
  switch (command) {
    case "get unixtime":
      return bare({ kind: "get-unixtime" }, rest);
    case "tunnel list":
      return bare({ kind: "tunnel-list" }, rest);
    case "tunnel show":
      return withOne(rest, parseTunnelShowCommand);
    case "pop list":
      return bare({ kind: "pop-list" }, rest);
    case "pop show":
      return withOne(rest, parsePopShowCommand);
    case "route list":
      return bare({ kind: "route-list" }, rest);
    case "route show":
      return withOne(rest, parseRouteShowCommand);
    default:
      return failure("unknown-command");
  }
}

function bare(command: TicCommand, rest: readonly string[]): Parsed {
  return rest.length > 0 ? failure("argument-surplus") : success(command);
}

function withOne(rest: readonly string[], parse: (word: string) => Parsed): Parsed {
  const [word] = rest;
  if (word === undefined) return failure("argument-missing");
  return rest.length > 1 ? failure("argument-surplus") : parse(word);
}

function parseUsername(word: string): Parsed {
  const username = parseTicUsername(word);
  return username.ok ? success({ kind: "username", username: username.value }) : failure("username-malformed");
}

function parseChallenge(word: string): Parsed {
  const method = findMethod(word);
  return method === undefined ? failure("method-unknown") : success({ kind: "challenge", method });
}

function parseAuthenticate(rest: readonly string[]): Parsed {
  const [word, response] = rest;
  if (word === undefined || response === undefined) return failure("argument-missing");
  if (rest.length > 2) return failure("argument-surplus");
  const method = findMethod(word);
  return method === undefined ? failure("method-unknown") : success({ kind: "authenticate", method, response });
}

function parseTunnelShowCommand(word: string): Parsed {
  const tunnel = findTicTunnelId(word);
  return tunnel === undefined ? failure("tunnel-malformed") : success({ kind: "tunnel-show", tunnel });
}

function parsePopShowCommand(word: string): Parsed {
  return /^[A-Za-z0-9-]{1,14}$/.test(word) ? success({ kind: "pop-show", pop: word.toLowerCase() }) : failure("pop-malformed");
}

function parseRouteShowCommand(word: string): Parsed {
  const route = findTicRouteId(word);
  return route === undefined ? failure("route-malformed") : success({ kind: "route-show", route });
}

function findMethod(word: string): TicMethod | undefined {
  const method = word.toLowerCase();
  return method === "clear" || method === "md5" || method === "cookie" ? method : undefined;
}

/** One line without its end, in the words that aiccu uses. */
export function formatTicCommand(command: TicCommand): string {
  switch (command.kind) {
    case "client":
      return `client ${command.identification}`;
    case "get-unixtime":
      return "get unixtime";
    case "starttls":
      return "starttls";
    case "username":
      return `username ${formatTicUsername(command.username)}`;
    case "challenge":
      return `challenge ${command.method}`;
    case "authenticate":
      return `authenticate ${command.method} ${command.response}`;
    case "tunnel-list":
      return "tunnel list";
    case "tunnel-show":
      return `tunnel show ${command.tunnel}`;
    case "pop-list":
      return "pop list";
    case "pop-show":
      return `pop show ${command.pop}`;
    case "route-list":
      return "route list";
    case "route-show":
      return `route show ${command.route}`;
    case "quit":
      return command.text === "" ? "QUIT" : `QUIT ${command.text}`;
    default:
      return unreachable(command);
  }
}
