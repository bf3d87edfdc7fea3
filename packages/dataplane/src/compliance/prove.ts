import type { AyiyaEnd } from "./ayiya-end.ts";
import type { Place, PlaneBench } from "./bench.ts";
import { echoReplyTo } from "./inner-packets.ts";

/** The far end speaks from `place` and answers the plane's question there, as every client does; then traffic follows it. */
export async function prove(bench: PlaneBench, place: Place, end: AyiyaEnd, id: number): Promise<void> {
  await place.send("ayiya", end.beat());
  const probe = end.open(await place.receive("ayiya"));
  if (probe === undefined) throw new Error("the probe is not signed right");
  await place.send("ayiya", end.forward(echoReplyTo(probe.payload)));
  const { ipv4, port } = place.endpointOf("ayiya");
  await bench.until("the endpoint is proven", () => {
    const counters = bench.plane.counters(id);
    return counters?.endpointProven === true && counters.endpoint?.ipv4.value === ipv4.value && counters.endpoint.port === port;
  });
}

/** The reasons that were counted, of all tunnels and of none. */
export function dropsIn(bench: PlaneBench): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(bench.plane.totals().drops).filter(([, count]) => count > 0));
}

/** The same on one tunnel's account. */
export function dropsOf(bench: Pick<PlaneBench, "plane">, id: number): Readonly<Record<string, number>> {
  return Object.fromEntries(bench.plane.drops(id).map((record) => [record.reason, record.count]));
}
