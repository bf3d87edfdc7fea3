import type { LabProcess, ProcessOptions, RunOptions, RunResult } from "../process/process.ts";
import { runProcess, startProcess } from "../process/process.ts";

/** One machine of a lab. */
export interface LabNode {
  readonly name: string;
  /** For `ip netns exec`. */
  readonly namespace: string;
  /** Runs a program to its end; a status other than 0 is a result. */
  run(command: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** As `run`, and throws with what the program said when its status is not 0. Returns standard output. */
  must(command: readonly string[], options?: RunOptions): Promise<string>;
  /** Starts a program, which the lab ends at the latest when it closes. */
  start(command: readonly string[], options?: ProcessOptions): LabProcess;
  /** Programs started here that still run. */
  readonly processes: readonly LabProcess[];
}

export function makeNode(name: string, namespace: string): LabNode {
  const started = new Set<LabProcess>();
  const inside = (command: readonly string[]): readonly string[] => ["ip", "netns", "exec", namespace, ...command];
  const run = (command: readonly string[], options?: RunOptions): Promise<RunResult> => runProcess(inside(command), options);
  return {
    name,
    namespace,
    run,
    must: async (command, options) => {
      const result = await run(command, options);
      if (result.status === 0) return result.stdout;
      throw new Error(
        `${name}: ${command.join(" ")} ended with ${result.status ?? result.signal ?? "a time-out"}\n${result.stdout}${result.stderr}`,
      );
    },
    start: (command, options) => {
      const begun = startProcess(inside(command), options);
      started.add(begun);
      void begun.exited.then(() => started.delete(begun));
      return begun;
    },
    get processes() {
      return [...started];
    },
  };
}
