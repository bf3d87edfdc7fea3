import type { Ipv6Address } from "@tombolo/base";
import type { DesiredState, DesiredTunnel } from "../state/desired.ts";

/** So many entries more than twice the tunnels lead nowhere before the index is made anew. */
const staleMax = 1024;

/** Finds a tunnel by its client's inner address, all sixteen bytes of it. */
export class AddressIndex {
  readonly #ids = new Map<bigint, string>();

  /** Everything may have changed. */
  rebuild(state: DesiredState): void {
    this.#ids.clear();
    for (const tunnel of state.tunnels.values()) this.#ids.set(tunnel.clientAddress.value, tunnel.id);
  }

  /** One tunnel came, changed or went. The entry of one that went stays: `find` looks at the tunnel, and a rebuild clears it away. */
  update(state: DesiredState, id: string): void {
    const tunnel = state.tunnels.get(id);
    if (tunnel !== undefined) this.#ids.set(tunnel.clientAddress.value, id);
    if (this.#ids.size > 2 * state.tunnels.size + staleMax) this.rebuild(state);
  }

  find(state: DesiredState, address: Ipv6Address): DesiredTunnel | undefined {
    const id = this.#ids.get(address.value);
    const tunnel = id === undefined ? undefined : state.tunnels.get(id);
    return tunnel?.clientAddress.value === address.value ? tunnel : undefined;
  }
}
