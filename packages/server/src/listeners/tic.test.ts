import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import test from "node:test";
import { makeIpv4 } from "@tombolo/base";
import { parseTunnelLine, parseTunnelShow } from "@tombolo/protocols";
import { list, logIn, openTicWorld } from "../../test/tic-world.ts";
import { until } from "../../test/world.ts";
import { systemWall } from "../platform/clocks.ts";

test("a whole session of aiccu: identity, time, login, list, show, quit", async (t) => {
  const { client: connect, furnished, broker } = await openTicWorld(t);
  const client = connect();
  await client.linesToBe(1);
  assert.equal(client.lines[0], "200 Tombolo TIC Service on tic.example.net ready");
  assert.match(await client.ask("client TIC/draft-00 AICCU/2007.01.15-console-linux Linux/4.1.13"), /^200 /);
  const time = await client.ask("get unixtime");
  assert.match(time, /^200 \d{10}$/);
  assert.ok(Math.abs(Number(time.slice(4)) - systemWall.nowSec()) <= 120);
  assert.match(await client.ask("starttls"), /^400 /);
  assert.match(await logIn(client, furnished.handle, furnished.accessKey), /^200 /);

  const [line] = await list(client, "tunnel list");
  assert.deepEqual(parseTunnelLine(line ?? ""), {
    ok: true,
    value: { id: "T1001", clientAddress: furnished.tunnel.clientAddress, ipv4Endpoint: "ayiya", popName: "nlams01" },
  });
  const shown = parseTunnelShow(await list(client, "tunnel show T1001"));
  assert.ok(shown.ok);
  assert.equal(shown.value.password, await broker.tunnels.readSecret("T1001"));
  assert.deepEqual(
    [
      shown.value.type,
      shown.value.userState,
      shown.value.adminState,
      shown.value.mtuBytes,
      shown.value.heartbeatSec,
      shown.value.prefixLengthBits,
    ],
    ["ayiya", "enabled", "enabled", 1280, 60, 64],
  );
  assert.deepEqual(await list(client, "pop list"), ["nlams01"]);
  assert.ok((await list(client, "pop show nlams01")).includes("IPv4: 192.0.2.1"));
  assert.deepEqual(await list(client, "route list"), ["R1001 T1001 2001:db8:2::/64"]);
  assert.deepEqual(await list(client, "route show R1001"), ["RouteId: R1001", "TunnelId: T1001", "Prefix: 2001:db8:2::/64"]);
  assert.equal(await client.ask("route show R1002"), "400 No such route");
  client.send("QUIT Gone with the wind");
  assert.equal(await client.closed(), "fin");
});

test("people type handles in small letters", async (t) => {
  const { client, furnished } = await openTicWorld(t);
  assert.match(await logIn(client(), furnished.handle.toLowerCase(), furnished.accessKey), /^200 /);
});

test("a wrong key and an unknown user get one and the same answer", async (t) => {
  const { client, furnished, events } = await openTicWorld(t);
  const [wrong, unknown] = await Promise.all([logIn(client(), furnished.handle, "wrong"), logIn(client(), "ZZ9-TMB", "wrong")]);
  assert.match(wrong ?? "", /^400 /);
  assert.equal(unknown, wrong);
  assert.equal(events.filter((event) => event.event === "tic.login.refused").length, 2);
});

test("a disabled account is let in no more", async (t) => {
  const { client, furnished, broker } = await openTicWorld(t);
  await broker.accounts.setState(furnished.handle, "disabled");
  assert.match(await logIn(client(), furnished.handle, furnished.accessKey), /^400 /);
});

test("a tunnel of somebody else and one that is not there get one and the same answer", async (t) => {
  const { client: connect, broker } = await openTicWorld(t);
  const { account, accessKey } = await broker.accounts.add({ fullName: "Eve", email: "eve@example.net" });
  const client = connect();
  assert.match(await logIn(client, account.handle, accessKey), /^200 /);
  assert.deepEqual(await list(client, "tunnel list"), []);
  const foreign = await client.ask("tunnel show T1001");
  assert.equal(foreign, await client.ask("tunnel show T9999"));
  assert.match(foreign, /^400 /);
});

test("a key for one tunnel shows that tunnel only", async (t) => {
  const { client: connect, broker, furnished } = await openTicWorld(t);
  const other = await broker.tunnels.add({
    handle: furnished.handle,
    pop: "nlams01",
    encapsulation: "6in4",
    staticEndpoint: makeIpv4(0xc633_6407),
  });
  const { accessKey } = await broker.accounts.addKey({ handle: furnished.handle, tunnel: other.id, label: "router" });
  const client = connect();
  assert.match(await logIn(client, `${furnished.handle}/${other.id}`, accessKey), /^200 /);
  assert.deepEqual(
    (await list(client, "tunnel list")).map((line) => line.split(" ")[2]),
    ["198.51.100.7"],
  );
  assert.match(await client.ask("tunnel show T1001"), /^400 /);
  assert.match(await logIn(connect(), furnished.handle, accessKey), /^400 /);
});

test("a PoP that is down is said as aiccu's users know it: with the operator's text, which PoP, and since when", async (t) => {
  const { client: connect, broker, furnished } = await openTicWorld(t);
  const client = connect();
  await logIn(client, furnished.handle, furnished.accessKey);
  const down = "500 This PoP is unfortunately currently down";
  for (const [message, told] of [
    ["https://status.example.net/nlams01", ", see https://status.example.net/nlams01"],
    ["New disks until noon", ": New disks until noon"],
    ["", ""],
  ] as const) {
    const { stateSince } = await broker.pops.setState("nlams01", "down", message);
    const since = new Date(stateSince * 1000).toISOString().slice(0, 16).replace("T", " ");
    assert.equal(await client.ask("tunnel show T1001"), `${down}${told} (nlams01 since ${since} UTC)`);
  }
  assert.equal((await list(client, "tunnel list")).length, 1, "the list still has it, as it did in 2009");
  await broker.pops.setState("nlams01", "up", "");
  assert.equal((await list(client, "tunnel show T1001")).length, 13, "and it comes back by itself");
});

test("commands in the wrong order are refused and the session goes on", async (t) => {
  const { client: connect, furnished } = await openTicWorld(t);
  const client = connect();
  await client.linesToBe(1);
  for (const line of [
    "tunnel list",
    "challenge md5",
    "authenticate md5 0",
    "tunnel show T1001",
    "pop list",
    "nonsense",
    "username ../etc/passwd",
  ]) {
    assert.match(await client.ask(line), /^400 /, line);
  }
  assert.match(await logIn(client, furnished.handle, furnished.accessKey), /^200 /);
  assert.match(await client.ask("username OTHER-TMB"), /^400 /);
});

test("a line over the bound is refused with a word and FIN, wherever it is cut", async (t) => {
  const { client: connect, furnished } = await openTicWorld(t);
  const whole = connect();
  whole.send("x".repeat(5000));
  assert.equal(await whole.closed(), "fin");
  assert.equal(whole.lines.at(-1), "400 Line too long");

  const endless = connect();
  await endless.linesToBe(1);
  while (endless.ended === "no" && endless.socket.writable) {
    endless.socket.write("no newline ever comes ");
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(endless.lines.at(-1), "400 Line too long");
  assert.match(await logIn(connect(), furnished.handle, furnished.accessKey), /^200 /);
});

test("commands that come one byte at a time, and all at once, are answered alike", async (t) => {
  const { client: connect } = await openTicWorld(t);
  const commands = ["client TIC/draft-00 x/1 y/2", "username ABC1-TMB", "tunnel list", "QUIT"];
  const slow = connect();
  for (const byte of commands.map((line) => `${line}\r\n`).join("")) {
    slow.socket.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const fast = connect();
  fast.send(...commands);
  assert.deepEqual([await slow.closed(), await fast.closed()], ["fin", "fin"]);
  assert.deepEqual(slow.lines, fast.lines);
  assert.equal(fast.lines.length, 5);
});

test("a client that closes its side after its last command still gets the answer", async (t) => {
  const { client: connect } = await openTicWorld(t);
  const client = connect();
  client.socket.end("client x\nget unixtime\n");
  assert.equal(await client.closed(), "fin");
  assert.match(client.lines[2] ?? "", /^200 \d{10}$/);
});

test("a list of sixty tunnels comes in pieces that aiccu's buffer can hold", async (t) => {
  const { client: connect, broker, furnished } = await openTicWorld(t);
  for (let i = 0; i < 59; i += 1) await broker.tunnels.add({ handle: furnished.handle, pop: "nlams01", encapsulation: "ayiya" });
  const client = connect();
  await logIn(client, furnished.handle, furnished.accessKey);
  const chunks: number[] = [];
  client.socket.on("data", (chunk: Buffer) => void chunks.push(chunk.length));
  assert.equal((await list(client, "tunnel list")).length, 60);
  assert.ok(chunks.length >= 3, `${chunks.length} pieces`);
  assert.ok(Math.max(...chunks) < 1013, `${Math.max(...chunks)} bytes in one piece`);
});

test("who fails too often must wait, and a right login costs nothing", async (t) => {
  const { client: connect, furnished } = await openTicWorld(t, { loginsPerMinutePerSource: 1 });
  for (let i = 0; i < 6; i += 1) assert.match(await logIn(connect(), furnished.handle, furnished.accessKey), /^200 /);
  const replies = await Promise.all([1, 2, 3, 4].map(() => logIn(connect(), furnished.handle, "wrong")));
  assert.deepEqual(replies.map((reply) => reply.slice(0, 12)).toSorted(), ["400 Login fa", "400 Login fa", "400 Login fa", "400 Too many"]);
  assert.match(await logIn(connect("127.0.0.2"), furnished.handle, furnished.accessKey), /^200 /);
});

test("aiccu in a restart loop reads at username why it must wait, for at the greeting it would not show the reason", async (t) => {
  const { client: connect, furnished, events } = await openTicWorld(t, { sessionsPerMinutePerSource: 1 });
  for (let i = 0; i < 3; i += 1) assert.match(await logIn(connect(), furnished.handle, furnished.accessKey), /^200 /);
  const fourth = connect();
  await fourth.linesToBe(1);
  assert.match(fourth.lines[0] ?? "", /^200 /);
  const reason = "400 Too many sessions, do not run the client in a restart loop: wait a minute";
  assert.equal(await fourth.ask(`username ${furnished.handle}`), reason);
  assert.equal(await fourth.closed(), "fin");
  assert.ok(events.some(({ event }) => event === "tic.session.throttled"));
  assert.match(await logIn(connect("127.0.0.2"), furnished.handle, furnished.accessKey), /^200 /);
});

test("an account that logs in again and again must wait wherever it comes from, and a stranger cannot use up its turns", async (t) => {
  const { client: connect, furnished } = await openTicWorld(t, { sessionsPerMinutePerAccount: 1 });
  await Promise.all([1, 2, 3].map(() => logIn(connect("127.0.0.2"), furnished.handle, "wrong")));
  for (let i = 0; i < 3; i += 1) assert.match(await logIn(connect(), furnished.handle, furnished.accessKey), /^200 /);
  assert.match(await logIn(connect("127.0.0.3"), furnished.handle, furnished.accessKey), /^400 Too many sessions/);
});

test("wrong logins from elsewhere never lock an account's owner out", async (t) => {
  const { client: connect, furnished } = await openTicWorld(t, { loginsPerMinutePerAccount: 1 });
  const replies = await Promise.all([1, 2, 3, 4, 5, 6].map(() => logIn(connect("127.0.0.2"), furnished.handle, "wrong")));
  assert.equal(replies.filter((reply) => reply.startsWith("400 Too many")).length, 3, "the guesser must wait");
  assert.match(await logIn(connect("127.0.0.3"), furnished.handle, "wrong"), /^400 Login fa/);
  for (let i = 0; i < 4; i += 1) assert.match(await logIn(connect(), furnished.handle, furnished.accessKey), /^200 /);
});

test("a failed login waits longer each time, and the third ends the session", async (t) => {
  const { client: connect, furnished } = await openTicWorld(t);
  const client = connect();
  await client.linesToBe(1);
  await client.ask(`username ${furnished.handle}`);
  for (let i = 0; i < 3; i += 1) {
    await client.ask("challenge md5");
    assert.match(await client.ask("authenticate md5 00"), /^400 Login failed/);
  }
  assert.equal(await client.closed(), "fin");
});

test("too many connections of one source, or of all, hear why and are closed", async (t) => {
  const { client: connect, server } = await openTicWorld(t, { maxConnectionsPerSource: 2, maxConnections: 3 });
  const held = [connect(), connect()];
  for (const client of held) await client.linesToBe(1);
  const third = connect();
  assert.equal(await third.closed(), "fin");
  assert.match(third.lines[0] ?? "", /^400 Too many sessions/);
  const elsewhere = connect("127.0.0.2");
  await elsewhere.linesToBe(1);
  assert.match(elsewhere.lines[0] ?? "", /^200 /);
  const late = connect("127.0.0.3");
  assert.equal(await late.closed(), "fin");
  assert.match(late.lines[0] ?? "", /^400 The broker is busy/);
  held[0]?.send("quit");
  await until(() => server.connections() === 2, "a place");
  const again = connect();
  await again.linesToBe(1);
  assert.match(again.lines[0] ?? "", /^200 /);
});

test("closing the server ends every session with FIN", async (t) => {
  const { client: connect, server } = await openTicWorld(t);
  const clients = [connect(), connect(), connect()];
  for (const client of clients) await client.linesToBe(1);
  await server.close();
  for (const client of clients) assert.equal(await client.closed(), "fin");
  await until(() => server.connections() === 0, "the end of all connections");
});

test("ten thousand idle connections hurt nobody, and leave nothing behind", async (t) => {
  const { client: connect, server, furnished } = await openTicWorld(t, { maxConnections: 10_100, maxConnectionsPerSource: 200 });
  // The far ends live in a process of their own: a process has only so many descriptors.
  const program = fileURLToPath(new URL("../../test/idle-clients.ts", import.meta.url));
  const idle = spawn(process.execPath, ["--conditions=source", program, String(server.port), "10000"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => idle.kill("SIGKILL"));
  const gone = new Promise((resolve) => idle.once("exit", resolve));
  let said = "";
  idle.stdout.on("data", (chunk: Buffer) => (said += chunk.toString("latin1")));
  await until(() => said.includes("\n"), "the idle clients");
  assert.equal(said, "10000 greeted\n");
  assert.equal(server.connections(), 10_000);
  const client = connect();
  assert.match(await logIn(client, furnished.handle, furnished.accessKey), /^200 /);
  assert.equal((await list(client, "tunnel list")).length, 1);
  client.send("quit");
  await client.closed();
  idle.kill("SIGKILL");
  await gone;
  await until(() => server.connections() === 0, "the end of all connections");
});
