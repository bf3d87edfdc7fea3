import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { openUserspacePlane, type UserspacePlane } from "../drivers/userspace.ts";
import type { PlaneOptions } from "../plane/plane.ts";
import { ip4 } from "./inner-packets.ts";
import { isInNamespace, runInNamespace } from "./own-namespace.ts";
import { runPlaneCompliance } from "./plane-compliance.ts";
import { benchTunnel } from "./tunnels.ts";
import { openUserspaceBench, prepareNamespace } from "./userspace-bench.ts";
import { waitFor } from "./waiting.ts";

const device = "tmbl-open";
const options: PlaneOptions = {
  role: "pop",
  device,
  outerIpv4: ip4("127.0.0.1"),
  ayiyaPort: 5072,
  udpPort: 3653,
  proto41: true,
  workers: 2,
  capacity: 4,
};

/** Of this namespace; /sys shows the one in which it was mounted. */
function hasDevice(): boolean {
  return readFileSync("/proc/self/net/dev", "utf8").includes(`${device}:`);
}

async function withPlane(wish: Partial<PlaneOptions>, body: (plane: UserspacePlane) => void | Promise<void>): Promise<void> {
  const plane = await openUserspacePlane({ ...options, ...wish }, () => {});
  try {
    await body(plane);
  } finally {
    await plane.close();
  }
}

/** Sockets and devices of this process. */
function countDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

function runOpeningRules(): void {
  test("userspace: the device exists from open to close, and no descriptor is left open", async () => {
    await withPlane({}, () => {});
    const before = countDescriptors();
    for (let i = 0; i < 3; i += 1) {
      await withPlane({}, (plane) => {
        assert.equal(plane.ayiyaPort, 5072);
        assert.ok(hasDevice());
      });
      assert.ok(!hasDevice());
    }
    assert.equal(countDescriptors(), before);
  });

  test("userspace: a port that is taken is refused with its code, and nothing of the plane is left", async () => {
    const taken = createSocket("udp4");
    taken.bind(3653, "127.0.0.1");
    await once(taken, "listening");
    const before = countDescriptors();
    try {
      await assert.rejects(
        openUserspacePlane(options, () => {}),
        { code: "EADDRINUSE" },
      );
      assert.ok(!hasDevice());
      assert.equal(countDescriptors(), before);
    } finally {
      taken.close();
      await once(taken, "close");
    }
    await withPlane({}, () => {});
  });

  test("userspace: the kernel chooses port 0 once, for all workers together, and it is told", async () => {
    await withPlane({ role: "client", ayiyaPort: 0, workers: 3 }, (plane) => assert.ok((plane.ayiyaPort ?? 0) > 1023));
  });

  test("userspace: a second plane by the same device name is refused", async () => {
    await withPlane({ workers: 1 }, async () => {
      await assert.rejects(
        openUserspacePlane({ ...options, ayiyaPort: undefined, udpPort: undefined, proto41: false, workers: 1 }, () => {}),
        { code: "EBUSY" },
      );
    });
  });

  test("userspace: a second plane of several workers is refused at the ports of the first, which its workers may share", async () => {
    await withPlane({ workers: 2 }, async () => {
      const before = countDescriptors();
      await assert.rejects(
        openUserspacePlane({ ...options, device: "tmbl-second", workers: 2 }, () => {}),
        { code: "EADDRINUSE" },
      );
      assert.equal(countDescriptors(), before);
    });
  });

  test("userspace: the kernel's own ICMPv4 error about an endpoint without protocol 41 is believed and counted", async () => {
    // Linux says 3/2 where no socket takes the protocol, from the address that was asked.
    await withPlane({ workers: 2 }, async (plane) => {
      const tunnel = benchTunnel(1, { encapsulation: "6in4", endpoint: { ipv4: ip4("127.0.0.9"), port: 0 }, endpointFixed: true });
      plane.set(tunnel);
      await waitFor("the error is counted", () => {
        plane.pingMany([1]);
        return plane.drops(1).find((record) => record.reason === "path-error");
      });
      assert.equal(plane.drops(1)[0]?.lastSource?.ipv4.value, 0x7f000009);
    });
  });

  test("userspace: zero workers and seventeen are our own mistake", async () => {
    for (const workers of [0, 17]) {
      await assert.rejects(
        openUserspacePlane({ ...options, workers }, () => {}),
        { name: "AssertionFailed" },
      );
    }
  });
}

if (isInNamespace()) {
  prepareNamespace();
  runOpeningRules();
  for (const workers of [1, 2]) {
    const nowSec = (): number => Math.floor(Date.now() / 1000);
    runPlaneCompliance(`userspace, ${workers} worker${workers > 1 ? "s" : ""}`, () => openUserspaceBench({ workers, nowSec }));
  }
} else {
  runInNamespace(import.meta.url);
}
