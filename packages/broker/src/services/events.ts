import type { Events } from "../broker.ts";
import { parseHandle } from "../domain/handle.ts";
import type { Store } from "../ports/store.ts";

const usualLimit = 100;
const longestList = 1_000;

export function makeEvents({ store }: { readonly store: Store }): Events {
  return {
    async list({ after, handle, limit = usualLimit } = {}) {
      const parsed = handle === undefined ? undefined : parseHandle(handle);
      if (parsed?.ok === false || (after !== undefined && !Number.isSafeInteger(after))) return [];
      const most = Number.isSafeInteger(limit) && limit > 0 ? Math.min(limit, longestList) : usualLimit;
      const wish = { ...(after !== undefined && { after }), ...(parsed !== undefined && { handle: parsed.value }), limit: most };
      return store.read(({ events }) => events.list(wish));
    },
  };
}
