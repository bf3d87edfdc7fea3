import { spawn } from "node:child_process";
import { errorCode, errorMessage } from "../failure/errors.ts";
import { argumentsOf, type Check, type CheckRun } from "./checks.ts";

const patienceMs = 60_000;
const outputBytes = 65_536;

/** Runs a check's program; its output is shown as it comes, and is bounded like its time. */
export function runCheck(check: Check, show: (text: string) => void): Promise<CheckRun> {
  const { promise, resolve } = Promise.withResolvers<CheckRun>();
  const child = spawn(check.program, argumentsOf(check), {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: patienceMs,
    env: { ...process.env, LC_ALL: "C", PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin:/usr/bin:/bin` },
  });
  let output = "";
  const take = (text: string): void => {
    if (output.length + text.length > outputBytes) {
      child.kill();
      return;
    }
    output += text;
    show(text);
  };
  child.stdout.setEncoding("utf8").on("data", take);
  child.stderr.setEncoding("utf8").on("data", take);
  child.on("error", (error) => {
    resolve(errorCode(error) === "ENOENT" ? { kind: "missing" } : { kind: "ended", code: undefined, output: errorMessage(error) });
  });
  child.on("close", (code) => resolve({ kind: "ended", code: code ?? undefined, output }));
  return promise;
}
