import { createHash } from "node:crypto";
import type { SessionInput, SessionStep } from "@tombolo/protocols";
import type { StreamParty } from "../world/stream.ts";
import { aiccuTakesListLine, aiccuTakesReply, makeAiccuLineReader, type AiccuLineReader } from "./tic-reader.ts";

export interface AiccuLogin {
  readonly username: string;
  readonly password: string;
  readonly tunnelId: string | undefined;
  readonly nowSec: () => number;
}

/** What aiccu prints, or the data lines that it read. */
export type AiccuNote = { readonly kind: "says"; readonly text: string } | { readonly kind: "shown"; readonly lines: readonly string[] };

interface AiccuState {
  readonly reader: AiccuLineReader;
  readonly talk: Generator<string, AiccuNote, string>;
  readonly done: boolean;
}

type AiccuStep = SessionStep<AiccuState, never, AiccuNote>;

/** A model of aiccu's TIC session (`tic.md` sections 4 and 12): its order, its buffer, its checks and its messages. */
export function makeAiccuTicClient(login: AiccuLogin): StreamParty<AiccuState, never, never, AiccuNote> {
  const talk = converse(login);
  talk.next();
  return { start: { reader: makeAiccuLineReader(), talk, done: false }, step: stepAiccu };
}

function stepAiccu(state: AiccuState, input: SessionInput<never>): AiccuStep {
  if (state.done || input.kind === "start" || input.kind === "deadline") return { state, effects: [] };
  if (input.kind !== "bytes") return say(state, [], "TIC Server closed");
  if (state.reader.receive(input.bytes) === "overflow") return say(state, [], "Buffer almost flowed over without receiving a newline");
  const sends: AiccuStep["effects"][number][] = [];
  for (let line = state.reader.line(); line !== undefined; line = state.reader.line()) {
    const next = state.talk.next(line);
    if (next.done === true) {
      const quit = Buffer.from("QUIT I'll be back. Ha, you didn't know I was going to say that!\n");
      const effects = [...sends, { kind: "send" as const, bytes: quit }, { kind: "note" as const, note: next.value }];
      return { state: { ...state, done: true }, effects: [...effects, { kind: "close" }] };
    }
    if (next.value !== "") sends.push({ kind: "send", bytes: Buffer.from(`${next.value}\n`) });
  }
  return { state, effects: sends };
}

function say(state: AiccuState, effects: AiccuStep["effects"], text: string): AiccuStep {
  return {
    state: { ...state, done: true },
    effects: [...effects, { kind: "note", note: { kind: "says", text } }, { kind: "close" }],
  };
}

/** Yields commands ("" to read on) and is given lines. */
function* converse(login: AiccuLogin): Generator<string, AiccuNote, string> {
  const says = (text: string): AiccuNote => ({ kind: "says", text });
  if (!aiccuTakesReply(yield "")) return says("TIC Server is currently not available");
  const client = yield "client TIC/draft-00 AICCU/2007.01.15-console-linux Linux/4.1.13";
  if (!aiccuTakesReply(client)) return says(`Couldn't pass client information: ${client.slice(4)}.`);
  const time = yield "get unixtime";
  if (!aiccuTakesReply(time)) return says(`Time not available? ${time.slice(4)}`);
  const off = Math.abs(login.nowSec() - Number.parseInt(time.slice(4), 10));
  if (off > 120) return says(`The clock is off by ${off} seconds, use NTP to sync it!`);
  yield* startTls();
  const username = yield `username ${login.username}`;
  if (!aiccuTakesReply(username)) return says(`Username not accepted: ${username.slice(4)}.`);
  const challenge = yield "challenge md5";
  if (!aiccuTakesReply(challenge)) return says(`Challenge not correct: ${challenge.slice(4)}.`);
  const response = yield `authenticate md5 ${respond(challenge.slice(4), login.password)}`;
  if (!aiccuTakesReply(response)) return says(`Response not accepted: ${response.slice(4)}.`);
  const id = login.tunnelId ?? (yield* pickTunnel());
  if (typeof id !== "string") return id;
  const first = yield `tunnel show ${id}`;
  if (!first.startsWith("201")) return says(`Couldn't show tunnel ${id}: ${first}.`);
  return { kind: "shown", lines: yield* readList() };
}

/** A build with GnuTLS asks; a refusal is passed over. */
function* startTls(): Generator<string, void, string> {
  yield "starttls";
}

function* pickTunnel(): Generator<string, string | AiccuNote, string> {
  const first = yield "tunnel list";
  if (!first.startsWith("201")) return { kind: "says", text: `Couldn't list tunnels: ${first.slice(4)}.` };
  const lines = yield* readList();
  if (!lines.every(aiccuTakesListLine)) return { kind: "says", text: "Wrong field format when listing tunnels" };
  const [only] = lines;
  if (only === undefined) return { kind: "says", text: "No tunnel available, request one first" };
  if (lines.length > 1) return { kind: "says", text: `Multiple tunnels available: ${lines.length}` };
  return only.split(" ")[0] ?? "";
}

function* readList(): Generator<string, readonly string[], string> {
  const lines: string[] = [];
  for (let line = yield ""; !line.startsWith("202"); line = yield "") lines.push(line);
  return lines;
}

function respond(challenge: string, password: string): string {
  const h = createHash("md5").update(password).digest("hex");
  return createHash("md5").update(challenge).update(h).digest("hex");
}
