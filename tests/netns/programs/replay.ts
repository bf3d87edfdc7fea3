// A program for hostile.test.ts: sends datagrams (hexadecimal, one an argument) to ADDRESS PORT, each ROUNDS times, from a host that is not
// theirs, listens for WINDOW_MS, and prints as JSON what was sent and what came back.
import { createSocket } from "node:dgram";

const [, , address = "", port = "", rounds = "", windowMs = "", ...datagrams] = process.argv;
const socket = createSocket("udp4");
const sent = { count: 0, bytes: 0 };
const received = { count: 0, bytes: 0 };
socket.on("message", (message) => {
  received.count += 1;
  received.bytes += message.length;
});
socket.bind(0, () => {
  for (let round = 0; round < Number(rounds); round += 1) {
    for (const datagram of datagrams) {
      const bytes = Buffer.from(datagram, "hex");
      sent.count += 1;
      sent.bytes += bytes.length;
      socket.send(bytes, Number(port), address);
    }
  }
  setTimeout(() => {
    socket.close();
    process.stdout.write(`${JSON.stringify({ sent, received })}\n`);
  }, Number(windowMs));
});
