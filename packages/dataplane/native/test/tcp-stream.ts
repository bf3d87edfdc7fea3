// A TCP stream of pseudo-random bytes, for the tests of the TUN device.
//   node tcp-stream.ts listen ADDRESS            prints "listening", then the SHA-1 and length of what one client sent
//   node tcp-stream.ts send ADDRESS BYTES        prints the SHA-1 and length of what it sent
import { createCipheriv, createHash } from "node:crypto";
import { connect, createServer } from "node:net";
import { pipeline } from "node:stream/promises";

const port = 5001;
const [role, host = "::1", total = "0"] = process.argv.slice(2);

async function* stream(bytes: number): AsyncGenerator<Buffer> {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, 1), Buffer.alloc(16));
  const zeros = Buffer.alloc(65_536);
  for (let left = bytes; left > 0; left -= zeros.length) yield cipher.update(zeros.subarray(0, Math.min(left, zeros.length)));
}

async function tell(source: AsyncIterable<Buffer>): Promise<void> {
  const hash = createHash("sha1");
  let bytes = 0;
  for await (const chunk of source) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  process.stdout.write(`${hash.digest("hex")} ${bytes}\n`);
}

if (role === "listen") {
  const server = createServer((socket) => {
    server.close();
    void tell(socket).then(() => socket.end());
  });
  server.listen(port, host, () => process.stdout.write("listening\n"));
} else if (role === "send") {
  await pipeline(stream(Number(total)), connect(port, host));
  await tell(stream(Number(total)));
}
