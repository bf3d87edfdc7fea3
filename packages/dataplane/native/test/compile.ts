// Compiles the core's tests and fuzz targets under the address and undefined-behaviour sanitizers, into build/check.
// Objects are kept by the hash of what they were made of, so that a second run compiles what changed.
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const nativeDir = fileURLToPath(new URL("..", import.meta.url));
const checkDir = fileURLToPath(new URL("../../build/check", import.meta.url));
const compiler = env["CXX"] ?? "g++";
const flags = ["-std=c++20", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-Wall", "-Wextra", "-Werror"];

export const fuzzTargets = ["split", "merge", "engine"] as const;

export interface NativeChecks {
  /** Paths of programs. */
  readonly core: string;
  readonly fuzz: Readonly<Record<(typeof fuzzTargets)[number], string>>;
}

/** Rejects with the compiler's messages when something does not compile. */
export async function compileNativeChecks(): Promise<NativeChecks> {
  mkdirSync(checkDir, { recursive: true });
  const isBinding = (file: string): boolean => file.startsWith("binding") || file.startsWith("convert");
  const source = list("src").filter((path) => !isBinding(basename(path)));
  const objects = await compileAll([...source, ...list("test"), ...list("fuzz")]);
  const pick = (...paths: string[]): string[] => objects.filter(({ path }) => paths.includes(path)).map(({ object }) => object);
  const shared = pick(...source, "test/samples.cc", "test/bytes.cc");
  const tests = list("test").filter((path) => path.endsWith("_test.cc") || path === "test/check.cc");
  const link = (name: string, own: string[]): string => linkProgram(name, [...shared, ...own]);
  const fuzz = (name: string): string => link(`fuzz-${name}`, pick("fuzz/driver.cc", `fuzz/${name}_fuzz.cc`));
  return { core: link("core-test", pick(...tests)), fuzz: { split: fuzz("split"), merge: fuzz("merge"), engine: fuzz("engine") } };
}

function list(dir: string): string[] {
  return readdirSync(join(nativeDir, dir))
    .filter((file) => file.endsWith(".cc"))
    .map((file) => `${dir}/${file}`);
}

interface Compiled {
  readonly path: string;
  readonly object: string;
}

async function compileAll(paths: readonly string[]): Promise<Compiled[]> {
  const headers = createHash("sha256").update([compiler, ...flags].join("\0"));
  for (const dir of ["src", "test", "fuzz"]) {
    for (const file of readdirSync(join(nativeDir, dir))) {
      if (file.endsWith(".h")) headers.update(readFileSync(join(nativeDir, dir, file)));
    }
  }
  const base = headers.digest();
  const waiting = [...paths];
  const done: Compiled[] = [];
  const worker = async (): Promise<void> => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      done.push({ path, object: await compileOne(path, base) });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return done;
}

async function compileOne(path: string, base: Uint8Array): Promise<string> {
  const source = join(nativeDir, path);
  const hash = createHash("sha256").update(base).update(path).update(readFileSync(source)).digest("hex").slice(0, 16);
  const object = join(checkDir, `${basename(path, ".cc")}-${hash}.o`);
  if (existsSync(object)) return object;
  const scratch = `${object}.${process.pid}`;
  await promisify(execFile)(compiler, [...flags, "-c", "-o", scratch, source]);
  renameSync(scratch, object);
  return object;
}

function linkProgram(name: string, objects: readonly string[]): string {
  const program = join(checkDir, name);
  const scratch = `${program}.${process.pid}`;
  execFileSync(compiler, ["-fsanitize=address,undefined", "-o", scratch, ...objects]);
  renameSync(scratch, program);
  return program;
}
