import { spawn } from "node:child_process";
import { failure, success, type Result } from "@tombolo/base";
import { errorCode, errorMessage, printable } from "../failure/errors.ts";

export interface IpFault {
  readonly kind: "missing" | "refused";
  /** What ip(8) wrote, as one line. */
  readonly message: string;
}

const outputBytes = 1_048_576;
const patienceMs = 10_000;

/** Runs ip(8) once; `input` goes to its standard input. Its output is bounded and so is its time. */
export function runIp(args: readonly string[], input: string): Promise<Result<string, IpFault>> {
  const { promise, resolve } = Promise.withResolvers<Result<string, IpFault>>();
  const child = spawn("ip", args, {
    stdio: ["pipe", "pipe", "pipe"],
    timeout: patienceMs,
    env: { ...process.env, LC_ALL: "C", PATH: searchPath() },
  });
  let output = "";
  let complaint = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (output.length > outputBytes) child.kill();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (complaint.length < 4096) complaint += text;
  });
  child.on("error", (error) =>
    resolve(failure({ kind: errorCode(error) === "ENOENT" ? "missing" : "refused", message: errorMessage(error) })),
  );
  child.on("close", (code) => resolve(code === 0 ? success(output) : failure({ kind: "refused", message: tidy(complaint) })));
  // A child that ended early closes its end; the reason comes with "close".
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return promise;
}

/** `ip -json …`, parsed; anything but a list counts as an empty one. */
export async function readIpJson(args: readonly string[]): Promise<Result<readonly Readonly<Record<string, unknown>>[], IpFault>> {
  const answer = await runIp(["-json", ...args], "");
  if (!answer.ok) return answer;
  try {
    const parsed: unknown = JSON.parse(answer.value === "" ? "[]" : answer.value);
    return success(Array.isArray(parsed) ? parsed.filter(isRecord) : []);
  } catch {
    return failure({ kind: "refused", message: "ip did not write JSON; iproute2 5.0 or newer is needed" });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Services and sudo often run with a path that lacks sbin, where ip(8) lives on many systems. */
function searchPath(): string {
  return `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`;
}

function tidy(complaint: string): string {
  const lines = complaint.split("\n").filter((line) => line !== "" && !line.startsWith("Command failed"));
  const text = printable(lines.join("; "), 300).replace(/^(RTNETLINK answers|Error): /, "");
  return text === "" ? "ip(8) ended without saying why" : text;
}
