import { join } from "node:path";
import type { Lab } from "../lab/open-lab.ts";
import { words } from "../process/words.ts";
import { pair, type Contender, type PairNode } from "./pair.ts";

const port = 1194;

/**
 * OpenVPN point to point, signed with SHA-1 and not encrypted, which is what AYIYA does too. A static key, because TLS mode
 * would bring ciphers of its own; the data channel is the same code.
 */
export async function openOpenvpn(lab: Lab<PairNode>): Promise<Contender> {
  const near = lab.node("near");
  const far = lab.node("far");
  const key = join(lab.folder, "openvpn.key");
  await near.must(["openvpn", "--genkey", "secret", key]);
  const ends = [
    { node: far, local: pair.farIpv4, remote: pair.nearIpv4, address: "fd00:b::1/64 fd00:b::2" },
    { node: near, local: pair.nearIpv4, remote: pair.farIpv4, address: "fd00:b::2/64 fd00:b::1" },
  ];
  const started = ends.map((end) =>
    end.node.start([
      "openvpn",
      ...words(`--dev ovpn0 --dev-type tun --proto udp4 --local ${end.local} --lport ${port} --remote ${end.remote} ${port}`),
      ...words(`--cipher none --auth SHA1 --tun-mtu ${pair.innerMtuBytes} --ifconfig-ipv6 ${end.address}`),
      "--secret",
      key,
    ]),
  );
  await Promise.all(started.map((end) => end.waitFor(/Initialization Sequence Completed/, 20_000)));
  return { name: "OpenVPN, no cipher, SHA-1", near, far, farAddress: "fd00:b::1" };
}
