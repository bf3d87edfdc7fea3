import type { WallSec } from "@tombolo/base";
import type { PlaneCounters, PlaneTunnel } from "@tombolo/dataplane";

/** Three intervals of a minute (both sheets): a mixed fleet was used to 120 to 300 s. */
export const silenceSec = 180;

export interface Life {
  readonly state: "up" | "down";
  readonly since: WallSec;
  /** The last valid beat; heartbeat tunnels only. */
  readonly lastBeatAt: WallSec | undefined;
}

interface HeldLife {
  state: "up" | "down";
  since: WallSec;
  lastBeatAt: WallSec | undefined;
  /** When it last showed that it lives, or when it was first looked at. */
  heardAt: WallSec;
}

/** How the far end shows that it lives. Only beats keep a heartbeat tunnel up, not its packets, which anybody can forge. */
type Kind = "beats" | "packets" | "fixed";

/** Which tunnels are up, and which have been silent for too long. Told of every tunnel again and again; keeps those that ever lived. */
export class Liveness {
  readonly #lives = new Map<number, HeldLife>();
  readonly #up = new Set<number>();

  /** The tunnels that are up. */
  get up(): ReadonlySet<number> {
    return this.#up;
  }

  find(number: number): Life | undefined {
    return this.#lives.get(number);
  }

  /** A valid beat came. */
  beat(number: number, at: WallSec): void {
    const life = this.#lives.get(number) ?? this.#begin(number, at);
    life.lastBeatAt = at;
    life.heardAt = at;
    this.#setState(number, life, "up", at);
  }

  /** "withdraw": it has been silent, and its endpoint is to be given up. */
  look(tunnel: PlaneTunnel, counters: PlaneCounters, now: WallSec): "withdraw" | undefined {
    const { id } = tunnel;
    const held = this.#lives.get(id);
    if (!tunnel.enabled || counters.endpoint === undefined) {
      if (held !== undefined) this.#setState(id, held, "down", now);
      return undefined;
    }
    const life = held ?? this.#begin(id, now);
    const kind = kindOf(tunnel);
    // A clock that was set back must not keep dead tunnels up for ever.
    life.heardAt = earlier(now, life.heardAt);
    if (kind === "packets" && counters.lastSeenAt !== undefined) life.heardAt = earlier(now, later(life.heardAt, counters.lastSeenAt));
    if (kind === "fixed" || now - life.heardAt < silenceSec) {
      this.#setState(id, life, "up", now);
      return undefined;
    }
    this.#setState(id, life, "down", now);
    return "withdraw";
  }

  forget(number: number): void {
    this.#lives.delete(number);
    this.#up.delete(number);
  }

  /** The data plane was opened anew: endpoints of its tunnels have all their time again. */
  restart(): void {
    this.#lives.clear();
    this.#up.clear();
  }

  #begin(number: number, now: WallSec): HeldLife {
    const life: HeldLife = { state: "down", since: now, lastBeatAt: undefined, heardAt: now };
    this.#lives.set(number, life);
    return life;
  }

  #setState(number: number, life: HeldLife, state: Life["state"], now: WallSec): void {
    if (state === "up") this.#up.add(number);
    else this.#up.delete(number);
    if (life.state === state) return;
    life.state = state;
    life.since = now;
  }
}

function earlier(a: WallSec, b: WallSec): WallSec {
  return a < b ? a : b;
}

function later(a: WallSec, b: WallSec): WallSec {
  return a < b ? b : a;
}

/** Bare UDP has neither beats nor signatures: its endpoint is whatever the broker says. */
function kindOf({ encapsulation, endpointFixed }: PlaneTunnel): Kind {
  if (endpointFixed || encapsulation === "udp") return "fixed";
  return encapsulation === "ayiya" ? "packets" : "beats";
}
