import type { WallSec } from "@tombolo/base";
import type { DropRecord, PlaneEndpoint } from "@tombolo/dataplane";

/** Tunnels with faults that are remembered; beyond, the one whose last fault is longest ago is forgotten. */
const tunnelsMax = 8192;
/** As many bytes of the last packet as the data plane keeps. */
const bytesMax = 128;

export interface Fault {
  readonly reason: string;
  readonly at: WallSec;
  readonly source: PlaneEndpoint;
  readonly bytes: Uint8Array;
}

/** What was refused beside the data plane, in its own kind of records: for each tunnel and reason the count and the last one. */
export class FaultBook {
  readonly #tunnels = new Map<number, Map<string, DropRecord>>();

  note(number: number, { reason, at, source, bytes }: Fault): void {
    const records = this.#tunnels.get(number) ?? new Map<string, DropRecord>();
    const count = (records.get(reason)?.count ?? 0) + 1;
    // A copy: the datagram's buffer is not ours.
    records.set(reason, { reason, count, lastAt: at, lastSource: source, lastBytes: bytes.slice(0, bytesMax) });
    this.#tunnels.delete(number);
    this.#tunnels.set(number, records);
    if (this.#tunnels.size > tunnelsMax) this.#forgetOldest();
  }

  of(number: number): readonly DropRecord[] {
    return [...(this.#tunnels.get(number)?.values() ?? [])];
  }

  forget(number: number): void {
    this.#tunnels.delete(number);
  }

  #forgetOldest(): void {
    for (const oldest of this.#tunnels.keys()) {
      this.#tunnels.delete(oldest);
      return;
    }
  }
}
