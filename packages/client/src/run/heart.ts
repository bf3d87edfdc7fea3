import type { WallClock, WallSec } from "@tombolo/base";
import type { TunnelGrant } from "../tic/grant.ts";

export interface HeartParts {
  /** Sends one signed beat to the PoP; what the network makes of it is not known. */
  sendBeat(grant: TunnelGrant, at: WallSec): void;
  readonly wall: WallClock;
  after(delayMs: number, run: () => void): () => void;
}

/**
 * Beats for a heartbeat tunnel (sheet, section 4): at once, and then each interval of the tunnel. Beats of one second are the same bytes
 * and tell the PoP nothing new, so there is at most one. AYIYA's beats are the data plane's.
 */
export class Heart {
  readonly #parts: HeartParts;
  #grant: TunnelGrant | undefined;
  #on = true;
  #lastAt: WallSec | undefined;
  #cancel: () => void = () => {};

  constructor(parts: HeartParts) {
    this.#parts = parts;
  }

  /** Undefined: this tunnel has no beats of its own. */
  follow(grant: TunnelGrant | undefined): void {
    this.#grant = grant;
    this.#lastAt = undefined;
    this.beat();
  }

  switch(on: boolean): void {
    this.#on = on;
    this.beat();
  }

  /** Now, unless this second has had one; the next one is due an interval later. */
  beat(): void {
    const grant = this.#grant;
    this.#cancel();
    this.#cancel = () => {};
    if (grant === undefined || !this.#on) return;
    const now = this.#parts.wall.nowSec();
    if (now !== this.#lastAt) {
      this.#lastAt = now;
      this.#parts.sendBeat(grant, now);
    }
    this.#cancel = this.#parts.after(grant.beatSec * 1000, () => this.beat());
  }
}
