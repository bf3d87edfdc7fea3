// A program: many clients at once, each logging in as aiccu does and reading its tunnel, again and again. Argument: TicLoad as JSON.
// Prints `done EXCHANGES SECONDS P99MS`: only exchanges that began and ended within the measured time count.
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { monotonicMs } from "../wait/clocks.ts";
import { readTicLoad } from "./tic-load-arguments.ts";

const load = readTicLoad(process.argv[2] ?? "");
const durationsMs: number[] = [];
const warmUpMs = 1000;
const beginMs = monotonicMs() + warmUpMs;
const endMs = beginMs + load.seconds * 1000;

await Promise.all(Array.from({ length: load.clients }, () => repeat()));
durationsMs.sort((a, b) => a - b);
const p99Ms = durationsMs[Math.min(durationsMs.length - 1, Math.floor(durationsMs.length * 0.99))] ?? Number.NaN;
process.stdout.write(`done ${durationsMs.length} ${load.seconds} ${p99Ms.toFixed(3)}\n`);

async function repeat(): Promise<void> {
  while (monotonicMs() < endMs) {
    const fromMs = monotonicMs();
    await exchange();
    if (fromMs >= beginMs && monotonicMs() <= endMs) durationsMs.push(monotonicMs() - fromMs);
  }
}

/** One connection, in lock step; settles when the tunnel was shown. Any refusal is an error: it would be no measurement. */
function exchange(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ host: load.host, port: load.port, noDelay: true });
  const commands = [
    () => "client TIC/draft-00 AICCU/2007.01.15-console-linux Linux/4.1.13",
    () => "get unixtime",
    () => `username ${load.handle}`,
    () => "challenge md5",
    (reply: string) => `authenticate md5 ${respond(reply.slice(4))}`,
    () => `tunnel show ${load.tunnel}`,
  ];
  let text = "";
  socket.on("error", reject);
  socket.on("close", () => reject(new Error("closed early")));
  socket.on("data", (bytes: Buffer) => {
    text += bytes.toString("latin1");
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      if (line.startsWith("4") || line.startsWith("5")) reject(new Error(line));
      if (line.startsWith("202")) {
        socket.end("QUIT\n");
        resolve();
      } else {
        const command = commands.shift();
        if (command !== undefined) socket.write(`${command(line)}\n`);
      }
    }
  });
  return promise;
}

function respond(challenge: string): string {
  const h = createHash("md5").update(load.key).digest("hex");
  return createHash("md5").update(challenge).update(h).digest("hex");
}
