import { makeTunnelId, numberOfId, type TunnelPatch, type TunnelRepository, type TunnelTask } from "@tombolo/broker";
import { chunk, locksRows, type Scope } from "./scope.ts";
import { selectTunnels } from "./tunnel-rows.ts";
import { writeOptionalIpv4 } from "./values.ts";

export function makeTunnelRepository(scope: Scope): TunnelRepository {
  const { trx } = scope;
  const repository: TunnelRepository = {
    async insert(draft) {
      const { id } = await trx
        .insertInto("tunnel")
        .values({
          handle: draft.handle,
          pop: draft.pop,
          encapsulation: draft.encapsulation,
          static_endpoint: writeOptionalIpv4(draft.staticEndpoint),
          mtu_bytes: draft.mtuBytes,
          heartbeat_sec: draft.heartbeatSec,
          sealed_secret: draft.sealedSecret,
          created_at: draft.createdAt,
        })
        .returning("id")
        .executeTakeFirstOrThrow();
      return makeTunnelId(id);
    },

    async find(id) {
      return (await selectTunnels(scope, { ids: [numberOfId(id)] }))[0]?.tunnel;
    },

    async lock(id) {
      if (locksRows(scope)) await trx.selectFrom("tunnel").select("id").where("id", "=", numberOfId(id)).forUpdate().execute();
      return repository.find(id);
    },

    async list(filter) {
      return (await selectTunnels(scope, filter)).map(({ tunnel }) => tunnel);
    },

    async update(id, patch) {
      await trx.updateTable("tunnel").set(writePatch(patch)).where("id", "=", numberOfId(id)).execute();
    },

    async remove(id) {
      await trx.deleteFrom("tunnel").where("id", "=", numberOfId(id)).execute();
    },

    async findSealedSecret(id) {
      const row = await trx.selectFrom("tunnel").select("sealed_secret").where("id", "=", numberOfId(id)).executeTakeFirst();
      return row?.sealed_secret;
    },

    async listTasks(pop, ids) {
      if (ids === undefined) return selectTunnels(scope, { pop });
      const tasks: TunnelTask[] = [];
      for (const some of chunk(ids)) tasks.push(...(await selectTunnels(scope, { pop, ids: some.map(numberOfId) })));
      return tasks;
    },
  };
  return repository;
}

function writePatch({ userState, adminState, reach }: TunnelPatch): Record<string, string | null> {
  return {
    ...(userState === undefined ? {} : { user_state: userState }),
    ...(adminState === undefined ? {} : { admin_state: adminState }),
    ...(reach === undefined ? {} : { encapsulation: reach.encapsulation, static_endpoint: writeOptionalIpv4(reach.staticEndpoint) }),
  };
}
