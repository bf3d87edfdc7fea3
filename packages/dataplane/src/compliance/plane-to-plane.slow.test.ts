import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { formatHex, formatIpv6, formatPrefix } from "@tombolo/base";
import { openUserspacePlane } from "../drivers/userspace.ts";
import type { DataPlane, PlaneEvent, PlaneTunnel } from "../plane/plane.ts";
import { island } from "./bench.ts";
import { outer, type ClientOrder, type ClientReport } from "./client-side.ts";
import { ip4 } from "./inner-packets.ts";
import { isInNamespace, runInNamespace } from "./own-namespace.ts";
import { dropsOf } from "./prove.ts";
import { serveStreams } from "./transfer.ts";
import { benchTunnel } from "./tunnels.ts";
import { ip, prepareNamespace } from "./userspace-bench.ts";
import { waitFor } from "./waiting.ts";

/** Two kernels' TCP through two of our data planes: a PoP in this namespace, a client in a second one, a cable in between. */
const device = "tmbl-pop";
const endpoints = { ayiya: undefined, "6in4": { ipv4: ip4(outer.client), port: 0 }, udp: { ipv4: ip4(outer.client), port: outer.udpPort } };

async function openClientProcess(): Promise<ChildProcess> {
  const program = fileURLToPath(new URL("client-side.ts", import.meta.url));
  const args = ["-n", "--", process.execPath, "--conditions=source", program];
  const child = spawn("unshare", args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  await hear(child);
  ip(`link add veth-pop type veth peer name ${outer.clientLink}`);
  ip(`link set ${outer.clientLink} netns ${child.pid}`);
  ip(`addr add ${outer.pop}/24 dev veth-pop`);
  ip("link set veth-pop up");
  child.send("plug in");
  return child;
}

async function openPop(workers: number, encapsulation: PlaneTunnel["encapsulation"], events: PlaneEvent[]): Promise<DataPlane> {
  const plane = await openUserspacePlane(
    {
      role: "pop",
      device,
      outerIpv4: ip4(outer.pop),
      ayiyaPort: outer.ayiyaPort,
      udpPort: outer.udpPort,
      proto41: true,
      workers,
      capacity: 4,
    },
    (event) => events.push(event),
  );
  ip(`link set ${device} mtu 1500 up`);
  ip(`-6 route add ${formatPrefix(island.pool)} dev ${device}`);
  const endpoint = endpoints[encapsulation];
  plane.set(benchTunnel(1, { encapsulation, endpoint, endpointFixed: endpoint !== undefined }));
  return plane;
}

/** The client's next message; rejects when its process has ended or ends. */
async function hear(client: ChildProcess): Promise<unknown> {
  const listening = new AbortController();
  const { signal } = listening;
  try {
    if (client.exitCode !== null || client.signalCode !== null) throw new Error("the client's process has ended");
    const ended = once(client, "exit", { signal }).then(([code, by]) => {
      throw new Error(`the client's process ended: ${code ?? by}`);
    });
    const [message] = (await Promise.race([once(client, "message", { signal }), ended])) as unknown[];
    return message;
  } finally {
    listening.abort();
  }
}

/** Two steps, so that the streams begin when the PoP, too, knows where the client is. */
async function askClient(client: ChildProcess, order: ClientOrder, plane: DataPlane): Promise<ClientReport> {
  client.send(order);
  const first = await hear(client);
  if (first !== "connected") return first as ClientReport;
  await waitFor("the client is proven", () => (plane.counters(1)?.endpointProven === true ? true : undefined));
  client.send("go on");
  return (await hear(client)) as ClientReport;
}

async function exchange(
  client: ChildProcess,
  order: ClientOrder,
): Promise<{ report: ClientReport; plane: DataPlane; events: PlaneEvent[] }> {
  const events: PlaneEvent[] = [];
  const plane = await openPop(order.workers, order.encapsulation, events);
  const stopServing = await serveStreams(formatIpv6(island.host), island.hostPort, order.bytesEach);
  try {
    const report = await askClient(client, order, plane);
    assert.equal(
      report.error,
      undefined,
      JSON.stringify(plane.drops(1).map((record) => ({ ...record, lastBytes: formatHex(record.lastBytes) }))),
    );
    assert.equal(report.wholeStreams, order.streams, "every stream came whole, there and back");
    return { report, plane, events };
  } finally {
    stopServing();
    await plane.close();
  }
}

/** Without what the kernel still had to say to the connections of the test before, until the tunnel was up and proven. */
function dropsSince(plane: DataPlane): Readonly<Record<string, number>> {
  const { "tunnel-down": _down, "unproven-budget": _unproven, ...drops } = dropsOf({ plane }, 1);
  return drops;
}

/** A full socket buffer loses some, which TCP sends again; the closing is counted at one end before the other one was asked. */
function assertFewLost(sentBytes: number, receivedBytes: number): void {
  const share = (sentBytes - receivedBytes) / sentBytes;
  assert.ok(share > -0.001 && share < 0.1, `${sentBytes} bytes sent, ${receivedBytes} received`);
}

if (isInNamespace()) {
  let client: ChildProcess;
  before(async () => {
    prepareNamespace();
    client = await openClientProcess();
  });
  after(() => client.disconnect());

  for (const workers of [1, 2]) {
    for (const encapsulation of ["ayiya", "6in4", "udp"] as const) {
      test(`${encapsulation}, ${workers} worker${workers > 1 ? "s" : ""}: 64 MiB of TCP come whole each way, and both ends' counters agree`, async () => {
        const bytesEach = 16 * 2 ** 20;
        const { report, plane, events } = await exchange(client, { encapsulation, workers, deviceMtuBytes: 1280, streams: 4, bytesEach });
        assert.deepEqual([report.drops, dropsSince(plane)], [{}, {}]);
        assert.ok(report.answered >= 1);
        const counters = plane.counters(1);
        assert.ok(report.inBytes > 4 * bytesEach && report.outBytes > 4 * bytesEach);
        assertFewLost(report.outBytes, counters?.inBytes ?? 0);
        assertFewLost(counters?.outBytes ?? 0, report.inBytes);
        if (encapsulation === "ayiya")
          assert.ok(
            events.some((event) => event.kind === "endpoint"),
            "the client's kernel answered the nonce",
          );
      });
    }
  }

  test("over devices of MTU 1500 our packet-too-big brings both kernels down to the tunnel's 1280", async () => {
    const order: ClientOrder = { encapsulation: "ayiya", workers: 1, deviceMtuBytes: 1500, streams: 1, bytesEach: 4 * 2 ** 20 };
    const { report, plane } = await exchange(client, order);
    assert.deepEqual([Object.keys(report.drops), Object.keys(dropsSince(plane))], [["too-big"], ["too-big"]]);
  });
} else {
  runInNamespace(import.meta.url);
}
