import { assert, wallSec } from "@tombolo/base";
import {
  makeDelegationId,
  makeRequestId,
  makeTunnelId,
  numberOfId,
  type Decision,
  type RequestRepository,
  type RequestWish,
  type UserRequest,
} from "@tombolo/broker";
import type { Selectable } from "kysely";
import type { RequestTable } from "../schema.ts";
import type { Scope } from "./scope.ts";
import { readOptionalIpv4, writeOptionalIpv4 } from "./values.ts";

export function makeRequestRepository({ trx }: Scope): RequestRepository {
  return {
    async insert({ handle, wish, reason, createdAt }) {
      const { id } = await trx
        .insertInto("request")
        .values({ handle, ...writeWish(wish), reason, state: "requested", created_at: createdAt })
        .returning("id")
        .executeTakeFirstOrThrow();
      return makeRequestId(id);
    },

    async find(id) {
      const row = await trx.selectFrom("request").selectAll().where("id", "=", numberOfId(id)).executeTakeFirst();
      return row && readRequest(row);
    },

    async list({ handle, state, limit }) {
      const rows = await trx
        .selectFrom("request")
        .selectAll()
        .$if(handle !== undefined, (query) => query.where("handle", "=", handle ?? ""))
        .$if(state !== undefined, (query) => query.where("state", "=", state ?? "requested"))
        .orderBy("id", "desc")
        .limit(limit)
        .execute();
      return rows.map(readRequest);
    },

    async countWaiting(handle) {
      const { waiting } = await trx
        .selectFrom("request")
        .select(({ fn }) => fn.countAll<number>().as("waiting"))
        .where("handle", "=", handle)
        .where("state", "=", "requested")
        .executeTakeFirstOrThrow();
      return waiting;
    },

    async decide(id, { state, at, by, reason, tunnel, delegation }) {
      const change = {
        state,
        decided_at: at,
        decided_by: by,
        decision_reason: reason,
        tunnel_id: tunnel === undefined ? null : numberOfId(tunnel),
        delegation_id: delegation === undefined ? null : numberOfId(delegation),
      };
      await trx.updateTable("request").set(change).where("id", "=", numberOfId(id)).execute();
    },
  };
}

type WishColumns = Pick<
  Selectable<RequestTable>,
  "kind" | "pop" | "encapsulation" | "static_endpoint" | "mtu_bytes" | "for_tunnel_id" | "length_bits"
>;

function writeWish(wish: RequestWish): WishColumns {
  if (wish.kind === "tunnel") {
    const { kind, pop, encapsulation, staticEndpoint, mtuBytes } = wish;
    const how = { encapsulation, static_endpoint: writeOptionalIpv4(staticEndpoint), mtu_bytes: mtuBytes };
    return { kind, pop, ...how, for_tunnel_id: null, length_bits: null };
  }
  const { kind, tunnel, lengthBits } = wish;
  const none = { pop: null, encapsulation: null, static_endpoint: null, mtu_bytes: null };
  return { kind, ...none, for_tunnel_id: numberOfId(tunnel), length_bits: lengthBits };
}

function readWish(row: WishColumns): RequestWish {
  const { pop, encapsulation, mtu_bytes: mtuBytes, for_tunnel_id: forTunnel, length_bits: lengthBits } = row;
  if (row.kind === "tunnel") {
    assert(pop !== null && encapsulation !== null && mtuBytes !== null, "the store holds whole requests");
    return { kind: "tunnel", pop, encapsulation, staticEndpoint: readOptionalIpv4(row.static_endpoint), mtuBytes };
  }
  assert(forTunnel !== null && lengthBits !== null, "the store holds whole requests");
  return { kind: "delegation", tunnel: makeTunnelId(forTunnel), lengthBits };
}

function readRequest(row: Selectable<RequestTable>): UserRequest {
  const { id, handle, reason, state } = row;
  const told = { id: makeRequestId(id), handle, wish: readWish(row), reason, state, createdAt: wallSec(row.created_at) };
  return { ...told, decision: readDecision(row) };
}

function readDecision(row: Selectable<RequestTable>): Decision | undefined {
  const { state, decided_at: at, decided_by: by, decision_reason: reason, tunnel_id: tunnel, delegation_id: delegation } = row;
  if (state === "requested" || at === null || by === null) return undefined;
  return {
    state,
    at: wallSec(at),
    by,
    reason,
    tunnel: tunnel === null ? undefined : makeTunnelId(tunnel),
    delegation: delegation === null ? undefined : makeDelegationId(delegation),
  };
}
