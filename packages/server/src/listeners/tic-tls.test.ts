import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { parseTunnelShow } from "@tombolo/protocols";
import { list, logIn, openTicWorld, type TicWorld } from "../../test/tic-world.ts";
import { makeFolder, makeTestLog, until, type TestClient } from "../../test/world.ts";
import { readSettings } from "../config/read.ts";
import type { Settings } from "../config/settings.ts";
import { systemWall } from "../platform/clocks.ts";
import { systemRandom } from "../platform/crypto.ts";
import { makeCertificate } from "../platform/certificate.ts";
import { makeTlsContext, openTls } from "./tls.ts";

const pair = await makeCertificate("tic.example.net", systemWall.nowSec(), systemRandom);
const context = makeTlsContext(pair);

function openTlsWorld(t: TestContext, changes: Partial<Settings["tic"]> = {}): Promise<TicWorld> {
  return openTicWorld(t, { tls: true, ...changes }, context);
}

/** Says `starttls` as aiccu does and shakes hands on the same connection; no greeting follows. */
async function secure(client: TestClient, options: ConnectionOptions = {}): Promise<TLSSocket> {
  await client.linesToBe(1);
  assert.match(await client.ask("starttls"), /^200 /);
  const secured = connectTls({ socket: client.socket, rejectUnauthorized: false, ...options });
  const shaken = Promise.withResolvers<void>();
  secured.once("secureConnect", () => shaken.resolve());
  secured.once("error", (error) => shaken.reject(error));
  secured.once("close", () => shaken.reject(new Error("closed during the handshake")));
  await shaken.promise;
  client.speakOver(secured);
  return secured;
}

test("aiccu goes on with username after the handshake, with no new greeting, and is shown its tunnel", async (t) => {
  const { client: connect, furnished, events } = await openTlsWorld(t);
  const client = connect();
  await secure(client);
  assert.match(await logIn(client, furnished.handle, furnished.accessKey), /^200 /);
  assert.equal(parseTunnelShow(await list(client, "tunnel show T1001")).ok, true);
  client.send("QUIT");
  assert.equal(await client.closed(), "fin");
  assert.deepEqual(
    events.filter(({ event }) => event === "tic.login.accepted").map(({ what }) => what),
    ["over TLS"],
  );
});

test("TLS 1.3 is never spoken and no ticket is given: aiccu takes the ticket behind the handshake for an error and dies", async (t) => {
  const { client } = await openTlsWorld(t);
  const secured = await secure(client());
  assert.equal(secured.getProtocol(), "TLSv1.2");
  assert.equal(secured.getTLSTicket(), undefined);
  await assert.rejects(secure(client(), { minVersion: "TLSv1.3" }));
});

test("pyaiccu pins TLS 1.0 and old builds of aiccu know nothing newer, so 1.0 still works", async (t) => {
  const { client: connect, furnished } = await openTlsWorld(t);
  for (const version of ["TLSv1", "TLSv1.1"] as const) {
    const client = connect();
    const secured = await secure(client, { minVersion: version, maxVersion: version, ciphers: "DEFAULT:@SECLEVEL=0" });
    assert.equal(secured.getProtocol(), version);
    assert.match(await logIn(client, furnished.handle, furnished.accessKey), /^200 /);
  }
});

test("what comes in clear behind starttls is thrown away before the handshake", async (t) => {
  const { client: connect, furnished } = await openTlsWorld(t);
  const client = connect();
  await client.linesToBe(1);
  client.send("starttls", "username EVE1-TMB", "challenge md5", "half a li");
  await client.linesToBe(2);
  const secured = connectTls({ socket: client.socket, rejectUnauthorized: false });
  await new Promise((resolve) => secured.once("secureConnect", resolve));
  client.speakOver(secured);
  assert.equal(await client.ask("challenge md5"), '400 Not now, this session is at the stage "initial"');
  assert.equal(client.lines.length, 3);
  assert.match(await logIn(client, furnished.handle, furnished.accessKey), /^200 /);
});

test("what comes in clear in place of a handshake ends that session, and no other", async (t) => {
  const { client: connect, furnished, events } = await openTlsWorld(t);
  const client = connect();
  await client.linesToBe(1);
  assert.match(await client.ask("starttls"), /^200 /);
  client.send(`username ${furnished.handle}`, "challenge md5", "and much more that is no handshake at all");
  await client.closed();
  assert.deepEqual(client.lines.filter((line) => line.startsWith("200 ")).length, 2);
  await until(() => events.some(({ event }) => event === "tic.tls.failed"), "the event");
  assert.match(await logIn(connect(), furnished.handle, furnished.accessKey), /^200 /);
});

test("a peer that closes in the middle of its handshake leaves nothing behind", async (t) => {
  const { client: connect, server } = await openTlsWorld(t);
  const client = connect();
  await client.linesToBe(1);
  assert.match(await client.ask("starttls"), /^200 /);
  client.socket.write(Buffer.from([22, 3, 1, 2, 0, 1]));
  client.destroy();
  await until(() => server.connections() === 0, "the end of the connection");
});

test("without a certificate starttls is refused and aiccu goes on in clear", async (t) => {
  const { client: connect, furnished } = await openTicWorld(t);
  const client = connect();
  await client.linesToBe(1);
  assert.equal(await client.ask("starttls"), "400 TLS is not available");
  assert.match(await logIn(client, furnished.handle, furnished.accessKey), /^200 /);
});

test("where the operator wants TLS a tunnel is shown over TLS only", async (t) => {
  const { client: connect, furnished } = await openTlsWorld(t, { showNeedsTls: true });
  const clear = connect();
  assert.match(await logIn(clear, furnished.handle, furnished.accessKey), /^200 /);
  assert.match(await clear.ask("tunnel show T1001"), /^400 This broker shows tunnels over TLS only/);
  const client = connect();
  await secure(client);
  assert.match(await logIn(client, furnished.handle, furnished.accessKey), /^200 /);
  assert.equal((await list(client, "tunnel show T1001")).length, 13);
});

test("the access key itself is taken under TLS only", async (t) => {
  const { client: connect, furnished } = await openTlsWorld(t);
  const client = connect();
  await secure(client);
  assert.match(await client.ask(`username ${furnished.handle}`), /^200 /);
  assert.match(await client.ask("challenge clear"), /^200 /);
  assert.match(await client.ask(`authenticate clear ${furnished.accessKey}`), /^200 /);
  const clear = connect();
  await clear.linesToBe(1);
  assert.match(await clear.ask(`username ${furnished.handle}`), /^200 /);
  assert.match(await clear.ask("challenge clear"), /^400 /);
  assert.match(await clear.ask(`authenticate clear ${furnished.accessKey}`), /^400 /);
});

test("GnuTLS, which aiccu is built with, shakes hands and goes on", async (t) => {
  const { server, furnished } = await openTlsWorld(t);
  const cli = spawn("gnutls-cli", ["--insecure", "--starttls", "--port", String(server.port), "127.0.0.1"]);
  t.after(() => cli.kill("SIGKILL"));
  let said = "";
  let missing = "";
  cli.on("error", (error) => (missing = error.message));
  cli.stdin.on("error", () => undefined);
  cli.stdout.on("data", (chunk: Buffer) => (said += chunk.toString("latin1")));
  await until(() => missing !== "" || said.includes(" ready\n"), "the greeting");
  if (missing !== "") return t.diagnostic(`not run: ${missing} (Debian package gnutls-bin)`);
  cli.stdin.write("starttls\n");
  await until(() => said.includes("200 Go ahead"), "the reply");
  // So it is told to begin its handshake.
  cli.kill("SIGALRM");
  await until(() => said.includes("- Options:"), "the handshake");
  cli.stdin.write(`username ${furnished.handle}\n`);
  await until(() => said.includes("choose your authentication challenge"), "the session after the handshake");
  assert.match(said, /Description: \(TLS1\.2/);
  cli.stdin.end("QUIT\n");
  await until(() => said.includes("200 bye"), "the farewell");
});

function ticSettings(changes: Partial<Settings["tic"]> = {}): Settings["tic"] {
  const read = readSettings({}, {});
  assert.ok(read.ok);
  return { ...read.value.settings.tic, name: "tic.example.net", ...changes };
}

test("a certificate is made at the first start, kept for its owner only, and used again", async (t) => {
  const folder = join(await makeFolder(t), "new");
  const { log, events } = makeTestLog();
  const needs = { settings: ticSettings(), folder, wall: systemWall, random: systemRandom, log };
  assert.ok((await openTls(needs)) !== undefined);
  const [key, certificate] = [join(folder, "tic-key.pem"), join(folder, "tic-certificate.pem")];
  assert.equal((await stat(key)).mode & 0o777, 0o600);
  const first = await readFile(certificate, "ascii");
  await openTls(needs);
  assert.equal(await readFile(certificate, "ascii"), first);
  assert.deepEqual(
    events.map(({ event }) => event),
    ["tic.certificate.made"],
  );
});

test("a certificate of the operator's is used, and what is wrong with it is said", async (t) => {
  const folder = await makeFolder(t);
  const { log } = makeTestLog();
  const [tlsCertificate, tlsKey] = [join(folder, "c.pem"), join(folder, "k.pem")];
  await writeFile(tlsCertificate, pair.certificatePem);
  await writeFile(tlsKey, pair.keyPem);
  const open = (changes: Partial<Settings["tic"]>): ReturnType<typeof openTls> =>
    openTls({ settings: ticSettings(changes), folder, wall: systemWall, random: systemRandom, log });
  assert.ok((await open({ tlsCertificate, tlsKey })) !== undefined);
  assert.equal(await open({ tls: false }), undefined);
  await assert.rejects(open({ tls: false, showNeedsTls: true }), /nobody could see a tunnel/);
  await assert.rejects(open({ tlsCertificate }), /belong together/);
  await assert.rejects(open({ tlsCertificate, tlsKey: join(folder, "absent.pem") }), /there is no such file/);
  await assert.rejects(open({ tlsCertificate: tlsKey, tlsKey }), /are no certificate and its key/);
});
