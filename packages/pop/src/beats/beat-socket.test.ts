import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import test from "node:test";
import { formatIpv4, makeIpv4 } from "@tombolo/base";
import { openBeatSocket } from "./beat-socket.ts";

const loopback = makeIpv4(0x7f00_0001);

test("a datagram comes with its bytes and its source; a port that is taken is said by the system's name", async (t) => {
  const other = createSocket("udp4");
  t.after(() => other.close());
  const holder = createSocket("udp4").bind(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address();
  await assert.rejects(
    openBeatSocket(loopback, port, () => {}),
    { code: "EADDRINUSE" },
  );
  holder.close();
  await once(holder, "close");

  const taken = Promise.withResolvers<string>();
  const socket = await openBeatSocket(loopback, port, (bytes, source) =>
    taken.resolve(`${Buffer.from(bytes).toString()} ${formatIpv4(source)}`),
  );
  t.after(() => socket.close());
  other.send("beat", port, "127.0.0.1");
  assert.equal(await taken.promise, "beat 127.0.0.1");
});
