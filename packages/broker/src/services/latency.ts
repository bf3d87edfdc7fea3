import type { Latency } from "../broker.ts";
import { parseTunnelId } from "../domain/ids.ts";
import type { Store } from "../ports/store.ts";

/** More than retention leaves of any step. */
const mostPoints = 2_000;

export function makeLatency({ store }: { readonly store: Store }): Latency {
  return {
    async read({ tunnel, from, to, step }) {
      if (!parseTunnelId(tunnel).ok || !(from < to)) return [];
      return store.read(({ latency }) => latency.list({ tunnel, from, to, step, limit: mostPoints }));
    },
  };
}
