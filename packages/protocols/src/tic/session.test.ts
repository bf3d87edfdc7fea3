import assert from "node:assert/strict";
import { test } from "node:test";
import {
  concatBytes,
  decodeLatin1,
  encodeLatin1,
  formatPrefix,
  makeSeededNumbers,
  makeSeededRandom,
  monotonicMs,
  wallSec,
} from "@tombolo/base";
import {
  answerFromHouse,
  chunkings,
  connectStream,
  makeAiccuTicClient,
  makeTicHouse,
  makeTicTunnel,
  makeWorld,
  md5,
  type AiccuNote,
  type StreamLink,
  type TicHouse,
  type World,
} from "@tombolo/testkit";
import { makeTicClient, stepTicClient, type TicClientStep } from "./client-session.ts";
import { ticClientLimits, type TicClientNote, type TicClientOptions } from "./client-state.ts";
import { makeTicServer, stepTicServer, type TicServerStep } from "./server-session.ts";
import { ticServerLimits, type TicAnswer, type TicServerOptions, type TicServerState } from "./server-state.ts";
import type { SessionInput } from "../session/session.ts";
import { parseTicUsername } from "./values.ts";

const startSec = 1_452_536_708;
const wallClock = { nowSec: () => wallSec(startSec) };
const house = makeTicHouse();
const options: TicServerOptions = {
  greeting: "TIC ready",
  md5,
  random: makeSeededRandom(4),
  wallClock,
  tls: false,
  showNeedsTls: false,
};
const now = monotonicMs(0);

/** A server session that answers its own questions and keeps what it sent. */
function makeServer(change: Partial<TicServerOptions> = {}): {
  take(input: SessionInput<TicAnswer>, ms?: number): void;
  readonly sent: string[];
  readonly notes: TicServerStep["effects"][number][];
  state(): TicServerState;
  closed(): boolean;
} {
  let state = makeTicServer(now);
  let closed = false;
  const sent: string[] = [];
  const notes: TicServerStep["effects"][number][] = [];
  const take = (input: SessionInput<TicAnswer>, ms = 0): void => {
    const step = stepTicServer({ ...options, ...change }, state, input, monotonicMs(ms));
    state = step.state;
    for (const effect of step.effects) {
      if (effect.kind === "send") sent.push(decodeLatin1(effect.bytes));
      else if (effect.kind === "note") notes.push(effect);
      else if (effect.kind === "close") closed = true;
      else if (effect.kind === "ask") take({ kind: "answer", answer: answerFromHouse(house, effect.question) }, ms);
    }
  };
  return { take, sent, notes, state: () => state, closed: () => closed };
}

const line = (text: string): SessionInput<never> => ({ kind: "bytes", bytes: encodeLatin1(`${text}\n`) });

function clientOptions(world: World, change: Partial<TicClientOptions> = {}): TicClientOptions {
  const username = parseTicUsername("XYZ2-TMB");
  assert.ok(username.ok);
  return {
    username: username.value,
    password: "only-one-tunnel",
    identification: "TIC/draft-00 tombolo/0.1.0 Linux",
    wish: { kind: "show", id: undefined },
    md5,
    wallClock: { nowSec: () => world.nowSec() },
    ...change,
  };
}

const roughLink = (segmentBytes: number): StreamLink => ({ latencyMs: 20, segmentBytes });

function playOurs(world: World, change: Partial<TicClientOptions>, segmentBytes: number): readonly TicClientNote[] {
  const mine = clientOptions(world, change);
  const server: TicServerOptions = { ...options, random: makeSeededRandom(world.seed), wallClock: { nowSec: () => world.nowSec() } };
  const [played] = connectStream(
    world,
    roughLink(segmentBytes),
    { start: makeTicClient(now), step: (state, input: SessionInput<never>, nowMs) => stepTicClient(mine, state, input, nowMs) },
    {
      start: makeTicServer(now),
      step: (state, input: SessionInput<TicAnswer>, nowMs) => stepTicServer(server, state, input, nowMs),
      answer: (question) => answerFromHouse(house, question),
    },
  );
  world.run(600_000);
  assert.equal(played.isClosed(), true);
  return played.notes;
}

function playAiccu(
  world: World,
  login: { username: string; password: string; tunnelId?: string; skewSec?: number },
  at: TicHouse = house,
): readonly AiccuNote[] {
  const server: TicServerOptions = { ...options, wallClock: { nowSec: () => world.nowSec() } };
  const nowSec = (): number => world.nowSec() + (login.skewSec ?? 0);
  const [played] = connectStream(
    world,
    // One receive for each piece that the server wrote.
    { latencyMs: 5, segmentBytes: 100_000 },
    makeAiccuTicClient({ username: login.username, password: login.password, tunnelId: login.tunnelId, nowSec }),
    {
      start: makeTicServer(now),
      step: (state, input: SessionInput<TicAnswer>, nowMs) => stepTicServer(server, state, input, nowMs),
      answer: (question) => answerFromHouse(at, question),
    },
  );
  world.run(600_000);
  return played.notes;
}

for (const segmentBytes of [1, 7, 1500]) {
  test(`our client and our server agree, in segments of up to ${segmentBytes} bytes`, () => {
    const world = makeWorld({ seed: segmentBytes, startSec });
    const [note, ...more] = playOurs(world, {}, segmentBytes);
    assert.deepEqual(more, []);
    assert.ok(note?.outcome.kind === "tunnel");
    const { handle: _, ...expected } = makeTicTunnel(2001, "XYZ2-TMB", { type: "6in4-heartbeat", ipv4Endpoint: "heartbeat" });
    assert.deepEqual(note.outcome.tunnel, expected);
  });
}

test("our client learns of a wrong key, of a PoP that is down and of its own clock", () => {
  const outcome = (change: Partial<TicClientOptions>): string | undefined =>
    playOurs(makeWorld({ seed: 1, startSec }), change, 100)[0]?.outcome.kind;
  assert.equal(outcome({ password: "wrong" }), "wrong-credentials");
  const username = { handle: "ABC1-TMB", tunnel: undefined };
  assert.equal(outcome({ username, password: "hartslag", wish: { kind: "show", id: "T1003" } }), "pop-down");
  assert.equal(outcome({ wallClock: { nowSec: () => wallSec(startSec + 500) } }), "clock-off");
});

test("our client learns what is routed to its tunnel, and a server that knows no routes still counts", () => {
  const login = { username: { handle: "XYZ2-TMB", tunnel: undefined } };
  const [note] = playOurs(makeWorld({ seed: 5, startSec }), login, 1500);
  assert.ok(note?.outcome.kind === "tunnel");
  assert.deepEqual(note.outcome.delegations.map(formatPrefix), ["2001:db8:302:1::/64"]);
  const state = { ...makeTicClient(now), stage: "routes" as const, shown: note.outcome.tunnel };
  const mine = clientOptions(makeWorld({ seed: 5, startSec }));
  const told = { kind: "outcome", outcome: { kind: "tunnel", tunnel: note.outcome.tunnel, delegations: [] } };
  for (const input of [
    line("400 Unknown command"),
    line("nonsense"),
    line("200 what"),
    { kind: "closed" },
    { kind: "deadline" },
  ] as const) {
    const { effects } = stepTicClient(mine, state, input, monotonicMs(ticClientLimits.sessionMs));
    assert.deepEqual(
      effects.flatMap((effect) => (effect.kind === "note" ? [effect.note] : [])),
      [told],
    );
  }
});

test("aiccu reads its tunnel", () => {
  const [note] = playAiccu(makeWorld({ seed: 2, startSec }), { username: "ABC1-TMB", password: "hartslag", tunnelId: "T1001" });
  assert.ok(note?.kind === "shown");
  assert.equal(note.lines.length, 13);
});

test("aiccu's user reads the sentence that says why it failed", () => {
  const says = (login: Parameters<typeof playAiccu>[1]): string => {
    const [note] = playAiccu(makeWorld({ seed: 3, startSec }), login);
    return note?.kind === "says" ? note.text : "nothing";
  };
  const login = { username: "ABC1-TMB", password: "hartslag" };
  assert.equal(says({ ...login, password: "x" }), "Response not accepted: Login failed, check the username and the access key.");
  assert.equal(says({ ...login, username: "A B" }), "Username not accepted: Too many arguments.");
  assert.equal(says({ ...login, skewSec: 121 }), "The clock is off by 121 seconds, use NTP to sync it!");
  assert.equal(says({ ...login, skewSec: -120, tunnelId: "T7" }), "Couldn't show tunnel T7: 400 No such tunnel.");
  assert.equal(
    says({ ...login, tunnelId: "T1003" }),
    "Couldn't show tunnel T1003: 500 This PoP is unfortunately currently down, see https://broker.example/pops/deham01 (deham01 since 2016-01-11 18:00 UTC).",
  );
  assert.equal(says({ username: "NIL3-TMB", password: "no-tunnel-at-all" }), "No tunnel available, request one first");
});

test("aiccu holds 1013 bytes, so a list of 200 tunnels comes in paced pieces", () => {
  const tunnels = Array.from({ length: 200 }, (_, i) => makeTicTunnel(3000 + i));
  const [note] = playAiccu(makeWorld({ seed: 4, startSec }), { username: "ABC1-TMB", password: "hartslag" }, { ...house, tunnels });
  assert.deepEqual(note, { kind: "says", text: "Multiple tunnels available: 200" });
});

test("however the client's bytes are cut, the replies are the same", () => {
  const text = "client x\r\nget unixtime\n\nusername ABC1-TMB\nbogus\nchallenge md5\ntunnel list\nquit\n";
  const whole = makeServer({ random: makeSeededRandom(8) });
  whole.take({ kind: "bytes", bytes: encodeLatin1(text) });
  for (const chunks of chunkings(encodeLatin1(text))) {
    const server = makeServer({ random: makeSeededRandom(8) });
    for (const bytes of chunks) server.take({ kind: "bytes", bytes });
    assert.equal(server.sent.join(""), whole.sent.join(""));
    assert.equal(server.closed(), true);
  }
});

test("a line over the bound ends the session with a reason, with or without a line end", () => {
  for (const text of ["x".repeat(ticServerLimits.lineBytes + 2), `${"x".repeat(1025)}\n`]) {
    const server = makeServer();
    server.take({ kind: "bytes", bytes: encodeLatin1(text) });
    assert.deepEqual(server.sent, ["400 Line too long\n"]);
    assert.deepEqual(server.notes, [{ kind: "note", note: { kind: "ended", end: "line-too-long" } }]);
    assert.equal(server.closed(), true);
  }
  const server = makeServer();
  server.take(line("x".repeat(ticServerLimits.lineBytes)));
  assert.deepEqual(server.sent, ["400 Unknown command\n"]);
});

test("more commands at once than any client sends end the session", () => {
  const server = makeServer();
  server.take(line(Array.from({ length: 16 }, () => "get unixtime").join("\n")));
  assert.equal(server.sent.length, 16);
  server.take(line(Array.from({ length: 17 }, () => "get unixtime").join("\n")));
  assert.deepEqual(server.sent.slice(16), ["400 Too many commands at once\n"]);
  assert.equal(server.closed(), true);
});

test("what comes while an answer is awaited waits in a bounded queue, and keeps its order", () => {
  let state = makeTicServer(now);
  const take = (input: SessionInput<TicAnswer>): TicServerStep => {
    const step = stepTicServer(options, state, input, now);
    state = step.state;
    return step;
  };
  const asked = take(line("username ABC1-TMB\nchallenge md5\nauthenticate md5 00\nget unixtime\nbogus"));
  assert.equal(asked.effects.filter(({ kind }) => kind === "ask").length, 1);
  assert.deepEqual(state.queue, ["get unixtime", "bogus"]);
  take({ kind: "answer", answer: { kind: "refused", refusal: "busy" } });
  assert.deepEqual(state.queue, []);
});

test("what came in clear behind starttls is thrown away, wherever it was cut, before TLS begins", () => {
  const injected = "starttls\nusername EVE1-TMB\nchallenge md5\nhalf a li";
  const server = makeServer({ tls: true });
  server.take({ kind: "bytes", bytes: encodeLatin1(injected) });
  assert.deepEqual(server.sent, ["200 Go ahead with the TLS handshake\n"]);
  assert.deepEqual([server.state().stage, server.state().queue, server.state().lines.pending.length], [{ kind: "initial" }, [], 0]);
  server.take(line("ne\nusername ABC1-TMB"));
  assert.deepEqual(server.sent.slice(1), ["400 Unknown command\n", "200 ABC1-TMB choose your authentication challenge please\n"]);
});

test("the 200 of starttls leaves before TLS begins, and nothing between them", () => {
  const step = stepTicServer({ ...options, tls: true }, makeTicServer(now), line("starttls\nget unixtime"), now);
  assert.deepEqual(
    step.effects.map(({ kind }) => kind),
    ["deadline", "send", "starttls"],
  );
});

test("a peer that is turned away reads why, at the greeting or at its username", () => {
  const turnAway = { refusal: "too-many-sessions", detail: "wait a minute" } as const;
  const atGreeting = makeServer({ turnAway: { at: "greeting", ...turnAway } });
  atGreeting.take({ kind: "start" });
  assert.deepEqual(atGreeting.sent, ["400 Too many sessions, do not run the client in a restart loop: wait a minute\n"]);
  assert.equal(atGreeting.closed(), true);
  const atUsername = makeServer({ turnAway: { at: "username", ...turnAway } });
  atUsername.take({ kind: "start" });
  atUsername.take(line("username ABC1-TMB"));
  assert.equal(atUsername.sent.length, 2);
  assert.match(atUsername.sent[1] ?? "", /^400 Too many sessions/);
  assert.equal(atUsername.closed(), true);
});

test("a value that must not go out becomes a refusal, and a note for the operator", () => {
  let state = makeTicServer(now);
  const username = { handle: "ABC1-TMB", tunnel: undefined };
  state = { ...state, stage: { kind: "logged-in", username } };
  const asked = stepTicServer(options, state, line("tunnel show T1001"), now);
  const tunnel = makeTicTunnel(1001, "ABC1-TMB", { password: "$(reboot)" });
  const { effects } = stepTicServer(options, asked.state, { kind: "answer", answer: { kind: "tunnel", tunnel } }, now);
  assert.deepEqual(
    effects.filter(({ kind }) => kind === "note"),
    [{ kind: "note", note: { kind: "output-refused", object: "T1001", field: "password" } }],
  );
  const sent = effects.flatMap((effect) => (effect.kind === "send" ? [decodeLatin1(effect.bytes)] : []));
  assert.deepEqual(sent, ["500 Something failed in the broker, its operator can see what\n"]);
});

test("challenges differ from each other, and a used one is gone", () => {
  const server = makeServer({ random: makeSeededRandom(12) });
  for (let i = 0; i < 10; i += 1) server.take(line("username ABC1-TMB\nchallenge md5"));
  const challenges = server.sent.filter((text) => /^200 [0-9a-f]{32}\n$/.test(text));
  assert.equal(new Set(challenges).size, 10);
  server.take(line("authenticate clear x\nauthenticate md5 y"));
  assert.match(server.sent.at(-1) ?? "", /^400 Not now/);
});

test("after its end a session does nothing more, also not with an answer that comes late", () => {
  let state = makeTicServer(now);
  state = stepTicServer(options, state, line("username A\nchallenge md5\nauthenticate md5 x"), now).state;
  const idle = stepTicServer(options, state, { kind: "deadline" }, monotonicMs(60_000));
  assert.equal(idle.state.stage.kind, "ended");
  for (const input of [
    line("quit"),
    { kind: "closed" },
    { kind: "deadline" },
    { kind: "answer", answer: { kind: "keys", keys: [] } },
  ] as const) {
    assert.deepEqual(stepTicServer(options, idle.state, input, monotonicMs(60_001)).effects, []);
  }
});

test("random bytes and random commands never throw, and the session keeps little of them", () => {
  const number = makeSeededNumbers(21);
  const random = makeSeededRandom(21);
  const words = [
    "client x",
    "get unixtime",
    "username ABC1-TMB",
    "challenge md5",
    "authenticate md5 00",
    "tunnel list",
    "starttls",
    "",
    "pop list",
  ];
  for (let round = 0; round < 200; round += 1) {
    const server = makeServer();
    server.take({ kind: "start" });
    for (let i = 0, ms = 0; i < 30; i += 1, ms += number(4000)) {
      const chance = number(4);
      if (chance === 0) server.take({ kind: "bytes", bytes: random(number(300)) }, ms);
      else if (chance === 1) server.take({ kind: "deadline" }, ms);
      else server.take(line(words[number(words.length)] ?? ""), ms);
      assert.ok(server.state().queue.length <= ticServerLimits.queuedLines);
      assert.ok(server.state().lines.pending.length <= ticServerLimits.lineBytes + 1);
    }
    assert.ok(server.sent.every((text) => /^([ -~]{0,900}\n)+$/.test(text)));
  }
});

test("our client gives one outcome whatever a server sends, and keeps little of it", () => {
  const number = makeSeededNumbers(31);
  const random = makeSeededRandom(31);
  const lines = [
    "200 ok",
    "200 1452536708",
    "201 list",
    "202 done",
    "400 no",
    "500 The PoP is down",
    "T1 ::2 ayiya x",
    "Type: ayiya",
    "nonsense",
    "20",
    "",
  ];
  const mine = clientOptions(makeWorld({ seed: 1, startSec }));
  for (let round = 0; round < 500; round += 1) {
    let state = makeTicClient(now);
    const outcomes: TicClientStep["effects"][number][] = [];
    const take = (input: SessionInput<never>, ms = 0): void => {
      const step = stepTicClient(mine, state, input, monotonicMs(ms));
      state = step.state;
      outcomes.push(...step.effects.filter(({ kind }) => kind === "note"));
    };
    take({ kind: "start" });
    for (let i = 0; i < 20; i += 1)
      take(number(5) === 0 ? { kind: "bytes", bytes: random(number(100)) } : line(lines[number(lines.length)] ?? ""));
    take({ kind: "deadline" }, ticClientLimits.sessionMs);
    take({ kind: "closed" });
    assert.equal(outcomes.length, 1);
  }
});

test("a server that never ends its list is left at the bound", () => {
  const mine = clientOptions(makeWorld({ seed: 1, startSec }));
  const state = { ...makeTicClient(now), stage: "list" as const, collected: [] };
  const bytes = concatBytes(...Array.from({ length: ticClientLimits.listLines + 1 }, () => encodeLatin1("T1 ::2 ayiya x\n")));
  const step = stepTicClient(mine, state, { kind: "bytes", bytes }, now);
  const note = step.effects.find(({ kind }) => kind === "note");
  assert.deepEqual(note, { kind: "note", note: { kind: "outcome", outcome: { kind: "malformed", stage: "list", what: "list-too-long" } } });
});
