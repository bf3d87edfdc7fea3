// A program of its own: waits until the lab's process is gone, however it went (its end of our standard input closes even
// after SIGKILL), then removes whatever is left of that lab. Argument: the lab's name.
import { removeLab } from "./namespaces.ts";
import { parseLabName } from "./names.ts";

const name = parseLabName(process.argv[2] ?? "");
if (name === undefined) {
  process.stderr.write("usage: janitor tmb-PID-N\n");
  process.exitCode = 2;
} else {
  // Whoever ends the lab's whole family by a signal must not take the one that cleans up.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  process.stdin.on("error", () => {}).resume();
  process.stdin.once("close", () => void removeLab(name));
}
