// Compiles the native addon. Runs as the package's install script, on Node 20 or later; does nothing when all is up to date.
// The sources are few, so the whole addon is one call of the compiler: no node-gyp, no libraries.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const packageDir = dirname(fileURLToPath(import.meta.url));
const sourceDir = join(packageDir, "native/src");
const buildDir = join(packageDir, "build");
const fileName = "tombolo-dataplane.node";
const target = join(buildDir, fileName);
const stampFile = join(buildDir, "stamp");

const compiler = process.env["CXX"] ?? "g++";
const includeDir = createRequire(import.meta.url)("node-api-headers").include_dir;
const flags = [
  "-std=c++20",
  "-O3",
  "-fPIC",
  "-shared",
  "-fvisibility=hidden",
  "-fno-exceptions",
  "-fno-rtti",
  "-static-libstdc++",
  "-static-libgcc",
  "-Wall",
  "-Wextra",
  "-DNAPI_VERSION=8",
];

const files = readdirSync(sourceDir).toSorted();
const sources = files.filter((file) => file.endsWith(".cc")).map((file) => join(sourceDir, file));

function stamp() {
  const hash = createHash("sha256").update([compiler, includeDir, process.arch, ...flags].join("\0"));
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(sourceDir, file)));
  return hash.digest("hex");
}

function isUpToDate(wanted) {
  return existsSync(target) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted;
}

function compile(wanted) {
  mkdirSync(buildDir, { recursive: true });
  // A name of its own and a rename: two installs at once, or one that a running program has loaded, stay whole.
  const scratch = join(buildDir, `${fileName}.${process.pid}`);
  const run = spawnSync(compiler, [...flags, "-I", includeDir, "-o", scratch, ...sources], { stdio: "inherit" });
  if (run.error?.code === "ENOENT") {
    // Installing goes on: the memory driver needs no addon, and whoever loads the addon is told the same.
    console.error(`dataplane: no C++ compiler (${compiler}); the packet path needs it: apt-get install g++, then npm rebuild`);
    return;
  }
  if (run.status !== 0) {
    rmSync(scratch, { force: true });
    console.error("dataplane: the native addon did not compile");
    process.exitCode = 1;
    return;
  }
  renameSync(scratch, target);
  writeFileSync(stampFile, wanted);
}

if (process.platform !== "linux") {
  console.error(`dataplane: the native addon is for Linux; on ${process.platform} only the memory driver works`);
} else if (!existsSync(join(packageDir, "prebuilds", `${process.platform}-${process.arch}`, fileName))) {
  const wanted = stamp();
  if (!isUpToDate(wanted)) compile(wanted);
}
