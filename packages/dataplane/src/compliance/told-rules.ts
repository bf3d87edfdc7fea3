import assert from "node:assert/strict";
import { encodeLatin1, wallSec } from "@tombolo/base";
import { island, type Place, type PlaneBench, type Rule } from "./bench.ts";
import { echoReplyTo, readUdp, udpPacket } from "./inner-packets.ts";
import { prove } from "./prove.ts";
import { ayiyaEnd, benchTunnel, endsOf } from "./tunnels.ts";

const ends = endsOf(1);
const port = 4660;
const bare = [
  { encapsulation: "6in4", kind: "proto41" },
  { encapsulation: "udp", kind: "udp" },
] as const;

/** The tunnel carries both ways between the host and `place`. */
async function assertCarries(bench: PlaneBench, place: Place, kind: "proto41" | "udp", text: string): Promise<void> {
  const { host, hostPort } = island;
  const payload = encodeLatin1(text);
  await place.send(kind, udpPacket({ source: ends.client, sourcePort: port, destination: host, destinationPort: hostPort, payload }));
  assert.deepEqual((await bench.host.receive()).payload, payload);
  await bench.host.send(ends.client, port, payload);
  assert.deepEqual(readUdp(await place.receive(kind))?.payload, payload);
}

async function answer(bench: PlaneBench, place: Place, kind: "proto41" | "udp"): Promise<void> {
  await place.send(kind, echoReplyTo(await place.receive(kind)));
  await bench.until("the place is proven", () => {
    const { endpoint, endpointProven } = bench.plane.counters(1) ?? {};
    return endpointProven === true && endpoint?.ipv4.value === place.endpointOf(kind).ipv4.value;
  });
}

/** Endpoints that something beside the tunnel tells, and the state of the tunnel. */
export function runToldRules(rule: Rule): void {
  for (const { encapsulation, kind } of bare) {
    rule(
      `${encapsulation}: a told endpoint carries when it answered and is gone when withdrawn; a tunnel without one has it at once`,
      async (bench) => {
        const [here, there] = bench.places;
        bench.plane.set(benchTunnel(1, { encapsulation }));
        bench.plane.propose(1, here.endpointOf(kind), wallSec(bench.nowSec()));
        await answer(bench, here, kind);
        await assertCarries(bench, here, kind, "here");
        bench.plane.withdraw(1);
        const down = udpPacket({
          source: ends.client,
          sourcePort: 1,
          destination: island.host,
          destinationPort: 2,
          payload: new Uint8Array(1),
        });
        await here.send(kind, down);
        await bench.host.send(ends.client, port, new Uint8Array(1));
        await bench.until("both are dropped", () => bench.plane.totals().drops["tunnel-down"] === 2);
        const before = bench.plane.counters(1);
        assert.deepEqual([before?.inPackets, before?.outPackets, before?.endpoint], [1, 1, undefined]);
        bench.plane.set(benchTunnel(2, { encapsulation }));
        bench.plane.propose(2, there.endpointOf(kind), wallSec(bench.nowSec()));
        await there.receive(kind);
        assert.deepEqual(bench.plane.counters(2)?.endpoint, there.endpointOf(kind));
        assert.equal(bench.plane.counters(2)?.endpointProven, false);
      },
    );
  }

  rule("a configured endpoint that must answer first gets nothing but questions until it does", async (bench) => {
    const [here] = bench.places;
    const endpoint = here.endpointOf("proto41");
    bench.plane.set(benchTunnel(1, { encapsulation: "6in4", endpoint, endpointFixed: true, proveFixed: true }));
    await bench.host.send(ends.client, port, new Uint8Array(1));
    await bench.until("the host's packet is dropped", () => bench.plane.totals().drops["tunnel-down"] === 1);
    await answer(bench, here, "proto41");
    await assertCarries(bench, here, "proto41", "proven");
    assert.ok(bench.events.some((event) => event.kind === "endpoint" && event.id === 1));
  });

  rule("AYIYA: withdrawn, the next signed packet brings the tunnel up again", async (bench) => {
    const [here] = bench.places;
    bench.plane.set(benchTunnel(1));
    const end = ayiyaEnd(1, () => bench.nowSec());
    await prove(bench, here, end, 1);
    bench.plane.withdraw(1);
    await bench.host.send(ends.client, port, new Uint8Array(1));
    await bench.until("the host's packet is dropped", () => bench.plane.totals().drops["tunnel-down"] === 1);
    await here.send("ayiya", end.beat(bench.nowSec() + 5));
    await bench.until("it is up", () => bench.plane.counters(1)?.endpoint !== undefined);
  });

  rule("a traced tunnel tells each decision, whichever worker made it", async (bench) => {
    const [here, there] = bench.places;
    bench.plane.set(benchTunnel(1, { encapsulation: "udp", endpoint: here.endpointOf("udp"), endpointFixed: true }));
    bench.plane.trace(1, 60);
    await assertCarries(bench, here, "udp", "traced");
    await there.send(
      "udp",
      udpPacket({ source: ends.client, sourcePort: 1, destination: island.host, destinationPort: 2, payload: new Uint8Array(1) }),
    );
    const told = (): string[] =>
      bench.events.flatMap((event) => (event.kind === "trace" ? [`${event.direction} ${event.decision} ${event.reason ?? ""}`] : []));
    await bench.until("all three are told", () => told().length === 3);
    assert.deepEqual(told().toSorted(), ["in carried ", "in dropped wrong-endpoint", "out carried "]);
  });
}
