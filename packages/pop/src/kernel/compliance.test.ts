import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import test, { describe } from "node:test";
import { formatIpv6, formatPrefix, parseIpv6, type Ipv6Address } from "@tombolo/base";
import { prefixOf } from "../../test/states.ts";
import { runIp } from "./ip-command.ts";
import { isDeviceName, KernelError, type Kernel } from "./kernel.ts";
import { openLinuxKernel } from "./linux.ts";
import { makeMemoryKernel } from "./memory.ts";

/** Both kernels obey the same suite. The real one is asked in a network namespace of its own, by a child that runs this file again. */
const insideNamespace = process.env["TOMBOLO_KERNEL_SUITE"] === "linux";

interface Bench {
  readonly kernel: Kernel;
  /** Makes a device that is down. */
  addLink(device: string): Promise<void>;
  removeLink(device: string): Promise<void>;
}

function suite(name: string, bench: Bench): void {
  const { kernel } = bench;
  const device = "tb-test.0";
  const routes = async (): Promise<readonly string[]> => (await kernel.listRoutes(device)).map(formatPrefix).toSorted();
  const addresses = async (): Promise<readonly string[]> => (await kernel.listAddresses(device)).map(formatIpv6).toSorted();
  const withLink = async (use: () => Promise<void>): Promise<void> => {
    await bench.addLink(device);
    try {
      await use();
    } finally {
      await bench.removeLink(device);
    }
  };

  describe(name, () => {
    test("a device that is not there is not found", async () => {
      assert.equal(await kernel.findLink("tb-none"), undefined);
    });

    test("a device is set up with its MTU, twice with the same outcome", () =>
      withLink(async () => {
        assert.equal((await kernel.findLink(device))?.up, false);
        await kernel.setLink(device, { mtuBytes: 1400 });
        await kernel.setLink(device, { mtuBytes: 1400 });
        assert.deepEqual(await kernel.findLink(device), { up: true, mtuBytes: 1400 });
      }));

    test("a setting of a device that is not there fails with a reason", async () => {
      await assert.rejects(kernel.setLink("tb-none", { mtuBytes: 1400 }), KernelError);
      await assert.rejects(kernel.setSysctl({ device: "tb-none", name: "forwarding" }, "1"), KernelError);
      assert.equal(await kernel.findSysctl({ device: "tb-none", name: "forwarding" }), undefined);
    });

    test("routes are added and removed in one batch, and may be there or gone already", () =>
      withLink(async () => {
        await kernel.setLink(device, { mtuBytes: 1500 });
        assert.deepEqual(await routes(), []);
        const [a, b, c] = ["2001:db8:1::/48", "2001:db8:2::1/128", "2001:db8:3::/64"].map(prefixOf);
        assert.ok(a && b && c);
        await kernel.changeRoutes(device, { add: [a, b], remove: [c] });
        await kernel.changeRoutes(device, { add: [b, c], remove: [a] });
        assert.deepEqual(await routes(), ["2001:db8:2::1/128", "2001:db8:3::/64"]);
        await kernel.changeRoutes(device, { add: [], remove: [a, b, c] });
        assert.deepEqual(await routes(), []);
      }));

    test("unreachable routes need no device, stand behind its routes, and outlive it", async () => {
      const unreachable = async (): Promise<readonly string[]> => (await kernel.listUnreachable()).map(formatPrefix).toSorted();
      const [a, b] = ["2001:db8:1::/48", "2001:db8:2::/48"].map(prefixOf);
      assert.ok(a && b);
      await kernel.changeUnreachable({ add: [a], remove: [b] });
      await kernel.changeUnreachable({ add: [a, b], remove: [] });
      await withLink(async () => {
        await kernel.setLink(device, { mtuBytes: 1500 });
        await kernel.changeRoutes(device, { add: [a], remove: [] });
        assert.deepEqual(await routes(), ["2001:db8:1::/48"]);
        assert.deepEqual(await unreachable(), ["2001:db8:1::/48", "2001:db8:2::/48"]);
        await kernel.changeRoutes(device, { add: [], remove: [a] });
        assert.deepEqual(await unreachable(), ["2001:db8:1::/48", "2001:db8:2::/48"]);
        await kernel.changeRoutes(device, { add: [a], remove: [] });
        await kernel.changeUnreachable({ add: [], remove: [a] });
        assert.deepEqual(await routes(), ["2001:db8:1::/48"]);
      });
      assert.deepEqual(await unreachable(), ["2001:db8:2::/48"]);
      await kernel.changeUnreachable({ add: [], remove: [a, b] });
      assert.deepEqual(await unreachable(), []);
    });

    test("a thousand routes are one batch", () =>
      withLink(async () => {
        await kernel.setLink(device, { mtuBytes: 1500 });
        const many = Array.from({ length: 1000 }, (_, i) => prefixOf(`2001:db8:${(i + 1).toString(16)}::/48`));
        await kernel.changeRoutes(device, { add: many, remove: [] });
        assert.equal((await routes()).length, 1000);
      }));

    test("addresses are added and removed, and may be there or gone already", () =>
      withLink(async () => {
        await kernel.setLink(device, { mtuBytes: 1500 });
        const [a, b] = ["2001:db8::1", "2001:db8::2"].map(addressOf);
        assert.ok(a && b);
        await kernel.changeAddresses(device, { add: [a, b], remove: [] });
        await kernel.changeAddresses(device, { add: [b], remove: [a] });
        await kernel.changeAddresses(device, { add: [b], remove: [a] });
        assert.deepEqual(await addresses(), ["2001:db8::2"]);
      }));

    test("settings are read back as they were set", () =>
      withLink(async () => {
        for (const value of ["0", "1"]) {
          await kernel.setSysctl({ device, name: "accept_ra" }, value);
          assert.equal(await kernel.findSysctl({ device, name: "accept_ra" }), value);
        }
        await kernel.setSysctl({ device: "all", name: "forwarding" }, "1");
        assert.equal(await kernel.findSysctl({ device: "all", name: "forwarding" }), "1");
      }));

    test("a default route that nobody advertised makes no advertised uplink", () =>
      withLink(async () => {
        await kernel.setLink(device, { mtuBytes: 1500 });
        await kernel.changeRoutes(device, { add: [prefixOf("::/0")], remove: [] });
        assert.deepEqual(await routes(), ["::/0"]);
        assert.deepEqual(await kernel.listAdvertisedUplinks(), []);
      }));
  });
}

function addressOf(text: string): Ipv6Address {
  const address = parseIpv6(text);
  assert.ok(address.ok);
  return address.value;
}

if (insideNamespace) {
  const kernel = openLinuxKernel();
  suite("the kernel of this host", {
    kernel,
    // A tuntap device is what the agent has to do with, and every kernel that can run a PoP has it.
    addLink: async (device) => void (await runIp(["tuntap", "add", "dev", device, "mode", "tun"])),
    removeLink: async (device) => void (await runIp(["link", "del", "dev", device])),
  });
  test("a packet for a pool whose device is gone is refused here, and somebody else's unreachable route is not ours", async () => {
    const prefix = prefixOf("2001:db8:1::/48");
    await runIp(["tuntap", "add", "dev", "tb-pool", "mode", "tun"]);
    await kernel.setLink("tb-pool", { mtuBytes: 1500 });
    await kernel.changeRoutes("tb-pool", { add: [prefix], remove: [] });
    await kernel.changeUnreachable({ add: [prefix], remove: [] });
    assert.match(await runIp(["-6", "route", "get", "2001:db8:1::5"]), / dev tb-pool /);
    await runIp(["link", "del", "dev", "tb-pool"]);
    await assert.rejects(runIp(["-6", "route", "get", "2001:db8:1::5"]), /No route to host/);
    await runIp(["-6", "route", "add", "unreachable", "2001:db8:9::/48", "metric", "100", "protocol", "static"]);
    assert.deepEqual((await kernel.listUnreachable()).map(formatPrefix), ["2001:db8:1::/48"]);
  });
  test("a default route out of an advertisement is found", async () => {
    await runIp(["tuntap", "add", "dev", "tb-up", "mode", "tun"]);
    await kernel.setLink("tb-up", { mtuBytes: 1500 });
    await runIp(["-6", "route", "add", "default", "dev", "tb-up", "protocol", "ra"]);
    assert.deepEqual(await kernel.listAdvertisedUplinks(), ["tb-up"]);
  });
} else {
  const kernel = makeMemoryKernel();
  suite("the kernel in memory", {
    kernel,
    addLink: (device) => Promise.resolve(kernel.addLink(device)),
    removeLink: (device) => Promise.resolve(kernel.removeLink(device)),
  });

  test("the kernel of this host obeys the same suite", () => {
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
    const asRoot = process.getuid?.() === 0;
    const child = spawnSync(
      "unshare",
      [asRoot ? "-n" : "-rn", process.execPath, "--conditions=source", "--test-reporter=spec", fileURLToPath(import.meta.url)],
      { env: { ...environment, TOMBOLO_KERNEL_SUITE: "linux" }, encoding: "utf8", timeout: 60_000 },
    );
    assert.equal(child.status, 0, `${child.stdout}${child.stderr}`);
    assert.match(child.stdout, /pass [1-9]/);
  });

  test("device names cannot be taken for options or paths", () => {
    for (const good of ["tombolo", "eth0.5", "a", "tb_0-1"]) assert.equal(isDeviceName(good), true, good);
    for (const bad of ["", "-x", ".", "..", "a/b", "a b", "sixteen-letters-x", "täb"]) assert.equal(isDeviceName(bad), false, bad);
  });
}
