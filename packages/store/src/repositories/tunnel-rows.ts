import { setImmediate as letOthersRun } from "node:timers/promises";
import { wallSec } from "@tombolo/base";
import { makeTunnelId, tunnelEnds, type Delegation, type Encapsulation, type Switch, type Tunnel } from "@tombolo/broker";
import { readDelegation, readIpv4, readOptionalIpv4, readOptionalTime, readPrefix } from "./values.ts";
import type { Scope } from "./scope.ts";

/** Which tunnels; what is left out does not limit. */
export interface TunnelFilter {
  readonly handle?: string;
  readonly pop?: string;
  readonly ids?: readonly number[];
}

interface TunnelRow {
  readonly id: number;
  readonly handle: string;
  readonly pop: string;
  readonly encapsulation: Encapsulation;
  readonly user_state: Switch;
  readonly admin_state: Switch;
  readonly mtu_bytes: number;
  readonly heartbeat_sec: number;
  readonly static_endpoint: string | null;
  readonly sealed_secret: string;
  readonly account_state: Switch;
  readonly created_at: number;
  readonly prefix: string;
  readonly pool_prefix: string;
  readonly endpoint_ipv4: string | null;
  readonly endpoint_port: number | null;
  readonly endpoint_since: number | null;
  readonly seen_at: number | null;
}

/** A tunnel with what its PoP needs besides. */
export interface FoundTunnel {
  readonly tunnel: Tunnel;
  readonly sealedSecret: string;
  readonly accountState: Switch;
}

/** Rows read at a time; node:sqlite holds the whole process up while it reads. */
const pageRows = 2_000;

/** Whole tunnels in the order of their numbers; two queries a page. */
export async function selectTunnels(scope: Scope, filter: TunnelFilter): Promise<readonly FoundTunnel[]> {
  const found: FoundTunnel[] = [];
  for (let after = 0; ;) {
    const rows = await selectRows(scope, filter, after);
    const [first, last] = [rows[0], rows.at(-1)];
    if (first === undefined || last === undefined) return found;
    const delegations = Map.groupBy(await selectDelegations(scope, filter, [first.id, last.id]), (delegation) => delegation.tunnel);
    for (const row of rows) {
      const tunnel = readTunnel(row, delegations.get(makeTunnelId(row.id)) ?? []);
      found.push({ tunnel, sealedSecret: row.sealed_secret, accountState: row.account_state });
    }
    if (rows.length < pageRows) return found;
    after = last.id;
    await letOthersRun();
  }
}

async function selectRows({ trx }: Scope, { handle, pop, ids }: TunnelFilter, after: number): Promise<readonly TunnelRow[]> {
  return trx
    .selectFrom("tunnel")
    .innerJoin("account", "account.handle", "tunnel.handle")
    .innerJoin("allocation", (join) =>
      join.onRef("allocation.tunnel_id", "=", "tunnel.id").on("allocation.purpose", "=", "tunnel").on("allocation.returned_at", "is", null),
    )
    .innerJoin("pool", "pool.id", "allocation.pool_id")
    .leftJoin("tunnel_endpoint", "tunnel_endpoint.tunnel_id", "tunnel.id")
    .leftJoin("tunnel_seen", "tunnel_seen.tunnel_id", "tunnel.id")
    .select([
      "tunnel.id",
      "tunnel.handle",
      "tunnel.pop",
      "tunnel.encapsulation",
      "tunnel.user_state",
      "tunnel.admin_state",
      "tunnel.mtu_bytes",
      "tunnel.heartbeat_sec",
      "tunnel.static_endpoint",
      "tunnel.sealed_secret",
      "tunnel.created_at",
      "account.state as account_state",
      "allocation.prefix",
      "pool.prefix as pool_prefix",
      "tunnel_endpoint.ipv4 as endpoint_ipv4",
      "tunnel_endpoint.port as endpoint_port",
      "tunnel_endpoint.since as endpoint_since",
      "tunnel_seen.at as seen_at",
    ])
    .$if(handle !== undefined, (query) => query.where("tunnel.handle", "=", handle ?? ""))
    .$if(pop !== undefined, (query) => query.where("tunnel.pop", "=", pop ?? ""))
    .$if(ids !== undefined, (query) => query.where("tunnel.id", "in", ids ?? []))
    .where("tunnel.id", ">", after)
    .orderBy("tunnel.id")
    .limit(pageRows)
    .execute();
}

async function selectDelegations(
  { trx }: Scope,
  { handle, pop, ids }: TunnelFilter,
  [first, last]: readonly [number, number],
): Promise<readonly Delegation[]> {
  const rows = await trx
    .selectFrom("delegation")
    .innerJoin("allocation", "allocation.id", "delegation.allocation_id")
    .innerJoin("tunnel", "tunnel.id", "allocation.tunnel_id")
    .select(["delegation.id", "allocation.tunnel_id", "allocation.prefix", "allocation.given_at"])
    .where("allocation.returned_at", "is", null)
    .$if(handle !== undefined, (query) => query.where("tunnel.handle", "=", handle ?? ""))
    .$if(pop !== undefined, (query) => query.where("tunnel.pop", "=", pop ?? ""))
    .$if(ids !== undefined, (query) => query.where("tunnel.id", "in", ids ?? []))
    .where("tunnel.id", ">=", first)
    .where("tunnel.id", "<=", last)
    .orderBy("delegation.id")
    .execute();
  return rows.map(readDelegation);
}

function readTunnel(row: TunnelRow, delegations: readonly Delegation[]): Tunnel {
  const prefix = readPrefix(row.prefix);
  const { endpoint_ipv4: ipv4, endpoint_port: port, endpoint_since: since } = row;
  return {
    id: makeTunnelId(row.id),
    handle: row.handle,
    pop: row.pop,
    encapsulation: row.encapsulation,
    userState: row.user_state,
    adminState: row.admin_state,
    prefix,
    ...tunnelEnds(readPrefix(row.pool_prefix), prefix),
    delegations,
    mtuBytes: row.mtu_bytes,
    heartbeatSec: row.heartbeat_sec,
    staticEndpoint: readOptionalIpv4(row.static_endpoint),
    endpoint: ipv4 === null || port === null || since === null ? undefined : { ipv4: readIpv4(ipv4), port, since: wallSec(since) },
    lastSeenAt: readOptionalTime(row.seen_at),
    createdAt: wallSec(row.created_at),
  };
}
