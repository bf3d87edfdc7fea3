import { makeConsole } from "./cli/console.ts";
import { runProgram } from "./cli/program.ts";

// A reader that goes away (`tombolo status | head -1`) is no reason to fail.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

process.exitCode = await runProgram(
  process.argv.slice(2),
  process.env,
  makeConsole({ stdout: process.stdout, stderr: process.stderr, environment: process.env }),
);
