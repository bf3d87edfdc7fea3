import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { makeIpv4, makeIpv6 } from "@tombolo/base";
import type { TicTunnel } from "@tombolo/protocols";
import { monotonicClock, wallClock } from "../run/clocks.ts";
import { fetchGrant, fetchTunnels, makeGrant } from "./login.ts";

test("what is no TIC server, closes early or refuses at the greeting is told as such", async (t) => {
  const cases: readonly [(socket: Socket) => void, string, RegExp][] = [
    [(socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"), "server-refused", /no TIC server/],
    [(socket) => socket.end(), "server-refused", /closed the connection/],
    [(socket) => socket.end("400 Too many sessions, do not run the client in a restart loop\n"), "server-refused", /Too many sessions/],
    [(socket) => socket.write("x".repeat(100_000)), "server-refused", /no TIC server/],
  ];
  for (const [behave, code, says] of cases) {
    const granted = await fetchGrant({ ...login, server: await listen(t, behave) }, undefined, new AbortController().signal);
    assert.ok(!granted.ok);
    assert.equal(granted.reason.code, code);
    assert.match(JSON.stringify(granted.reason), says);
  }
});

test("a closed port is an unreachable server and not a refusal", async (t) => {
  const listed = await fetchTunnels({ ...login, server: await listen(t, () => {}, "close") }, new AbortController().signal);
  assert.deepEqual(!listed.ok && [listed.reason.code, "message" in listed.reason && listed.reason.message], [
    "server-unreachable",
    "connection refused",
  ]);
});

test("an abort ends a session with a server that never speaks", async (t) => {
  const connected = Promise.withResolvers<void>();
  const server = await listen(t, () => connected.resolve());
  const abort = new AbortController();
  const pending = fetchTunnels({ ...login, server }, abort.signal);
  await connected.promise;
  abort.abort();
  assert.equal((await pending).ok, false);
});

test("a tunnel is granted as shown, with its MTU bounded by what its encapsulation can carry", () => {
  const granted = makeGrant({ ...tunnel, mtuBytes: 1480 });
  assert.ok(granted.ok);
  assert.deepEqual([granted.value.id, granted.value.mtuBytes, granted.value.beatSec], [1001, 1428, 60]);
  const bare = makeGrant({ ...tunnel, type: "6in4-heartbeat", ipv4Endpoint: "heartbeat", mtuBytes: 1480 });
  assert.ok(bare.ok);
  assert.deepEqual([bare.value.type, bare.value.mtuBytes], ["6in4-heartbeat", 1480]);
});

test("a tunnel whose parts make no sense together is refused and says which", () => {
  const cases: readonly [Partial<TicTunnel>, string, RegExp][] = [
    [{ popIpv4: makeIpv4(0x7f000001) }, "tunnel-malformed", /127\.0\.0\.1/],
    [{ popIpv4: makeIpv4(0xe0000001) }, "tunnel-malformed", /224\.0\.0\.1/],
    [{ popAddress: tunnel.clientAddress }, "tunnel-malformed", /both ends/],
    [{ prefixLengthBits: 0 }, "tunnel-malformed", /prefix length/],
  ];
  for (const [change, code, says] of cases) {
    const granted = makeGrant({ ...tunnel, ...change });
    assert.ok(!granted.ok);
    assert.equal(granted.reason.code, code);
    assert.match(JSON.stringify(granted.reason), says);
  }
});

const login = {
  user: { handle: "ABC1-TMB", tunnel: undefined },
  key: "k",
  tls: "prefer",
  monotonic: monotonicClock,
  wall: wallClock,
} as const;
const tunnel: TicTunnel = {
  id: "T1001",
  type: "ayiya",
  clientAddress: makeIpv6(0x20010db8000100000000000000000002n),
  popAddress: makeIpv6(0x20010db8000100000000000000000001n),
  prefixLengthBits: 64,
  popName: "nlams01",
  ipv4Endpoint: "ayiya",
  popIpv4: makeIpv4(0xc0000201),
  userState: "enabled",
  adminState: "enabled",
  password: "0123456789abcdef0123456789abcdef",
  heartbeatSec: 60,
  mtuBytes: 1280,
};

/** A loopback server that does one thing to whoever connects; "close": its port is closed again. */
async function listen(t: TestContext, behave: (socket: Socket) => void, after?: "close"): Promise<{ host: string; port: number }> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    behave(socket);
  });
  const ready = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => ready.resolve());
  await ready.promise;
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  if (after === "close") server.close();
  else t.after(() => server.close());
  return { host: "127.0.0.1", port: address.port };
}
