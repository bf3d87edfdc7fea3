import { createHash, type Hash } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/*
 * A TCP connection that sends `bytes` of a stream that both sides know, then hears how the other side's SHA-256 of it was, then
 * gets the same from there. One wrong, missing or doubled byte on the way changes the digest.
 */
const chunkBytes = 65_536;
const digestBytes = 32;

/** The stream's n-th chunk: different for every n, and nowhere all zero. */
function chunkAt(n: number): Uint8Array {
  const words = new Uint32Array(chunkBytes / 4);
  for (let i = 0; i < words.length; i += 1) words[i] = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(n + 1, 0x85ebca6b);
  return new Uint8Array(words.buffer);
}

async function sendStream(socket: Socket, bytes: number): Promise<Uint8Array> {
  const hash = createHash("sha256");
  for (let n = 0; n * chunkBytes < bytes; n += 1) {
    const chunk = chunkAt(n).subarray(0, Math.min(chunkBytes, bytes - n * chunkBytes));
    hash.update(chunk);
    if (!socket.write(chunk)) await once(socket, "drain");
  }
  return digestOf(hash);
}

/** The digest of the next `bytes` of what comes in. */
async function receiveDigest(incoming: Incoming, bytes: number): Promise<Uint8Array> {
  const hash = createHash("sha256");
  for (let left = bytes; left > 0;) {
    const part = await incoming.take(left);
    hash.update(part);
    left -= part.length;
  }
  return digestOf(hash);
}

/** A socket's stream in parts no larger than asked for. */
class Incoming {
  readonly #parts: AsyncIterator<unknown>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(socket: Socket) {
    this.#parts = socket.iterator({ destroyOnReturn: false });
  }

  async take(most: number): Promise<Uint8Array> {
    if (this.#rest.length === 0) {
      const next = await this.#parts.next();
      if (next.done === true || !(next.value instanceof Uint8Array)) throw new Error("the connection ended early");
      this.#rest = next.value;
    }
    const part = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }
}

function digestOf(hash: Hash): Uint8Array {
  return new Uint8Array(hash.digest());
}

/** Takes streams of `bytes`, tells each sender its digest, and sends the stream back, until the answered function is called. */
export async function serveStreams(host: string, port: number, bytes: number): Promise<() => void> {
  const sockets = new Set<Socket>();
  const serve = async (socket: Socket): Promise<void> => {
    socket.write(await receiveDigest(new Incoming(socket), bytes));
    await sendStream(socket, bytes);
    socket.end();
  };
  // Who asked sees that his connection ends early.
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    void serve(socket).catch(() => socket.destroy());
  });
  server.listen(port, host);
  await once(server, "listening");
  return () => {
    server.close();
    // One whose last packets were lost with the tunnel would be open for minutes.
    for (const socket of sockets) socket.destroy();
  };
}

/** Sends a stream to such a server and takes it back; answers whether both directions were whole. */
export async function exchangeStream(host: string, port: number, bytes: number): Promise<boolean> {
  const socket = connect({ host, port });
  await once(socket, "connect");
  const incoming = new Incoming(socket);
  const sent = await sendStream(socket, bytes);
  const heard: number[] = [];
  while (heard.length < digestBytes) heard.push(...(await incoming.take(digestBytes - heard.length)));
  const back = await receiveDigest(incoming, bytes);
  socket.destroy();
  return [Uint8Array.from(heard), back].every((digest) => digest.every((byte, i) => byte === sent[i]));
}
