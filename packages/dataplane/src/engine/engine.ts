import { ready } from "../native/layout.ts";
import { Answers } from "./answers.ts";
import type { EngineCommand } from "./command.ts";
import { Inbound } from "./inbound.ts";
import { InnerRules } from "./inner.ts";
import { Outbound } from "./outbound.ts";
import { errorSocket, socketKinds } from "./packet-io.ts";
import { PathErrors } from "./path-errors.ts";
import { Pinger } from "./pinger.ts";
import { Prover } from "./prover.ts";
import { EngineState, mostOverheadBytes, type EngineSetup } from "./state.ts";
import { Tracer } from "./tracer.ts";

/** One worker's packet path: what is done between two polls. It holds no socket and reads no clock. */
export class Engine {
  readonly #state: EngineState;
  readonly #tracer: Tracer;
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  readonly #prover: Prover;
  readonly #answers: Answers;
  readonly #pinger: Pinger;
  readonly #pathErrors: PathErrors;

  constructor(setup: EngineSetup) {
    this.#tracer = new Tracer(setup.report);
    this.#state = new EngineState(setup, this.#tracer);
    this.#answers = new Answers(this.#state);
    this.#prover = new Prover(this.#state, this.#answers.toNetwork);
    this.#pinger = new Pinger(this.#state, this.#answers.toNetwork, setup.pings);
    const rules = new InnerRules(this.#state, { answers: this.#answers, prover: this.#prover, pinger: this.#pinger });
    this.#inbound = new Inbound(this.#state, { rules, prover: this.#prover, answers: this.#answers });
    this.#pathErrors = new PathErrors(this.#state, this.#answers, setup.outerIp);
    this.#outbound = new Outbound(this.#state, this.#answers);
  }

  /** Works on what `poll` said is ready. `nowSec` is the wall clock, `nowMs` the monotonic one. */
  turn(bits: number, nowSec: number, nowMs: number): void {
    this.#state.setClocks(nowSec, nowMs);
    for (let socket = 0; socket < socketKinds.length; socket += 1) {
      const kind = socketKinds[socket];
      if ((bits & (ready.socket << socket)) !== 0 && kind !== undefined) this.#inbound.receive(socket, kind);
    }
    if ((bits & (ready.socket << errorSocket)) !== 0) this.#pathErrors.receive();
    if ((bits & ready.tun) !== 0) this.#outbound.receive();
  }

  /** Does what the control thread asks, between two turns. */
  obey(command: EngineCommand, nowSec: number, nowMs: number): void {
    this.#state.setClocks(nowSec, nowMs);
    switch (command.kind) {
      case "beat":
        this.#beat(command.slot);
        break;
      case "check":
        this.#prover.check(command.slot);
        break;
      case "forget":
        this.#prover.forget(command.slot);
        this.#state.forget(command.slot);
        this.#tracer.trace(command.slot, 0, nowMs);
        break;
      case "expect":
        this.#prover.expect(command.slot, command);
        break;
      case "ask":
        for (const slot of command.slots) this.#prover.ask(slot);
        break;
      case "ping":
        this.#pinger.ask(command.slots, command.pong);
        break;
      case "trace":
        this.#tracer.trace(command.slot, command.seconds, nowMs);
        break;
      case "settled":
        this.#prover.settled(command.slot);
        break;
    }
    this.#answers.toNetwork.flush();
  }

  /** A keep-alive to the far end of the slot's tunnel; only AYIYA has one. */
  #beat(slot: number): void {
    const state = this.#state;
    const { toNetwork } = this.#answers;
    if (!state.table.isAyiya(slot) || !state.mayReach(slot, mostOverheadBytes)) return;
    toNetwork.push(toNetwork.room(0), 0, slot);
  }
}
