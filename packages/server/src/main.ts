import { run } from "./cli/run.ts";
import { exitCodes } from "./run/startup-error.ts";

/*
 * The program itself: the only file that touches the process. A first SIGINT or SIGTERM asks the command to end; the handlers are gone
 * then, so a second one ends the process at once, as the system does by itself.
 */
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    process.removeAllListeners("SIGINT").removeAllListeners("SIGTERM");
    stop.abort();
  });
}

const argv = process.argv.slice(2);
const isDaemon = ["serve", "broker", "pop"].includes(argv[0] ?? "");

/*
 * Without a listener, a write that fails would end the process. A log that cannot be written (a full disk, a reader that left) must not take
 * broker and PoP down: they go on without it. A reader of a command's answer that left (`| head -1`) wants no more, and that is no failure;
 * an answer that is lost on a full disk is one, for it may have held the only copy of a token.
 */
process.stderr.on("error", () => {});
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (isDaemon) return;
  stop.abort();
  if (error.code === "EPIPE") return;
  process.stderr.write(`tombolod: the answer cannot be written (${error.code ?? error.message})\n`);
  process.exitCode = exitCodes.permission;
});

const status = await run(argv, {
  environment: process.env,
  isTerminal: process.stdout.isTTY,
  logsToTerminal: process.stderr.isTTY,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  stop: stop.signal,
});
process.exitCode ??= status;
