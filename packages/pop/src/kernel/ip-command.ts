import { spawn } from "node:child_process";
import { KernelError } from "./kernel.ts";

const timeoutMs = 10_000;
const outputMaxBytes = 64 * 1024 * 1024;

/** Runs ip(8) and gives what it printed; `input` goes to its standard input. Bounded in time and output. */
export async function runIp(args: readonly string[], input = ""): Promise<string> {
  const child = spawn("ip", args, { stdio: ["pipe", "pipe", "pipe"], timeout: timeoutMs, killSignal: "SIGKILL" });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const out: Buffer[] = [];
  let outBytes = 0;
  let complaint = "";
  child.stdout.on("data", (chunk: Buffer) => {
    outBytes += chunk.length;
    if (outBytes > outputMaxBytes) child.kill("SIGKILL");
    else out.push(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    if (complaint.length < 4096) complaint += chunk.toString("utf8");
  });
  child.once("error", (error: NodeJS.ErrnoException) => {
    reject(new KernelError(error.code === "ENOENT" ? "the program `ip` is missing: apt-get install iproute2" : error.message));
  });
  child.once("close", (code, killed) => {
    if (code === 0) resolve(Buffer.concat(out).toString("utf8"));
    else reject(new KernelError(`ip ${args.join(" ")}: ${complaint.trim() || `ended by ${killed ?? `status ${code}`}`}`));
  });
  // A child that ends early breaks the pipe; its exit status says why.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  return promise;
}
