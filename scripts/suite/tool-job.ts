import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { runChild } from "./child.ts";
import type { Job } from "./job.ts";

/** A tool over the whole tree as a job: one pass or one failure, with its output. */
function makeToolJob(root: string, tool: { name: string; program: string; args: readonly string[] }): Job {
  return {
    name: tool.name,
    width: 1,
    run: async (signal) => {
      const program = join(root, "node_modules/.bin", tool.program);
      const end = await runChild({ program, args: tool.args, cwd: root, boundSec: 120, signal });
      const good = end.why === "ended" && end.code === 0;
      const why = end.why === "ended" ? `ended with code ${end.code}` : end.why;
      return {
        passed: good ? 1 : 0,
        failed: good ? 0 : 1,
        skipped: 0,
        tookMs: end.tookMs,
        failures: good
          ? []
          : [`${tool.name} (${tool.program} ${tool.args.join(" ")}): ${why}\n${stripVTControlCharacters(end.output).trimEnd()}`],
        skips: [],
      };
    },
  };
}

/** Types, lint and format, as `npm run check` and `npm test` run them. */
export function makeToolJobs(root: string): readonly Job[] {
  return [
    makeToolJob(root, { name: "types", program: "tsc", args: ["-b", "--pretty", "false"] }),
    makeToolJob(root, { name: "lint", program: "oxlint", args: ["--type-aware", "--deny-warnings", "--threads=1"] }),
    makeToolJob(root, { name: "format", program: "oxfmt", args: ["--check", "--threads=1"] }),
  ];
}
