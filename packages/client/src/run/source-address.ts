import { createSocket } from "node:dgram";
import { formatIpv4, parseIpv4, type Ipv4Address } from "@tombolo/base";
import { ayiyaPort } from "../tic/grant.ts";

/**
 * The address that the kernel would send from towards `target` now; undefined without a route. Connecting a UDP socket asks the kernel
 * for just that and sends nothing, for the price of four system calls.
 */
export function findSourceAddress(target: Ipv4Address): Promise<Ipv4Address | undefined> {
  const { promise, resolve } = Promise.withResolvers<Ipv4Address | undefined>();
  const socket = createSocket("udp4");
  const done = (found: Ipv4Address | undefined): void => {
    resolve(found);
    socket.close();
  };
  socket.once("error", () => done(undefined));
  socket.connect(ayiyaPort, formatIpv4(target), (error?: Error) => {
    const source = error === undefined || error === null ? parseIpv4(socket.address().address) : undefined;
    done(source?.ok === true ? source.value : undefined);
  });
  return promise;
}
