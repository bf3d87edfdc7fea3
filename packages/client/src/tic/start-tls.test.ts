import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { connect, createServer, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { TLSSocket } from "node:tls";
import { noTls, startTls, type TlsPolicy } from "./start-tls.ts";

test("with TLS off nothing is asked for and nothing is read", async (t) => {
  const server = await open(t, () => {});
  const opened = await startTls(await server.dial(), wish("off"));
  assert.ok(opened.ok);
  assert.deepEqual([opened.value.greeting.length, server.asked], [0, []]);
});

test("a server that has no TLS is used in clear by prefer, and not at all by require", async (t) => {
  const server = await open(t, (socket) => socket.write("400 No TLS here\n"));
  const preferred = await startTls(await server.dial(), wish("prefer"));
  assert.ok(preferred.ok);
  assert.equal(Buffer.from(preferred.value.greeting).toString(), "200 Hello\n");
  const required = await startTls(await server.dial(), wish("require"));
  assert.equal(required.ok ? "opened" : required.reason, noTls);
  assert.deepEqual(server.asked, ["starttls\n", "starttls\n"]);
});

test("what is sent in clear behind the agreement to TLS ends it", async (t) => {
  const server = await open(t, (socket) => socket.write("200 Go ahead\n201 Injected\n"));
  const opened = await startTls(await server.dial(), wish("prefer"));
  assert.match(opened.ok ? "opened" : opened.reason, /in clear after it had agreed/);
});

test("a server that agrees and then does not speak TLS, or closes, is told as such", async (t) => {
  const nonsense = await open(t, (socket) => {
    socket.write("200 Go ahead\n");
    socket.once("data", () => socket.end("nonsense that is no handshake\n"));
  });
  const opened = await startTls(await nonsense.dial(), wish("prefer"));
  assert.match(opened.ok ? "opened" : opened.reason, /^TLS with it failed/);
  const closing = await open(t, (socket) => socket.end());
  const closed = await startTls(await closing.dial(), wish("prefer"));
  assert.match(closed.ok ? "opened" : closed.reason, /closed the connection at "starttls"/);
});

test("prefer takes a self-signed certificate, require does not", async (t) => {
  const pair = makeCertificate();
  const server = await open(t, (socket) => {
    socket.write("200 Go ahead\n");
    const secured = new TLSSocket(socket, { isServer: true, ...pair });
    secured.on("error", () => socket.destroy());
    secured.once("data", (bytes: Buffer) => secured.end(`200 ${bytes.toString().toUpperCase()}`));
  });
  const preferred = await startTls(await server.dial(), wish("prefer"));
  assert.ok(preferred.ok);
  const { socket } = preferred.value;
  socket.write("hidden\n");
  assert.equal(await firstOf(socket), "200 HIDDEN\n");
  const required = await startTls(await server.dial(), wish("require"));
  assert.match(required.ok ? "opened" : required.reason, /^TLS with it failed \(its certificate is self-signed\)/);
});

function wish(policy: TlsPolicy): Parameters<typeof startTls>[1] {
  return { policy, host: "tic.example.net", trace: undefined };
}

function firstOf(socket: Socket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once("data", (bytes: Buffer) => resolve(bytes.toString()));
  return promise;
}

/** Greets whoever connects, and does one thing at the first line. */
async function open(t: TestContext, atFirstLine: (socket: Socket) => void): Promise<{ asked: string[]; dial(): Promise<Socket> }> {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.write("200 Hello\n");
    socket.once("data", (bytes: Buffer) => {
      asked.push(bytes.toString());
      atFirstLine(socket);
    });
  });
  const ready = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => ready.resolve());
  await ready.promise;
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const dial = async (): Promise<Socket> => {
    const socket = connect(address.port, "127.0.0.1");
    t.after(() => socket.destroy());
    socket.on("error", () => socket.destroy());
    const connected = Promise.withResolvers<void>();
    socket.once("connect", () => connected.resolve());
    await connected.promise;
    return socket;
  };
  return { asked, dial };
}

/** The least X.509 that TLS takes: version 1, self-signed, for `tic.example.net`, good until 2049. */
function makeCertificate(): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const ecdsaWithSha256 = der(0x30, der(0x06, Buffer.from("2a8648ce3d040302", "hex")));
  const commonName = der(0x30, der(0x06, Buffer.from("550403", "hex")), der(0x0c, Buffer.from("tic.example.net")));
  const name = der(0x30, der(0x31, commonName));
  const validity = der(0x30, der(0x17, Buffer.from("200101000000Z")), der(0x17, Buffer.from("491231235959Z")));
  const publicInfo = publicKey.export({ type: "spki", format: "der" });
  const body = der(0x30, der(0x02, Buffer.of(1)), ecdsaWithSha256, name, validity, name, publicInfo);
  const signature = der(0x03, Buffer.of(0), sign("sha256", body, privateKey));
  const text = der(0x30, body, ecdsaWithSha256, signature).toString("base64");
  const cert = `-----BEGIN CERTIFICATE-----\n${text.replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`;
  return { key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), cert };
}

/** A value of ASN.1's distinguished encoding, of less than 64 KiB. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(parts);
  const length = value.length < 128 ? [value.length] : [0x82, value.length >> 8, value.length & 255];
  // Lengths from 128 to 255 have a form of their own.
  if (value.length >= 128 && value.length < 256) length.splice(0, 3, 0x81, value.length);
  return Buffer.concat([Buffer.of(tag, ...length), value]);
}
