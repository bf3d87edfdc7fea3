import { failure, success, type Result } from "@tombolo/base";
import type { StateLine, StateLineChange } from "./codec.ts";
import type { DesiredPop, DesiredState, DesiredTunnel } from "./desired.ts";

/** What one line did to the held state. */
export type StateEvent = { readonly kind: "snapshot" } | { readonly kind: "tunnel"; readonly id: string } | { readonly kind: "pop" };

export type AssemblyFault =
  | "tunnel-outside-snapshot"
  | "end-outside-snapshot"
  | "end-of-other-revision"
  | "snapshot-inside-snapshot"
  | "change-inside-snapshot"
  | "change-without-state"
  | "revision-went-back"
  | "too-many-tunnels";

/**
 * More tunnels than any broker has, so that a stream without end cannot fill the memory. It has nothing to do with the data plane's
 * table: a state that finds no room there is still the state, and as much of it as fits is forwarded.
 */
export const stateTunnelsMax = 4_000_000;

interface Held {
  revision: number;
  pop: DesiredPop;
  tunnels: Map<string, DesiredTunnel>;
}

/**
 * Builds the desired state out of stream lines. A snapshot is collected aside and takes the held state's place only at its end line;
 * `cut` forgets a snapshot that did not end. `held` is changed in place by change lines: look, do not keep.
 */
export class StateAssembler {
  readonly #tunnelsMax: number;
  #held: Held | undefined;
  #pending: Held | undefined;

  constructor(tunnelsMax: number, held?: DesiredState) {
    this.#tunnelsMax = tunnelsMax;
    if (held !== undefined) this.#held = { revision: held.revision, pop: held.pop, tunnels: new Map(held.tunnels) };
  }

  get held(): DesiredState | undefined {
    return this.#held;
  }

  cut(): void {
    this.#pending = undefined;
  }

  push(line: StateLine): Result<StateEvent | undefined, AssemblyFault> {
    switch (line.type) {
      case "keepalive":
        return success(undefined);
      case "snapshot":
        if (this.#pending !== undefined) return failure("snapshot-inside-snapshot");
        this.#pending = { revision: line.revision, pop: line.pop, tunnels: new Map() };
        return success(undefined);
      case "tunnel":
        return this.#collect(line.tunnel);
      case "end":
        return this.#end(line.revision);
      case "change":
        return this.#change(line.revision, line.change);
    }
  }

  #collect(tunnel: DesiredTunnel): Result<undefined, AssemblyFault> {
    if (this.#pending === undefined) return failure("tunnel-outside-snapshot");
    if (this.#pending.tunnels.size >= this.#tunnelsMax) return failure("too-many-tunnels");
    this.#pending.tunnels.set(tunnel.id, tunnel);
    return success(undefined);
  }

  #end(revision: number): Result<StateEvent, AssemblyFault> {
    if (this.#pending === undefined) return failure("end-outside-snapshot");
    if (this.#pending.revision !== revision) return failure("end-of-other-revision");
    this.#held = this.#pending;
    this.#pending = undefined;
    return success({ kind: "snapshot" });
  }

  #change(revision: number, change: StateLineChange): Result<StateEvent, AssemblyFault> {
    if (this.#pending !== undefined) return failure("change-inside-snapshot");
    const held = this.#held;
    if (held === undefined) return failure("change-without-state");
    if (revision < held.revision) return failure("revision-went-back");
    if (change.kind === "tunnel" && !held.tunnels.has(change.tunnel.id) && held.tunnels.size >= this.#tunnelsMax)
      return failure("too-many-tunnels");
    held.revision = revision;
    return success(applyChange(held, change));
  }
}

function applyChange(held: Held, change: StateLineChange): StateEvent {
  switch (change.kind) {
    case "pop":
      held.pop = change.pop;
      return { kind: "pop" };
    case "removed":
      held.tunnels.delete(change.id);
      return { kind: "tunnel", id: change.id };
    case "tunnel":
      held.tunnels.set(change.tunnel.id, change.tunnel);
      return { kind: "tunnel", id: change.tunnel.id };
  }
}
