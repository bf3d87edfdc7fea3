import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import {
  describeIsland,
  findObstacle,
  isAlive,
  island,
  listLeftovers,
  openLab,
  parseLabName,
  startProcess,
  sweepDeadLabs,
  until,
  type LabProcess,
} from "@tombolo/lab";

const skip = findObstacle() ?? false;

function assertNothingLeft(lab: string): void {
  const name = parseLabName(lab);
  assert.ok(name !== undefined, lab);
  assert.deepEqual(listLeftovers(name), { namespaces: [], folders: [] });
}

interface Held {
  readonly holder: LabProcess;
  readonly lab: string;
  readonly sleeper: number;
}

async function holdLab(): Promise<Held> {
  const program = fileURLToPath(new URL("programs/hold-lab.ts", import.meta.url));
  const holder = startProcess([process.execPath, "--conditions=source", program]);
  const [, lab, sleeper] = await holder.waitFor(/open (\S+) (\d+)/, 20_000);
  return { holder, lab: lab ?? "", sleeper: Number(sleeper) };
}

test("two labs stand side by side, carry packets, and leave nothing behind", { skip }, async () => {
  const labs = await Promise.all([openLab(describeIsland()), openLab(describeIsland())]);
  try {
    for (const lab of labs) {
      await lab.node("laptop").must(["ping", "-n", "-c", "1", "-W", "5", island.popIpv4]);
      await lab.node("desk").must(["ping", "-n", "-c", "1", "-W", "5", island.brokerIpv4]);
      await lab.node("pop").must(["ping", "-6", "-n", "-c", "1", "-W", "5", island.webIpv6]);
    }
  } finally {
    await Promise.all(labs.map((lab) => lab.close()));
  }
  for (const lab of labs) assertNothingLeft(lab.name);
});

test("without a tunnel the web server cannot be reached, and nobody gets through the NAT unasked", { skip }, async () => {
  const lab = await openLab(describeIsland());
  try {
    const ping = await lab.node("laptop").run(["ping", "-6", "-n", "-c", "1", "-W", "1", island.webIpv6]);
    assert.match(ping.stderr, /unreachable/);
    await lab.node("core").must(["ip", "route", "add", "192.168.1.0/24", "via", island.homeIpv4]);
    assert.notEqual((await lab.node("core").run(["ping", "-n", "-c", "1", "-W", "1", island.laptopIpv4])).status, 0);
  } finally {
    await lab.close();
  }
});

for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
  test(`a lab whose process got ${signal} leaves no namespace, folder or program behind`, { skip }, async () => {
    const { holder, lab, sleeper } = await holdLab();
    holder.signal(signal);
    const exit = await holder.exited;
    assert.equal(exit.signal, signal);
    const name = parseLabName(lab);
    assert.ok(name !== undefined);
    await until("the lab is gone", { withinMs: 10_000, explain: () => JSON.stringify(listLeftovers(name)) }, () => {
      const { namespaces, folders } = listLeftovers(name);
      return namespaces.length === 0 && folders.length === 0 && !isAlive(sleeper);
    });
  });
}

test("the sweeper removes what dead processes left and never touches a living one's lab", { skip }, async () => {
  const living = await openLab(describeIsland());
  const dead = startProcess(["true"]);
  await dead.exited;
  const leftover = `tmb-${dead.pid ?? 0}-1-pop`;
  try {
    await living.node("core").must(["ip", "netns", "add", leftover]);
    assert.ok((await sweepDeadLabs()).includes(`tmb-${dead.pid ?? 0}-1`));
    assert.ok(!existsSync(`/run/netns/${leftover}`));
    await living.node("laptop").must(["ping", "-n", "-c", "1", "-W", "5", island.popIpv4]);
  } finally {
    await living.close();
  }
});

test("a description that the kernel refuses is an error with the kernel's words, and nothing is left", { skip }, async () => {
  const broken = openLab({ nodes: { only: { about: "", routes: [{ to: "default", via: "10.9.9.9" }] } }, links: [] });
  await assert.rejects(broken, /failed:[\s\S]*route add default via 10\.9\.9\.9/);
});
