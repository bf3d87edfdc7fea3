import assert from "node:assert/strict";
import test from "node:test";
import { formatIpv6, formatPrefix, parseIpv6 } from "@tombolo/base";
import { prefixOf } from "../../test/states.ts";
import { KernelError, type Kernel } from "../kernel/kernel.ts";
import { makeMemoryKernel } from "../kernel/memory.ts";
import { repairKernel, type KernelWish } from "./kernel-repairs.ts";

const own = parseIpv6("2001:db8::1");
assert.ok(own.ok);
const wish: KernelWish = {
  device: "tombolo",
  mtuBytes: 1500,
  addresses: [own.value],
  routes: [prefixOf("2001:db8:1::/48"), prefixOf("2001:db8:2::/48")],
};

test("a fresh host becomes a router into the tunnels, and a second look finds nothing to do", async () => {
  const kernel = makeMemoryKernel();
  kernel.addLink("tombolo");
  const first = await repairKernel(kernel, wish);
  assert.deepEqual(first.failed, []);
  assert.ok(first.repaired.includes("net.ipv6.conf.all.forwarding was 0, set to 1"));
  assert.ok(first.repaired.includes("tombolo set up with MTU 1500"));
  assert.ok(first.repaired.includes("route 2001:db8:1::/48 added"));
  assert.ok(first.repaired.includes("address 2001:db8::1 added"));
  assert.equal(await kernel.findSysctl({ device: "tombolo", name: "accept_ra" }), "0");
  assert.deepEqual((await kernel.listRoutes("tombolo")).map(formatPrefix), ["2001:db8:1::/48", "2001:db8:2::/48"]);
  assert.deepEqual((await kernel.listAddresses("tombolo")).map(formatIpv6), ["2001:db8::1"]);
  assert.deepEqual(await repairKernel(kernel, wish), { deviceMissing: false, repaired: [], failed: [] });
});

test("what drifted is repaired, and only that", async () => {
  const kernel = makeMemoryKernel();
  kernel.addLink("tombolo");
  await repairKernel(kernel, wish);
  await kernel.changeRoutes("tombolo", { add: [prefixOf("2001:db8:9::/48")], remove: [prefixOf("2001:db8:1::/48")] });
  await kernel.setSysctl({ device: "all", name: "forwarding" }, "0");
  const { repaired } = await repairKernel(kernel, wish);
  assert.deepEqual(repaired, [
    "net.ipv6.conf.all.forwarding was 0, set to 1",
    "route 2001:db8:1::/48 added",
    "route 2001:db8:9::/48 removed",
  ]);
});

test("an uplink that lives on router advertisements goes on hearing them, before forwarding is set", async () => {
  const kernel = makeMemoryKernel();
  for (const device of ["tombolo", "eth0", "eth1"]) kernel.addLink(device);
  kernel.advertise("eth0");
  const repaired = (await repairKernel(kernel, wish)).repaired.filter((sentence) => sentence.startsWith("net."));
  assert.match(repaired[0] ?? "", /^net\.ipv6\.conf\.eth0\.accept_ra was 1, set to 2 /);
  assert.match(repaired[1] ?? "", /all\.forwarding/);
  assert.equal(await kernel.findSysctl({ device: "eth0", name: "accept_ra" }), "2");
  assert.equal(await kernel.findSysctl({ device: "eth1", name: "accept_ra" }), "1");
});

test("a device that is gone is for the data plane to make; its pools are unreachable and do not loop", async () => {
  const kernel = makeMemoryKernel();
  assert.deepEqual(await repairKernel(kernel, wish), {
    deviceMissing: true,
    repaired: ["unreachable route 2001:db8:1::/48 added", "unreachable route 2001:db8:2::/48 added"],
    failed: [],
  });
  assert.deepEqual(await repairKernel(kernel, wish), { deviceMissing: true, repaired: [], failed: [] });
});

test("a pool that went loses both its routes, and an unreachable route that somebody took away comes back", async () => {
  const kernel = makeMemoryKernel();
  kernel.addLink("tombolo");
  await repairKernel(kernel, wish);
  await kernel.changeUnreachable({ add: [], remove: wish.routes.slice(1) });
  const { repaired } = await repairKernel(kernel, { ...wish, routes: wish.routes.slice(1) });
  assert.deepEqual(repaired, [
    "unreachable route 2001:db8:2::/48 added",
    "unreachable route 2001:db8:1::/48 removed",
    "route 2001:db8:1::/48 removed",
  ]);
  assert.deepEqual((await kernel.listUnreachable()).map(formatPrefix), ["2001:db8:2::/48"]);
});

test("what cannot be set is told, and the rest is set all the same", async () => {
  const memory = makeMemoryKernel();
  memory.addLink("tombolo");
  const kernel: Kernel = { ...memory, setSysctl: () => Promise.reject(new KernelError("read-only file system")) };
  const { repaired, failed } = await repairKernel(kernel, wish);
  assert.ok(failed.every((sentence) => sentence === "read-only file system") && failed.length > 0);
  assert.ok(repaired.includes("route 2001:db8:1::/48 added"));
});
