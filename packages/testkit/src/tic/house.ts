import { makeIpv4, makeIpv6, makePrefix } from "@tombolo/base";
import type { TicAnswer, TicPop, TicQuestion, TicRoute, TicTunnel } from "@tombolo/protocols";

/** Everything that a TIC server is asked about, kept in memory. */
export interface TicHouse {
  /** Clear access keys by username, as `HANDLE` or `HANDLE/T1001`. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
  readonly tunnels: readonly (TicTunnel & { readonly handle: string; readonly popDown?: string })[];
  readonly pops: readonly TicPop[];
  readonly routes: readonly TicRoute[];
}

/** Tunnel `T<number>` of a handle: 2001:db8:2ff:<number>::/64, AYIYA at nlams01, all enabled. */
export function makeTicTunnel(number: number, handle = "ABC1-TMB", change: Partial<TicTunnel> = {}): TicHouse["tunnels"][number] {
  const prefix = (0x2001_0db8_02ff_0000n + BigInt(number & 0xffff)) << 64n;
  return {
    handle,
    id: `T${number}`,
    type: "ayiya",
    clientAddress: makeIpv6(prefix + 2n),
    popAddress: makeIpv6(prefix + 1n),
    prefixLengthBits: 64,
    popName: "nlams01",
    ipv4Endpoint: "ayiya",
    popIpv4: makeIpv4(0xc000_0201),
    userState: "enabled",
    adminState: "enabled",
    password: "f3d47c2de40fb698e1ab15d757a09bfc",
    heartbeatSec: 60,
    mtuBytes: 1280,
    ...change,
  };
}

/** One account with three tunnels and two keys, a key for one tunnel only, an account with one tunnel, and two PoPs. */
export function makeTicHouse(): TicHouse {
  const ipv4Endpoint = makeIpv4(0xc633_6407);
  return {
    keys: new Map([
      ["ABC1-TMB", ["a-second-key", "hartslag"]],
      ["ABC1-TMB/T1001", ["only-for-t1001"]],
      ["XYZ2-TMB", ["only-one-tunnel"]],
      ["NIL3-TMB", ["no-tunnel-at-all"]],
    ]),
    tunnels: [
      makeTicTunnel(1001),
      makeTicTunnel(1002, "ABC1-TMB", { type: "6in4-static", ipv4Endpoint, mtuBytes: 1480, userState: "disabled" }),
      { ...makeTicTunnel(1003, "ABC1-TMB", { popName: "deham01" }), popDown: "https://broker.example/pops/deham01" },
      makeTicTunnel(2001, "XYZ2-TMB", { type: "6in4-heartbeat", ipv4Endpoint: "heartbeat" }),
    ],
    pops: [
      { name: "deham01", city: "Hamburg", country: "de", ipv4: makeIpv4(0xc000_0202) },
      { name: "nlams01", city: "Amsterdam", country: "nl", ipv4: makeIpv4(0xc000_0201), ispShort: "EXAMPLE", ispAsn: "AS64496" },
    ],
    routes: [
      { id: "R1001", tunnel: "T1001", prefix: makePrefix(makeIpv6(0x2001_0db8_0300n << 80n), 48) },
      { id: "R1002", tunnel: "T1002", prefix: makePrefix(makeIpv6(0x2001_0db8_0301n << 80n), 48) },
      { id: "R1003", tunnel: "T2001", prefix: makePrefix(makeIpv6(0x2001_0db8_0302_0001n << 64n), 64) },
    ],
  };
}

/** Answers as the broker behind a listener would. */
export function answerFromHouse(house: TicHouse, question: TicQuestion): TicAnswer {
  const own = (handle: string): TicHouse["tunnels"] => house.tunnels.filter((tunnel) => tunnel.handle === handle);
  const routesOf = (handle: string): readonly TicRoute[] =>
    house.routes.filter(({ tunnel }) => own(handle).some(({ id }) => id === tunnel));
  switch (question.kind) {
    case "keys": {
      const { handle, tunnel } = question.username;
      return { kind: "keys", keys: house.keys.get(tunnel === undefined ? handle : `${handle}/${tunnel}`) ?? [] };
    }
    case "tunnels":
      return { kind: "tunnels", tunnels: own(question.username.handle) };
    case "tunnel": {
      const tunnel = own(question.username.handle).find(({ id }) => id === question.id);
      if (tunnel === undefined) return { kind: "refused", refusal: "tunnel-not-found" };
      if (tunnel.popDown !== undefined) {
        return { kind: "refused", refusal: "pop-down", detail: tunnel.popDown, about: `${tunnel.popName} since 2016-01-11 18:00 UTC` };
      }
      return { kind: "tunnel", tunnel };
    }
    case "pops":
      return { kind: "pops", names: house.pops.map(({ name }) => name) };
    case "pop": {
      const pop = house.pops.find(({ name }) => name === question.name);
      return pop === undefined ? { kind: "refused", refusal: "pop-not-found" } : { kind: "pop", pop };
    }
    case "routes":
      return { kind: "routes", routes: routesOf(question.username.handle) };
    case "route": {
      const route = routesOf(question.username.handle).find(({ id }) => id === question.id);
      return route === undefined ? { kind: "refused", refusal: "route-not-found" } : { kind: "route", route };
    }
  }
}
