import { askPop, followTrace, type DecisionReport, type PopAnswer, type PopControlFailure, type PopRequest } from "@tombolo/pop";
import { controlSocketOf } from "../config/control-socket.ts";
import type { Settings } from "../config/settings.ts";
import { StartupError } from "../run/startup-error.ts";

/* What the PoP on this host says about itself, over its control socket. */

/** "absent": there is no PoP on this host that could be asked. Throws when there is one that may not be asked, or answers nonsense. */
export async function findPopAnswer(pop: Settings["pop"], request: PopRequest): Promise<PopAnswer | "absent"> {
  const path = controlSocketOf(pop);
  const answer = await askPop(path, request);
  if (answer.ok) return answer.value;
  return answer.reason.kind === "absent" ? "absent" : complain(path, answer.reason);
}

/** Calls `take` for each decision until the time is over or `stop` aborts; how it ended. */
export async function watchPop(
  pop: Settings["pop"],
  request: PopRequest & { readonly command: "trace" },
  { take, stop }: { readonly take: (decision: DecisionReport) => void; readonly stop: AbortSignal },
): Promise<"absent" | "time" | "tunnel-gone" | "stopped"> {
  const path = controlSocketOf(pop);
  let end: "time" | "tunnel-gone" | undefined;
  const answer = await followTrace(path, request, {
    take: (line) => {
      if ("decision" in line) take(line.decision);
      else end = line.end;
    },
    stop,
  });
  if (!answer.ok) return answer.reason.kind === "absent" ? "absent" : complain(path, answer.reason);
  if ("error" in answer.value) throw refusalOf(answer.value.error, `T${request.tunnel}`);
  if (end === undefined && !stop.aborted) throw new StartupError("unreachable", "the PoP ended before the trace did");
  return end ?? "stopped";
}

/** What a PoP's refusal means to the one who asked. */
export function refusalOf(error: string, tunnel: string): StartupError {
  switch (error) {
    case "tunnel-unknown":
      return new StartupError("refused", `${tunnel} is not a tunnel of the PoP on this host`);
    case "not-forwarding":
      return new StartupError("refused", "the PoP on this host carries nothing yet: it has no state, or its data plane did not open");
    default:
      return new StartupError("internal", `the PoP on this host did not understand the question (${error})`);
  }
}

function complain(path: string, reason: PopControlFailure): never {
  if (reason.kind === "denied")
    throw new StartupError("permission", `the PoP's control socket ${path} is its user's alone: run this as root`);
  throw new StartupError(
    "unreachable",
    `the PoP's control socket ${path} gave no answer: ${reason.kind === "broken" ? reason.message : ""}`,
  );
}
