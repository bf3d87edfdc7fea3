import { connect } from "node:net";

/*
 * node idle-clients.ts PORT COUNT: connects COUNT times from many loopback addresses, a hundred from each, says how many were greeted,
 * and sits there until killed.
 */
const [port = 0, count = 0] = process.argv.slice(2).map(Number);
let greeted = 0;
let failed = 0;
let begun = 0;

function next(): void {
  if (begun >= count) return;
  const address = `127.1.${Math.floor(begun / 100 / 250)}.${(Math.floor(begun / 100) % 250) + 1}`;
  begun += 1;
  const socket = connect({ port, host: "127.0.0.1", localAddress: address });
  socket.once("data", (chunk: Buffer) => done(chunk.toString("latin1").startsWith("200 ")));
  socket.on("error", () => done(false));
}

function done(well: boolean): void {
  if (well) greeted += 1;
  else failed += 1;
  next();
  if (greeted + failed === count) process.stdout.write(`${greeted} greeted\n`);
}

for (let i = 0; i < 200; i += 1) next();
