import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { test } from "node:test";
import { formatIpv6, parseIpv6, type Ipv6Address } from "@tombolo/base";
import { findDamage } from "./damage.ts";
import { makeLinuxPlatform } from "./linux.ts";
import { MemoryPlatform } from "./memory.ts";
import type { LinkSettings, Platform } from "./platform.ts";

// The Linux suite needs a network of its own: this file runs itself again inside a new network namespace (as "root" of a new user
// namespace where the caller is not root), and the namespace vanishes with that child.
const inside = process.env["TOMBOLO_TEST_NETNS"] === "inside";

if (inside) {
  const ip = (...args: readonly string[]): Promise<void> => Promise.resolve(void execFileSync("ip", args, { stdio: "pipe" }));
  testPlatform("linux", () =>
    Promise.resolve({
      platform: makeLinuxPlatform(),
      addDevice: (device) => ip("tuntap", "add", "dev", device, "mode", "tun"),
      removeDevice: (device) => ip("link", "delete", "dev", device),
      takeDown: (device) => ip("link", "set", "dev", device, "down"),
      addOtherRoute: async (device, metric) => {
        await ip("tuntap", "add", "dev", device, "mode", "tun");
        await ip("link", "set", "dev", device, "up");
        await ip("-6", "route", "add", "default", "dev", device, "metric", String(metric));
      },
    }),
  );

  test("linux: nothing stands in the way where there is the right to change the network, /dev/net/tun and ip(8)", async () => {
    assert.equal(await makeLinuxPlatform().findObstacle(), undefined);
  });

  test("linux: a host that switches IPv6 off for new devices still gets its tunnel's address", async () => {
    execFileSync("sh", ["-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6"]);
    await ip("tuntap", "add", "dev", "tmb1", "mode", "tun");
    const address = { family: 6, value: 0x20010db8000000000000000000000002n } as const;
    const done = await makeLinuxPlatform().configure(
      { device: "tmb1", address, prefixLengthBits: 64, mtuBytes: 1280, defaultRouteMetric: undefined },
      undefined,
    );
    assert.deepEqual(done, { ok: true, value: undefined });
    await ip("link", "delete", "dev", "tmb1");
  });
} else {
  testPlatform("memory", () => {
    const platform = new MemoryPlatform();
    return Promise.resolve({
      platform,
      addDevice: (device) => Promise.resolve(platform.addDevice(device)),
      removeDevice: (device) => Promise.resolve(platform.removeDevice(device)),
      takeDown: (device) => Promise.resolve(platform.takeDown(device)),
      addOtherRoute: (device, metric) => Promise.resolve(platform.addOtherRoute({ device, metric })),
    });
  });

  test("the linux platform passes the compliance suite in a network namespace of its own", () => {
    const asRoot = process.geteuid?.() === 0 ? [] : ["--map-root-user"];
    const environment = { ...process.env, TOMBOLO_TEST_NETNS: "inside" };
    // The runner's own variable would make the child report to a runner that is not its parent.
    delete (environment as Record<string, string | undefined>)["NODE_TEST_CONTEXT"];
    const child = spawnSync(
      "unshare",
      [...asRoot, "--net", process.execPath, "--conditions=source", "--test-reporter=tap", import.meta.filename],
      {
        encoding: "utf8",
        env: environment,
      },
    );
    assert.equal(child.status, 0, `${child.stdout}\n${child.stderr}`);
    assert.match(child.stdout, /^# pass [1-9]/m);
  });
}

/** A host to try a platform on; `addDevice` does what the data plane does. */
interface PlatformWorld {
  readonly platform: Platform;
  /** What an administrator's `ip link set DEVICE down` does. */
  takeDown(device: string): Promise<void>;
  addDevice(device: string): Promise<void>;
  removeDevice(device: string): Promise<void>;
  /** Another interface that holds an IPv6 default route of `metric`. */
  addOtherRoute(device: string, metric: number): Promise<void>;
}

/** What every platform must do; each test makes its own world. */
function testPlatform(name: string, open: () => Promise<PlatformWorld>): void {
  test(`${name}: a fresh device gets address, MTU and default route, and is up`, async () => {
    const world = await open();
    await world.addDevice("tmb0");
    assert.deepEqual(await world.platform.configure(link({}), undefined), { ok: true, value: undefined });
    assert.deepEqual(await describe(world.platform, "tmb0"), {
      up: true,
      mtuBytes: 1280,
      addresses: ["2001:db8:1::2/64"],
      defaultRouteMetrics: [2048],
    });
    await world.removeDevice("tmb0");
  });

  test(`${name}: without a default route there is none`, async () => {
    const world = await open();
    await world.addDevice("tmb0");
    assert.ok((await world.platform.configure(link({ defaultRouteMetric: undefined }), undefined)).ok);
    assert.equal((await world.platform.readLink("tmb0"))?.defaultRouteMetrics.length, 0);
    await world.removeDevice("tmb0");
  });

  test(`${name}: a change of address, MTU and metric leaves nothing of what was before`, async () => {
    const world = await open();
    await world.addDevice("tmb0");
    const before = link({});
    const wanted = link({ address: ipv6("2001:db8:2::2"), prefixLengthBits: 127, mtuBytes: 1400, defaultRouteMetric: 100 });
    assert.ok((await world.platform.configure(before, undefined)).ok);
    assert.ok((await world.platform.configure(wanted, before)).ok);
    assert.deepEqual(await describe(world.platform, "tmb0"), {
      up: true,
      mtuBytes: 1400,
      addresses: ["2001:db8:2::2/127"],
      defaultRouteMetrics: [100],
    });
    assert.ok((await world.platform.configure(link({ ...wanted, prefixLengthBits: 64 }), wanted)).ok);
    assert.deepEqual(await describe(world.platform, "tmb0"), {
      up: true,
      mtuBytes: 1400,
      addresses: ["2001:db8:2::2/64"],
      defaultRouteMetrics: [100],
    });
    await world.removeDevice("tmb0");
  });

  test(`${name}: a device that was set down has lost address and route, and configured anew it has all of it again`, async () => {
    const world = await open();
    await world.addDevice("tmb0");
    assert.ok((await world.platform.configure(link({}), undefined)).ok);
    const whole = await world.platform.readLink("tmb0");
    assert.deepEqual(whole && findDamage(link({}), whole), []);
    await world.takeDown("tmb0");
    const damaged = await world.platform.readLink("tmb0");
    assert.deepEqual(damaged && findDamage(link({}), damaged), ["up", "address", "default-route"]);
    // The second time there is nothing to mend, which is no fault either.
    for (let round = 0; round < 2; round += 1) {
      assert.deepEqual(await world.platform.configure(link({}), undefined), { ok: true, value: undefined });
      assert.deepEqual(await world.platform.readLink("tmb0"), whole);
    }
    await world.removeDevice("tmb0");
  });

  test(`${name}: with the device its address and route are gone`, async () => {
    const world = await open();
    await world.addDevice("tmb0");
    assert.ok((await world.platform.configure(link({}), undefined)).ok);
    await world.removeDevice("tmb0");
    assert.equal(await world.platform.readLink("tmb0"), undefined);
    assert.deepEqual(await world.platform.listOtherDefaultRoutes("none"), []);
  });

  test(`${name}: a device that is not there is a fault and not a throw`, async () => {
    const world = await open();
    const done = await world.platform.configure(link({ device: "tmb9" }), undefined);
    assert.equal(done.ok, false);
    assert.equal(!done.ok && done.reason.kind, "refused");
  });

  test(`${name}: another default route of the same metric is refused and named; of another metric it is listed`, async () => {
    const world = await open();
    await world.addOtherRoute("other0", 1024);
    await world.addDevice("tmb0");
    const clash = await world.platform.configure(link({ defaultRouteMetric: 1024 }), undefined);
    assert.match(clash.ok ? "" : JSON.stringify(clash.reason), /metric 1024/);
    assert.deepEqual(await world.platform.listOtherDefaultRoutes("tmb0"), [{ device: "other0", metric: 1024 }]);
    assert.ok((await world.platform.configure(link({ defaultRouteMetric: 2048 }), undefined)).ok);
    await world.removeDevice("tmb0");
    await world.removeDevice("other0");
  });

  test(`${name}: a leftover device is removed once, then absent`, async () => {
    const world = await open();
    await world.addDevice("tmb0");
    assert.equal(await world.platform.removeLeftover("tmb0"), "removed");
    assert.equal(await world.platform.removeLeftover("tmb0"), "absent");
  });
}

function link(change: Partial<LinkSettings>): LinkSettings {
  return { device: "tmb0", address: ipv6("2001:db8:1::2"), prefixLengthBits: 64, mtuBytes: 1280, defaultRouteMetric: 2048, ...change };
}

async function describe(platform: Platform, device: string): Promise<object | undefined> {
  const view = await platform.readLink(device);
  if (view === undefined) return undefined;
  return { ...view, addresses: view.addresses.map((held) => `${formatIpv6(held.address)}/${held.prefixLengthBits}`) };
}

function ipv6(text: string): Ipv6Address {
  const parsed = parseIpv6(text);
  assert.ok(parsed.ok);
  return parsed.value;
}
