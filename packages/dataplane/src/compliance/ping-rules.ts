import assert from "node:assert/strict";
import { ayiyaOpcodes, nextHeaders } from "@tombolo/protocols";
import { island, type Rule } from "./bench.ts";
import { echoReplyTo, innerPacket } from "./inner-packets.ts";
import { prove } from "./prove.ts";
import { ayiyaEnd, benchTunnel, endsOf } from "./tunnels.ts";

/** Questions and answers: round trips, asked by one worker and heard by any. */
export function runPingRules(rule: Rule): void {
  rule("pings are answered to whichever worker hears them, and are counted together", async (bench) => {
    for (const [i, place] of bench.places.entries()) {
      bench.plane.set(benchTunnel(2 * i + 1, { encapsulation: "6in4", endpoint: place.endpointOf("proto41"), endpointFixed: true }));
      bench.plane.set(benchTunnel(2 * i + 2, { encapsulation: "udp", endpoint: place.endpointOf("udp"), endpointFixed: true }));
    }
    const ids = [1, 2, 3, 4];
    for (let round = 0; round < 3; round += 1) {
      bench.plane.pingMany(ids);
      for (const place of bench.places)
        for (const kind of ["proto41", "udp"] as const) await place.send(kind, echoReplyTo(await place.receive(kind)));
    }
    bench.plane.ping(1);
    await bench.places[0].send("proto41", echoReplyTo(await bench.places[0].receive("proto41")));
    await bench.until("the pong came", () => bench.events.some((event) => event.kind === "pong"));
    const received = new Map<number, number>();
    await bench.until("all answers are counted", () => {
      for (const id of ids) {
        const latency = bench.plane.latency(id);
        assert.ok(latency === undefined || (latency.minMs <= latency.avgMs && latency.avgMs <= latency.maxMs && latency.maxMs < 10_000));
        received.set(id, (received.get(id) ?? 0) + (latency?.received ?? 0));
      }
      return [...received.values()].join() === "4,3,3,3";
    });
    assert.equal(bench.events.filter((event) => event.kind === "pong").length, 1);
  });

  rule("an AYIYA echo request is answered with opcode 4, its payload, and nothing that is to be delivered", async (bench) => {
    const [place] = bench.places;
    bench.plane.set(benchTunnel(1));
    const end = ayiyaEnd(1, () => bench.nowSec());
    await prove(bench, place, end, 1);
    const payload = innerPacket({ source: endsOf(1).client, destination: island.host, payload: Uint8Array.of(1, 2, 3) });
    await place.send("ayiya", end.forward(payload, { opcode: ayiyaOpcodes.echoRequest }));
    const answer = end.open(await place.receive("ayiya"));
    assert.deepEqual([answer?.opcode, answer?.nextHeader, answer?.payload], [ayiyaOpcodes.echoResponse, nextHeaders.none, payload]);
  });
}
