import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LabNode } from "../lab/node.ts";
import type { Lab } from "../lab/open-lab.ts";
import { words } from "../process/words.ts";
import { until } from "../wait/until.ts";
import { pair, type Contender, type PairNode } from "./pair.ts";

const port = 51_820;

/** WireGuard in user space, as Debian ships it. */
export async function openWireguard(lab: Lab<PairNode>): Promise<Contender> {
  const near = lab.node("near");
  const far = lab.node("far");
  // Its control sockets live in one folder for all namespaces, so the devices need names of their own.
  const ends = [
    { node: far, device: `wf${process.pid}`, address: "fd00:c::1/64", peerIpv4: pair.nearIpv4 },
    { node: near, device: `wn${process.pid}`, address: "fd00:c::2/64", peerIpv4: pair.farIpv4 },
  ] as const;
  const keys = await Promise.all(ends.map((end) => makeKeys(lab.folder, end.node, end.device)));
  await Promise.all(ends.map((end) => startDaemon(end.node, end.device)));
  await Promise.all(
    ends.map(async (end, at) => {
      const own = keys[at];
      const peer = keys[1 - at];
      if (own === undefined || peer === undefined) throw new Error("two ends have two keys");
      const peering = `peer ${peer.publicKey} allowed-ips ::/0 endpoint ${end.peerIpv4}:${port}`;
      await end.node.must(["wg", "set", end.device, "private-key", own.file, ...words(`listen-port ${port} ${peering}`)]);
      await end.node.must(["ip", "address", "add", end.address, "dev", end.device, "nodad"]);
      await end.node.must(["ip", "link", "set", end.device, "mtu", String(pair.innerMtuBytes), "up"]);
    }),
  );
  return { name: "wireguard-go", near, far, farAddress: "fd00:c::1" };
}

async function makeKeys(folder: string, node: LabNode, device: string): Promise<{ readonly file: string; readonly publicKey: string }> {
  const secret = await node.must(["wg", "genkey"]);
  const file = join(folder, `${device}.key`);
  writeFileSync(file, secret, { mode: 0o600 });
  return { file, publicKey: (await node.must(["wg", "pubkey"], { input: secret })).trim() };
}

async function startDaemon(node: LabNode, device: string): Promise<void> {
  const daemon = node.start(["wireguard-go", "-f", device], {
    env: { LOG_LEVEL: "error", WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD: "1" },
  });
  const socket = `/var/run/wireguard/${device}.sock`;
  await until(`wireguard-go opens ${socket}`, { withinMs: 10_000, explain: () => daemon.stderr }, () => {
    if (!daemon.running) throw new Error(`wireguard-go ended: ${daemon.stderr}`);
    return existsSync(socket);
  });
}
