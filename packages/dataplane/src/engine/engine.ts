import { ready } from "../native/layout.ts";
import { Answers } from "./answers.ts";
import { Inbound } from "./inbound.ts";
import { InnerRules } from "./inner.ts";
import { Outbound } from "./outbound.ts";
import { socketKinds } from "./packet-io.ts";
import { Prover } from "./prover.ts";
import { EngineState, mostOverheadBytes, type EngineSetup } from "./state.ts";

/** One worker's packet path: what is done between two polls. It holds no socket and reads no clock. */
export class Engine {
  readonly #state: EngineState;
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  readonly #prover: Prover;
  readonly #answers: Answers;

  constructor(setup: EngineSetup) {
    this.#state = new EngineState(setup);
    this.#answers = new Answers(this.#state);
    this.#prover = new Prover(this.#state, this.#answers.toNetwork);
    const rules = new InnerRules(this.#state, this.#answers, this.#prover);
    this.#inbound = new Inbound(this.#state, { rules, prover: this.#prover, answers: this.#answers });
    this.#outbound = new Outbound(this.#state, this.#answers);
  }

  /** Works on what `poll` said is ready. `nowSec` is the wall clock, `nowMs` the monotonic one. */
  turn(bits: number, nowSec: number, nowMs: number): void {
    this.#state.setClocks(nowSec, nowMs);
    for (let socket = 0; socket < socketKinds.length; socket += 1) {
      const kind = socketKinds[socket];
      if ((bits & (ready.socket << socket)) !== 0 && kind !== undefined) this.#inbound.receive(socket, kind);
    }
    if ((bits & ready.tun) !== 0) this.#outbound.receive();
  }

  /** A keep-alive to the far end of the slot's tunnel; only AYIYA has one. */
  beat(slot: number, nowSec: number, nowMs: number): void {
    const state = this.#state;
    const { toNetwork } = this.#answers;
    state.setClocks(nowSec, nowMs);
    if (!state.table.isAyiya(slot) || !state.mayReach(slot, mostOverheadBytes)) return;
    toNetwork.push(toNetwork.room(0), 0, slot);
    toNetwork.flush();
  }

  /** Asks the far end's inner address for an echo; an `answered` report follows when it comes. */
  check(slot: number, nowSec: number, nowMs: number): void {
    this.#state.setClocks(nowSec, nowMs);
    this.#prover.check(slot);
    this.#answers.toNetwork.flush();
  }

  /** The slot is given to another tunnel. */
  forget(slot: number): void {
    this.#prover.forget(slot);
    this.#state.forget(slot);
  }
}
