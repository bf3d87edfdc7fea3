import { createSocket } from "node:dgram";
import { once } from "node:events";
import { formatIpv4, parseIpv4, type Ipv4Address } from "@tombolo/base";

export interface BeatSocket {
  close(): Promise<void>;
}

/** Takes one datagram and where it came from. */
export type TakeBeat = (bytes: Uint8Array, source: Ipv4Address, port: number) => void;

/** Some thousand beats; more than these are better lost in the kernel than hashed late. */
const receiveBufferBytes = 262_144;

/** Listens on UDP `port` of `bind` and sends nothing, ever. Throws what the system refuses. */
export async function openBeatSocket(bind: Ipv4Address, port: number, take: TakeBeat): Promise<BeatSocket> {
  const socket = createSocket({ type: "udp4", recvBufferSize: receiveBufferBytes });
  const listening = once(socket, "listening");
  socket.bind({ address: formatIpv4(bind), port, exclusive: true });
  try {
    await listening;
  } catch (error) {
    socket.close();
    throw error;
  }
  // What a datagram socket reports later is about single datagrams (an ICMP error); it goes on listening.
  socket.on("error", () => undefined);
  socket.on("message", (bytes, from) => {
    const source = parseIpv4(from.address);
    if (source.ok) take(bytes, source.value, from.port);
  });
  return {
    close: () => {
      const closed = Promise.withResolvers<void>();
      socket.close(() => closed.resolve());
      return closed.promise;
    },
  };
}
