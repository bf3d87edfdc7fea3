import assert from "node:assert/strict";
import { test } from "node:test";
import type { BrokerErrorCode } from "@tombolo/broker";
import type { FreshStore, OpenFreshStore } from "../fresh.ts";
import { makeWorld, type World, type WorldOptions } from "../world.ts";

export type Body = (world: World & FreshStore) => Promise<void>;

/** Makes tests that each have a database and a broker of their own. */
export function inWorld(openFreshStore: OpenFreshStore, options: WorldOptions = {}): (name: string, body: Body) => void {
  return (name, body) => {
    test(name, async () => {
      const fresh = await openFreshStore();
      try {
        await body({ ...fresh, ...makeWorld(fresh.store, options) });
      } finally {
        await fresh.drop();
      }
    });
  };
}

/** The broker refuses with this code. */
export async function refuses(promise: Promise<unknown>, code: BrokerErrorCode): Promise<void> {
  await assert.rejects(promise, { name: "BrokerError", code });
}
