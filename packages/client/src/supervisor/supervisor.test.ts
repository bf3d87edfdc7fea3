import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeLatin1, makeIpv4, makeIpv6, monotonicMs, wallSec, type Ipv4Address } from "@tombolo/base";
import type { Failure } from "../failure/failure.ts";
import type { TunnelGrant } from "../tic/grant.ts";
import { loginAfterMs, pace } from "./pace.ts";
import type { Effect, Input, Note, State } from "./state.ts";
import { idle, makeSupervisor } from "./step.ts";

test("a first start logs in, opens the link, asks at once and is proven by the PoP's answer", () => {
  const world = new World({ keepTrying: false });
  world.give({ kind: "start" });
  assert.deepEqual(world.take(), ["note:login", "login"]);
  world.give({ kind: "granted", grant });
  assert.deepEqual(world.take(), ["note:granted", "open-link"]);
  world.give({ kind: "opened", source: home, beating: true });
  assert.deepEqual(world.take(), ["note:checking", "check"]);
  world.answer();
  assert.deepEqual(world.take(), ["note:proven"]);
  world.give({ kind: "answered", rttMs: 2, wall: world.wall() });
  assert.deepEqual(world.take(), [], "proven is said once");
});

test("a PoP that never answers ends a first start after ten seconds, naming address and port", () => {
  const world = new World({ keepTrying: false }).open();
  world.run(9);
  assert.ok(world.take().includes("check"));
  world.run(1);
  assert.deepEqual(world.take(), ["note:stopping", "close-link"]);
  world.give({ kind: "closed" });
  assert.deepEqual(world.ending(), {
    code: "unanswered",
    pop: "nlams01",
    type: "ayiya",
    ipv4: grant.popIpv4,
    seconds: 10,
    routed: true,
    privateSource: home,
    expectedSource: undefined,
  });
});

test("a first start without a route to the PoP says so", () => {
  const world = new World({ keepTrying: false }).open();
  world.source = undefined;
  world.run(10);
  world.give({ kind: "closed" });
  const failure = world.ending();
  assert.equal(failure?.code === "unanswered" && failure.routed, false);
});

test("packets that are refused for their time make silence a matter of clocks", () => {
  const world = new World({ keepTrying: false }).open();
  world.give({ kind: "clock-off", skewSec: -400 });
  world.run(10);
  world.give({ kind: "closed" });
  assert.deepEqual(world.ending(), { code: "clock-off", skewSec: -400, said: "PoP nlams01's" });
});

test("a refused login ends a first start with the server's reason", () => {
  const world = new World({ keepTrying: false });
  world.give({ kind: "start" });
  world.give({ kind: "refused", failure: wrongKey });
  assert.deepEqual(world.ending(), wrongKey);
});

test("with keep-trying every login is later than the one before, up to a bound, and fewer than six in the first hour", () => {
  const world = new World({ keepTrying: true });
  world.give({ kind: "start" });
  const at: number[] = [];
  for (let second = 0; second < 6 * 3600; second += 1) {
    if (world.take().includes("login")) {
      at.push(second);
      world.give({ kind: "refused", failure: popDown });
    }
    world.run(1);
  }
  const waits = at.slice(1).map((second, i) => second - (at[i] ?? 0));
  assert.ok(at.filter((second) => second < 3600).length <= 5, `logins at ${at.join(" ")}`);
  assert.deepEqual(
    waits,
    waits.toSorted((a, b) => a - b),
  );
  assert.ok(Math.max(...waits) <= (pace.login.later.mostMs / 1000) * 1.2 + 1);
});

test("what only this host can mend ends even a client that keeps trying", () => {
  const world = new World({ keepTrying: true });
  world.give({ kind: "start" });
  world.give({ kind: "refused", failure: { code: "several-tunnels", tunnels: [] } });
  assert.equal(world.ending()?.code, "several-tunnels");
});

test("a clock that is set while the login waits for it is tried with at once", () => {
  const world = new World({ keepTrying: true });
  world.give({ kind: "start" });
  world.give({ kind: "refused", failure: { code: "clock-off", skewSec: 4000, said: "the server's" } });
  world.run(3);
  world.take();
  world.jump(4000);
  world.run(1);
  assert.deepEqual(world.take(), ["note:login", "login"]);
});

test("a healthy tunnel is checked every 25 seconds and says nothing", () => {
  const world = new World({ keepTrying: false }).open().proven();
  world.answering = true;
  world.run(250);
  assert.deepEqual(world.take(), Array<string>(10).fill("check"));
});

test("a move to another source address is checked at once, and so is the return of a lost route", () => {
  const world = new World({ keepTrying: false }).open().proven();
  world.run(2);
  world.take();
  world.source = makeIpv4(0xc0000263);
  world.run(1);
  assert.deepEqual(world.take(), ["note:moved", "check"]);
  world.answer();
  world.source = undefined;
  world.run(60);
  assert.deepEqual(world.take(), ["note:moved"], "nobody is asked without a route, and that is no silence of the PoP");
  world.source = home;
  world.run(1);
  assert.deepEqual(world.take(), ["note:moved", "check"]);
});

test("after a suspend the tunnel is checked at once", () => {
  const world = new World({ keepTrying: false }).open().proven();
  world.run(2);
  world.take();
  world.jump(3600);
  world.run(1);
  assert.deepEqual(world.take(), ["note:clock-jumped", "check"]);
  world.answer();
  world.run(1);
  assert.deepEqual(world.take(), []);
});

test("a silent PoP is named once, asked ever more rarely, and named once when it answers again", () => {
  const world = new World({ keepTrying: false }).open().proven();
  world.run(25 + 60);
  const effects = world.take();
  assert.equal(effects.filter((effect) => effect === "note:silent").length, 1);
  const checks = effects.filter((effect) => effect === "check").length;
  assert.ok(checks >= 8 && checks <= 11, `${checks} checks in a minute`);
  world.answer();
  assert.deepEqual(world.take(), ["note:answers-again"]);
});

test("the broker is asked again after a long silence only, and then ever more rarely", () => {
  const world = new World({ keepTrying: false }).open().proven();
  world.run(25 + 89);
  assert.ok(!world.take().includes("login"));
  world.run(1);
  assert.ok(world.take().includes("login"));
  world.give({ kind: "granted", grant });
  assert.deepEqual(world.take(), ["note:unchanged"]);
  let logins = 0;
  for (let second = 0; second < 3600; second += 1) {
    world.run(1);
    if (!world.take().includes("login")) continue;
    logins += 1;
    world.give({ kind: "refused", failure: popDown });
  }
  assert.ok(logins >= 3 && logins <= 5, `${logins} logins in the hour after`);
});

test("a tunnel that comes and goes does not log in each time anew", () => {
  const world = new World({ keepTrying: false }).open().proven();
  let logins = 0;
  for (let round = 0; round < 30; round += 1) {
    world.run(25 + 95);
    if (world.take().includes("login")) {
      logins += 1;
      world.give({ kind: "granted", grant });
    }
    world.answer();
  }
  assert.ok(logins <= 10, `${logins} logins in an hour`);
});

test("changed details are taken over in the open link and checked at once", () => {
  const world = new World({ keepTrying: false }).open().proven();
  world.run(25 + 90);
  world.take();
  const changed = { ...grant, popIpv4: makeIpv4(0xc0000209) };
  world.give({ kind: "granted", grant: changed });
  assert.deepEqual(world.take(), ["note:changed", "change-link", "check"]);
  world.answer();
  assert.deepEqual(world.take(), ["note:answers-again"]);
});

test("a running tunnel that the operator switched off ends; one that keeps trying waits for him", () => {
  for (const keepTrying of [false, true]) {
    const world = new World({ keepTrying }).open().proven();
    world.run(25 + 90);
    world.take();
    world.give({ kind: "refused", failure: { code: "tunnel-disabled", tunnel: "T1001", by: "operator" } });
    assert.deepEqual(world.take(), keepTrying ? ["note:waiting"] : ["note:stopping", "close-link"]);
  }
});

test("stop closes an open link, waits for one that is being opened, and ends a wait at once", () => {
  const running = new World({ keepTrying: true }).open().proven();
  running.give({ kind: "stop" });
  assert.deepEqual(running.take(), ["note:stopping", "close-link"]);
  running.give({ kind: "stop" });
  running.give({ kind: "closed" });
  assert.deepEqual(running.take(), ["finish"]);
  assert.equal(running.ending(), undefined);

  const opening = new World({ keepTrying: true });
  opening.give({ kind: "start" });
  opening.give({ kind: "granted", grant });
  opening.take();
  opening.give({ kind: "stop" });
  assert.deepEqual(opening.take(), []);
  opening.give({ kind: "opened", source: home, beating: true });
  assert.deepEqual(opening.take(), ["close-link"]);

  const waiting = new World({ keepTrying: true });
  waiting.give({ kind: "start" });
  waiting.give({ kind: "refused", failure: popDown });
  waiting.take();
  waiting.give({ kind: "stop" });
  assert.deepEqual(waiting.take(), ["finish"]);
});

test("a link that cannot be opened is closed again before the client ends", () => {
  const world = new World({ keepTrying: true });
  world.give({ kind: "start" });
  world.give({ kind: "granted", grant });
  world.take();
  world.give({ kind: "link-failed", failure: { code: "device-busy", device: "tombolo" } });
  assert.deepEqual(world.take(), ["close-link"]);
  world.give({ kind: "closed" });
  assert.equal(world.ending()?.code, "device-busy");
});

test("a link that fails while running ends the client; one that keeps trying closes, waits and opens it again with the same grant", () => {
  const gone: Failure = { code: "plane-failed", message: "the interface tombolo was taken away" };
  const once = new World({ keepTrying: false }).open().proven();
  once.give({ kind: "link-failed", failure: gone });
  once.give({ kind: "closed" });
  assert.deepEqual(once.ending(), gone);

  const world = new World({ keepTrying: true }).open().proven();
  world.give({ kind: "link-failed", failure: gone });
  world.give({ kind: "link-failed", failure: gone });
  assert.deepEqual(world.take(), ["close-link"]);
  world.give({ kind: "closed" });
  assert.deepEqual(world.take(), ["note:waiting"]);
  world.run(6);
  assert.deepEqual(world.take(), ["open-link"], "nobody logs in");
  world.give({ kind: "link-failed", failure: { code: "device-busy", device: "tombolo" } });
  world.give({ kind: "closed" });
  assert.deepEqual(world.take(), ["close-link", "note:waiting"]);
  world.run(6);
  assert.deepEqual(world.take(), [], "each wait is longer than the one before");
  world.run(6);
  world.give({ kind: "opened", source: home, beating: true });
  assert.deepEqual(world.take(), ["open-link", "note:checking", "check"]);
});

test("a bug of our own ends even a client that keeps trying", () => {
  const world = new World({ keepTrying: true }).open().proven();
  world.give({ kind: "link-failed", failure: { code: "internal", message: "x" } });
  world.give({ kind: "closed" });
  assert.equal(world.ending()?.code, "internal");
});

test("stop ends a client that closes its link in order to open it again", () => {
  const world = new World({ keepTrying: true }).open().proven();
  world.give({ kind: "link-failed", failure: { code: "plane-failed", message: "x" } });
  world.give({ kind: "stop" });
  world.give({ kind: "closed" });
  assert.equal(world.ending(), undefined);
});

test("no input in any state throws or leaves the table of states", () => {
  const inputs: Input[] = [
    { kind: "start" },
    { kind: "granted", grant },
    { kind: "refused", failure: popDown },
    { kind: "opened", source: home, beating: true },
    { kind: "link-failed", failure: wrongKey },
    { kind: "closed" },
    { kind: "answered", rttMs: 1, wall: wallSec(5) },
    { kind: "clock-off", skewSec: 5 },
    { kind: "tick", wall: wallSec(5), source: undefined },
    { kind: "beating", on: false },
    { kind: "beating", on: true },
    { kind: "stop" },
  ];
  const step = makeSupervisor({ keepTrying: true, spread: 0.5 });
  const seen = new Map<string, State>([["idle", idle]]);
  for (let round = 0; round < 6; round += 1) {
    for (const state of seen.values()) {
      for (const input of inputs) {
        const next = step(state, input, monotonicMs(1_000_000 * round));
        seen.set(next.state.phase, next.state);
      }
    }
  }
  assert.deepEqual([...seen.keys()].toSorted(), ["closing", "done", "idle", "login", "opening", "running", "waiting"]);
});

test("the waits between logins are spread by a fifth to both sides", () => {
  assert.deepEqual(
    [0, 0.5].map((spread) => loginAfterMs(1, "later", spread)),
    [96_000, 120_000],
  );
  assert.ok(loginAfterMs(1, "later", 0.999) < 144_001);
  assert.equal(loginAfterMs(60, "rarely", 0.5), pace.login.rarely.mostMs);
});

const grant: TunnelGrant = {
  id: 1001,
  type: "ayiya",
  pop: "nlams01",
  popIpv4: makeIpv4(0xc0000201),
  popAddress: makeIpv6(0x20010db8000100000000000000000001n),
  clientAddress: makeIpv6(0x20010db8000100000000000000000002n),
  prefixLengthBits: 64,
  ipv4Endpoint: "ayiya",
  mtuBytes: 1280,
  beatSec: 60,
  secret: encodeLatin1("0123456789abcdef0123456789abcdef"),
  delegations: [],
};
const home: Ipv4Address = makeIpv4(0x0a000002);
const wrongKey: Failure = { code: "wrong-key", server: "tic.example.net:3874", user: "ABC1-TMB" };
const popDown: Failure = { code: "pop-down", tunnel: "T1001", message: "This PoP is unfortunately currently down" };

/** One supervisor on a clock that is moved by hand, one tick a second. */
class World {
  source: Ipv4Address | undefined = home;
  /** Answers every check in the same second. */
  answering = false;
  readonly #step: ReturnType<typeof makeSupervisor>;
  #state: State = idle;
  #effects: Effect[] = [];
  #nowMs = 5_000_000;
  #aheadSec = 1_700_000_000;

  constructor(options: { keepTrying: boolean }) {
    this.#step = makeSupervisor({ ...options, spread: 0.5 });
  }

  open(): this {
    for (const input of [{ kind: "start" }, { kind: "granted", grant }, { kind: "opened", source: home, beating: true }] as const)
      this.give(input);
    this.take();
    return this;
  }

  proven(): this {
    this.answer();
    this.take();
    return this;
  }

  give(input: Input): void {
    const step = this.#step(this.#state, input, monotonicMs(this.#nowMs));
    this.#state = step.state;
    this.#effects.push(...step.effects);
    if (this.answering && step.effects.some((effect) => effect.kind === "check")) this.answer();
  }

  answer(): void {
    this.give({ kind: "answered", rttMs: 1.5, wall: this.wall() });
  }

  run(seconds: number): void {
    for (let second = 0; second < seconds; second += 1) {
      this.#nowMs += 1000;
      this.give({ kind: "tick", wall: this.wall(), source: this.source });
    }
  }

  /** The wall clock alone moves. */
  jump(seconds: number): void {
    this.#aheadSec += seconds;
  }

  wall(): ReturnType<typeof wallSec> {
    return wallSec(Math.floor(this.#nowMs / 1000) + this.#aheadSec);
  }

  /** Kinds of the effects since the last call; notes as `note:kind`. */
  take(): string[] {
    const names = this.#effects.map((effect) => (effect.kind === "note" ? `note:${effect.note.kind satisfies Note["kind"]}` : effect.kind));
    this.#effects = [];
    return names;
  }

  ending(): Failure | undefined {
    assert.equal(this.#state.phase, "done");
    return this.#state.phase === "done" ? this.#state.ending.failure : undefined;
  }
}
