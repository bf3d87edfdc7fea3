import type { SecureContext } from "node:tls";
import type { MonotonicClock, Random, WallClock } from "@tombolo/base";
import type { Broker } from "@tombolo/broker";
import { messageOf, type Log } from "@tombolo/pop";
import {
  formatTicUsername,
  makeTicServer,
  stepTicServer,
  type Digest,
  type TicAnswer,
  type TicQuestion,
  type TicServerNote,
  type TicServerOptions,
  type TicServerState,
} from "@tombolo/protocols";
import type { Settings } from "../config/settings.ts";
import type { LineSession } from "./connection.ts";
import { openLineServer, type LineServer, type Peer } from "./drive.ts";
import { makeThrottle, type Throttle } from "./throttle.ts";
import { answerTic, handleOf } from "./tic-answers.ts";
import type { Wheel } from "./wheel.ts";

export interface TicListenerOptions {
  readonly settings: Settings["tic"];
  readonly broker: Broker;
  readonly clock: MonotonicClock;
  readonly wall: WallClock;
  readonly wheel: Wheel;
  readonly random: Random;
  readonly md5: Digest;
  /** Undefined: no STARTTLS. */
  readonly tls: SecureContext | undefined;
  readonly log: Log;
}

const throttleKeysMax = 65_536;

interface Throttles {
  /** Failed logins. Always of a source: whoever knows a handle could lock its owner out of a bucket that is the account's alone. */
  readonly source: Throttle;
  readonly accountFromSource: Throttle;
  /** Sessions, whatever becomes of them: aiccu in a restart loop. */
  readonly sourceSessions: Throttle;
  /** Logins that succeeded, so that nobody can use up a stranger's. */
  readonly accountSessions: Throttle;
}

/** The TIC door: sessions come from the protocols package, their questions are answered from the broker. */
export function openTicListener(options: TicListenerOptions): Promise<LineServer> {
  const { settings, clock, wheel, log } = options;
  const throttleOf = (perMinute: number): Throttle => makeThrottle({ clock, perMinute, burst: 3 * perMinute, keysMax: throttleKeysMax });
  const throttles = {
    source: throttleOf(settings.loginsPerMinutePerSource),
    accountFromSource: throttleOf(settings.loginsPerMinutePerAccount),
    sourceSessions: throttleOf(settings.sessionsPerMinutePerSource),
    accountSessions: throttleOf(settings.sessionsPerMinutePerAccount),
  };
  return openLineServer({
    door: "tic",
    listen: settings.listen,
    port: settings.port,
    maxConnections: settings.maxConnections,
    maxConnectionsPerSource: settings.maxConnectionsPerSource,
    clock,
    wheel,
    tls: options.tls,
    log,
    open: (peer) => openSession(options, throttles, peer),
  });
}

function openSession(
  options: TicListenerOptions,
  throttles: Throttles,
  peer: Peer,
): LineSession<TicServerState, TicQuestion, TicAnswer, TicServerNote> {
  const { broker, clock, log } = options;
  const session = sessionOptions(options, throttles, peer);
  const failed = (error: unknown): void => log({ level: "error", event: "tic.question.failed", peer: peer.text, reason: messageOf(error) });
  return {
    first: makeTicServer(clock.nowMs()),
    step: (state, input, nowMs) => stepTicServer(session, state, input, nowMs),
    async answer(question) {
      if (question.kind === "keys" && !mayTry(throttles, peer, question)) {
        log({ level: "warn", event: "tic.login.throttled", peer: peer.text, account: handleOf(question.username) });
        return { kind: "refused", refusal: "too-many-sessions", detail: "wait a minute" };
      }
      return answerTic(broker, question, failed);
    },
    note: (note) => takeNote(note, { log, throttles, peer }),
  };
}

function sessionOptions({ settings, md5, random, wall, tls, log }: TicListenerOptions, throttles: Throttles, peer: Peer): TicServerOptions {
  const { name, showNeedsTls } = settings;
  const common = {
    greeting: `Tombolo TIC Service on ${name} ready`,
    md5,
    random,
    wallClock: wall,
    tls: tls !== undefined,
    showNeedsTls,
  };
  switch (peer.crowded) {
    case undefined:
      if (throttles.sourceSessions.take(peer.source)) return common;
      log({ level: "warn", event: "tic.session.throttled", peer: peer.text });
      // At the greeting aiccu would only say that the server is not available.
      return { ...common, turnAway: { at: "username", refusal: "too-many-sessions", detail: "wait a minute" } };
    case "everywhere":
      return { ...common, turnAway: { at: "greeting", refusal: "busy" } };
    case "source":
      return { ...common, turnAway: { at: "greeting", refusal: "too-many-sessions" } };
  }
}

/** Both buckets of failures pay for a try, and get it back when it succeeds. */
function mayTry(throttles: Throttles, peer: Peer, question: Extract<TicQuestion, { kind: "keys" }>): boolean {
  const handle = handleOf(question.username);
  return (
    throttles.accountSessions.has(handle) && throttles.source.take(peer.source) && throttles.accountFromSource.take(pairOf(handle, peer))
  );
}

function pairOf(handle: string, peer: Peer): string {
  return `${handle} ${peer.source}`;
}

interface NoteNeeds {
  readonly log: Log;
  readonly throttles: Throttles;
  readonly peer: Peer;
}

function takeNote(note: TicServerNote, { log, throttles, peer }: NoteNeeds): void {
  switch (note.kind) {
    case "client":
      log({ level: "debug", event: "tic.client", peer: peer.text, client: note.identification });
      break;
    case "login":
      throttles.source.giveBack(peer.source);
      throttles.accountFromSource.giveBack(pairOf(handleOf(note.username), peer));
      throttles.accountSessions.take(handleOf(note.username));
      log({
        level: "info",
        event: "tic.login.accepted",
        peer: peer.text,
        account: formatTicUsername(note.username),
        what: note.secured ? "over TLS" : "in clear",
      });
      break;
    case "login-failed":
      log({ level: "warn", event: "tic.login.refused", peer: peer.text, account: formatTicUsername(note.username), count: note.attempt });
      break;
    case "output-refused":
      log({ level: "error", event: "tic.output.refused", peer: peer.text, what: `${note.object} ${note.field}` });
      break;
    case "ended":
      log({ level: "debug", event: "tic.session.ended", peer: peer.text, reason: note.end });
      break;
  }
}
