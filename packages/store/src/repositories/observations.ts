import { formatIpv4, wallSec } from "@tombolo/base";
import { makeTunnelId, numberOfId, type EndpointSeen, type ObservationRepository, type TunnelId } from "@tombolo/broker";
import { readIpv4 } from "./values.ts";
import { chunk, type Scope } from "./scope.ts";

export function makeObservationRepository(scope: Scope): ObservationRepository {
  const { trx } = scope;
  return {
    async listAt(pop, ids) {
      const here = new Set<TunnelId>();
      for (const some of chunk(ids.map(numberOfId))) {
        const rows = await trx.selectFrom("tunnel").select("id").where("pop", "=", pop).where("id", "in", some).execute();
        for (const row of rows) here.add(makeTunnelId(row.id));
      }
      return here;
    },

    async takeSeen(seen) {
      const first: TunnelId[] = [];
      for (const some of chunk(seen)) {
        const rows = some.map(({ tunnel, at }) => ({ tunnel_id: numberOfId(tunnel), at }));
        const added = await takeFirstSeen(scope, rows);
        first.push(...added.map(makeTunnelId));
        await trx
          .insertInto("tunnel_seen")
          .values(rows)
          .onConflict((conflict) =>
            conflict
              .column("tunnel_id")
              .doUpdateSet((column) => ({ at: column.ref("excluded.at") }))
              .whereRef("excluded.at", ">", "tunnel_seen.at"),
          )
          .execute();
      }
      return first;
    },

    async takeCounters(counters) {
      for (const some of chunk(counters)) {
        const rows = some.map((row) => ({
          tunnel_id: numberOfId(row.tunnel),
          at: row.at,
          in_packets: row.inPackets,
          in_bytes: row.inBytes,
          out_packets: row.outPackets,
          out_bytes: row.outBytes,
          drops: row.drops,
        }));
        await trx
          .insertInto("tunnel_counters")
          .values(rows)
          .onConflict((conflict) =>
            conflict
              .column("tunnel_id")
              .doUpdateSet((column) => ({
                at: column.ref("excluded.at"),
                in_packets: column.ref("excluded.in_packets"),
                in_bytes: column.ref("excluded.in_bytes"),
                out_packets: column.ref("excluded.out_packets"),
                out_bytes: column.ref("excluded.out_bytes"),
                drops: column.ref("excluded.drops"),
              }))
              .whereRef("excluded.at", ">=", "tunnel_counters.at"),
          )
          .execute();
      }
    },

    async takeEndpoints(endpoints, kept) {
      for (const some of chunk(endpoints)) {
        const moved = await takeMoved(scope, some);
        if (moved.length === 0) continue;
        await trx.insertInto("endpoint_history").values(moved).execute();
        for (const { tunnel_id } of moved) await cutHistory(scope, tunnel_id, kept);
      }
    },

    async findCounters(tunnel) {
      const row = await trx.selectFrom("tunnel_counters").selectAll().where("tunnel_id", "=", numberOfId(tunnel)).executeTakeFirst();
      return (
        row && {
          at: wallSec(row.at),
          inPackets: row.in_packets,
          inBytes: row.in_bytes,
          outPackets: row.out_packets,
          outBytes: row.out_bytes,
          drops: row.drops,
        }
      );
    },

    async listEndpoints(tunnel) {
      const rows = await trx
        .selectFrom("endpoint_history")
        .select(["ipv4", "port", "since"])
        .where("tunnel_id", "=", numberOfId(tunnel))
        .orderBy("id", "desc")
        .execute();
      return rows.map((row) => ({ ipv4: readIpv4(row.ipv4), port: row.port, since: wallSec(row.since) }));
    },
  };
}

/** Writes the rows of tunnels that have none; gives just those. Mostly there are none, and then it is one read. */
async function takeFirstSeen(
  { trx }: Scope,
  rows: readonly { readonly tunnel_id: number; readonly at: number }[],
): Promise<readonly number[]> {
  const ids = rows.map((row) => row.tunnel_id);
  const known = new Set(
    (await trx.selectFrom("tunnel_seen").select("tunnel_id").where("tunnel_id", "in", ids).execute()).map((row) => row.tunnel_id),
  );
  const missing = rows.filter((row) => !known.has(row.tunnel_id));
  if (missing.length === 0) return [];
  const added = await trx
    .insertInto("tunnel_seen")
    .values(missing)
    .onConflict((conflict) => conflict.column("tunnel_id").doNothing())
    .returning("tunnel_id")
    .execute();
  return added.map((row) => row.tunnel_id).toSorted((a, b) => a - b);
}

interface EndpointRow {
  readonly tunnel_id: number;
  readonly ipv4: string;
  readonly port: number;
  readonly since: number;
}

/** Writes what is newer and other than before; gives just those rows. */
async function takeMoved({ trx }: Scope, endpoints: readonly EndpointSeen[]): Promise<EndpointRow[]> {
  const rows = endpoints.map(({ tunnel, ipv4, port, at }) => ({
    tunnel_id: numberOfId(tunnel),
    ipv4: formatIpv4(ipv4),
    port,
    since: at,
  }));
  return trx
    .insertInto("tunnel_endpoint")
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .column("tunnel_id")
        .doUpdateSet((column) => ({
          ipv4: column.ref("excluded.ipv4"),
          port: column.ref("excluded.port"),
          since: column.ref("excluded.since"),
        }))
        .whereRef("excluded.since", ">=", "tunnel_endpoint.since")
        .where((where) =>
          where.or([
            where("excluded.ipv4", "<>", where.ref("tunnel_endpoint.ipv4")),
            where("excluded.port", "<>", where.ref("tunnel_endpoint.port")),
          ]),
        ),
    )
    .returning(["tunnel_id", "ipv4", "port", "since"])
    .execute();
}

async function cutHistory({ trx }: Scope, tunnelId: number, kept: number): Promise<void> {
  const last = await trx
    .selectFrom("endpoint_history")
    .select("id")
    .where("tunnel_id", "=", tunnelId)
    .orderBy("id", "desc")
    .offset(kept)
    .limit(1)
    .executeTakeFirst();
  if (last === undefined) return;
  await trx.deleteFrom("endpoint_history").where("tunnel_id", "=", tunnelId).where("id", "<=", last.id).execute();
}
