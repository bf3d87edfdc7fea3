import { run } from "./cli/run.ts";

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

process.exitCode = await run(process.argv.slice(2), {
  environment: process.env,
  isTerminal: process.stdout.isTTY,
  logsToTerminal: process.stderr.isTTY,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  stop: stop.signal,
});
