import type { Command } from "../cli/command.ts";
import { askControl, type ControlFailure } from "../control/client.ts";
import type { Failure } from "../failure/failure.ts";
import { formatStatus } from "../report/status-text.ts";
import { wallClock } from "../run/clocks.ts";
import { pathsOf } from "../run/paths.ts";

export const statusCommand: Command = {
  name: "status",
  summary: "tell what the running tunnel does",
  about:
    "Asks the running tombolo for its state, addresses, last answer of the PoP, counters and drops. Ends with exit code 3 when none runs.",
  settings: ["device", "run-dir"],
  switches: {},
  examples: [
    ["tombolo status", "a table for people"],
    [`tombolo status --json | jq -r .state`, `"up" when the PoP answers; also "connecting", "silent", "offline", "waiting", "stopping"`],
  ],
  async run(context) {
    const paths = pathsOf(context.settings);
    const answer = await askControl(paths.socket, { command: "status" });
    if (!answer.ok) return explainControl(answer.reason, paths.device);
    if (!("status" in answer.value)) return { code: "internal", message: "it answered something else than its status" };
    const { status } = answer.value;
    context.out(context.json ? JSON.stringify(status) : formatStatus(status, wallClock.nowSec()));
    return undefined;
  },
};

export function explainControl(failure: ControlFailure, device: string): Failure {
  switch (failure.kind) {
    case "absent":
      return { code: "not-running", device };
    case "denied":
      return { code: "no-permission", what: "Asking the running tombolo" };
    case "broken":
      return { code: "internal", message: `the running tombolo does not answer as it should (${failure.message})` };
  }
}
