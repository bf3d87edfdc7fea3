// A program for sixxs-family.test.ts: speaks AYIYA to POP:5072 with SECRET from CLIENT to POP_INNER (IPv6 addresses as 32 hexadecimal digits) by the
// bytes of the protocol sheet, section 4: the beat twice, then an echo request forwarded. Prints the answer as hexadecimal digits.
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";

const [, , pop = "", secret = "", client = "", popInner = ""] = process.argv;
const sha1 = (bytes: Uint8Array): Buffer => createHash("sha1").update(bytes).digest();
const epoch = Math.floor(Date.now() / 1000)
  .toString(16)
  .padStart(8, "0");

function packet(head: string, payload: Uint8Array): Buffer {
  const begin = Buffer.from(`${head}${epoch}${client}`, "hex");
  const signature = sha1(Buffer.concat([begin, sha1(Buffer.from(secret, "latin1")), payload]));
  return Buffer.concat([begin, signature, payload]);
}

/** RFC 1071, over the pseudo-header and the message. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

const echo = Buffer.from("80000000123400015369785853212121", "hex");
echo.writeUInt16BE(checksum(Buffer.concat([Buffer.from(`${client}${popInner}000000100000003a`, "hex"), echo])), 2);
const inner = Buffer.concat([Buffer.from(`6000000000103a40${client}${popInner}`, "hex"), echo]);

const socket = createSocket("udp4");
const patience = setTimeout(() => socket.close(), 5_000);
socket.on("message", (bytes) => {
  // 44 bytes of AYIYA, 40 of IPv6: what else comes is the PoP's own question.
  if (bytes[44 + 40] !== 129) return;
  clearTimeout(patience);
  socket.close();
  process.stdout.write(`${bytes.toString("hex")}\n`);
});
socket.connect(5072, pop, () => {
  const beat = packet("4152103b", Buffer.alloc(0));
  socket.send(beat);
  socket.send(beat);
  socket.send(packet("41521129", inner));
});
