import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { test } from "node:test";
import { encodeLatin1, makeIpv4, makeIpv6, wallSec } from "@tombolo/base";
import type { TunnelGrant } from "../tic/grant.ts";
import { sendHeartbeat } from "./send-beat.ts";

// A loopback address that nothing else uses, since the port is fixed.
const pop = "127.77.3.1";

test("a beat is one datagram to UDP 3740, byte for byte as aiccu sends it", async (t) => {
  const listener = createSocket("udp4");
  t.after(() => listener.close());
  const bound = Promise.withResolvers<void>();
  listener.bind(3740, pop, () => bound.resolve());
  await bound.promise;
  const received = Promise.withResolvers<string>();
  listener.once("message", (bytes) => received.resolve(bytes.toString("latin1")));
  sendHeartbeat(grant, wallSec(1136073600), undefined);
  assert.equal(await received.promise, "HEARTBEAT TUNNEL 2001:db8:2ff:2::2 sender 1136073600 045619114f1c06e968d5fd18fc58fb35");
});

const grant: TunnelGrant = {
  id: 1001,
  type: "6in4-heartbeat",
  pop: "nlams01",
  popIpv4: makeIpv4(0x7f4d0301),
  popAddress: makeIpv6(0x20010db802ff00020000000000000001n),
  clientAddress: makeIpv6(0x20010db802ff00020000000000000002n),
  prefixLengthBits: 64,
  ipv4Endpoint: "heartbeat",
  mtuBytes: 1280,
  beatSec: 60,
  secret: encodeLatin1("91915d757a09bfc94d5028832d85cc0d"),
  delegations: [],
};
