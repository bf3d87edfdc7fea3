import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { decodeLatin1, formatIpv4, type Ipv4Address, type WallSec } from "@tombolo/base";
import { heartbeatLimits, makeBeat } from "@tombolo/protocols";
import type { TunnelGrant } from "../tic/grant.ts";

/**
 * Sends one heartbeat from a socket of its own, as aiccu does: so it leaves with the address that the kernel would choose at this moment.
 * What cannot be sent is lost, as it would be on the way; the next one follows.
 */
export function sendHeartbeat(grant: TunnelGrant, at: WallSec, localIpv4: Ipv4Address | undefined): void {
  const wish = { address: grant.clientAddress, sender: "sender", nowSec: at, password: decodeLatin1(grant.secret) } as const;
  const beat = makeBeat(wish, (bytes) => createHash("md5").update(bytes).digest());
  const socket = createSocket("udp4");
  socket.on("error", () => socket.close());
  const send = (): void => {
    socket.send(beat, heartbeatLimits.port, formatIpv4(grant.popIpv4), () => socket.close());
  };
  if (localIpv4 === undefined) send();
  else socket.bind(0, formatIpv4(localIpv4), send);
}
