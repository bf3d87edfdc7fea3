/** What the eight checks of `aiccu test` are about (service sheet, section 11). */
export interface CheckedTunnel {
  /** This host's own address towards the PoP. */
  readonly outerLocal: string;
  readonly outerPop: string;
  readonly innerLocal: string;
  readonly innerPop: string;
  readonly hosts: readonly [string, string];
}

export interface Check {
  /** As aiccu words it, with its number. */
  readonly heading: readonly string[];
  readonly program: "ping" | "traceroute";
  readonly family: 4 | 6;
  readonly target: string;
  /** What lies beyond the tunnel: no fault of it. */
  readonly isBeyond: boolean;
}

export function makeChecks(about: CheckedTunnel): readonly Check[] {
  const [first, second] = about.hosts;
  const checks: readonly (Omit<Check, "heading"> & { readonly title: string; readonly hints: readonly string[] })[] = [
    {
      title: `Ping the IPv4 Local/Your Outer Endpoint (${about.outerLocal})`,
      hints: ["This should return so called 'echo replies'", "If it doesn't then check your firewall settings"],
      ...ping(4, about.outerLocal),
    },
    {
      title: `Ping the IPv4 Remote/PoP Outer Endpoint (${about.outerPop})`,
      hints: ["These pings should reach the PoP and come back to you", "Check your firewall settings if problems occur"],
      ...ping(4, about.outerPop),
    },
    {
      title: `Traceroute to the PoP (${about.outerPop}) over IPv4`,
      hints: ["This traceroute should reach the PoP", "In case this traceroute fails then you have no connectivity to the PoP"],
      ...trace(4, about.outerPop),
    },
    {
      title: "Checking if we can ping IPv6 localhost (::1)",
      hints: ["This confirms if your IPv6 is working", "If ::1 doesn't reply then something is wrong with your IPv6 stack"],
      ...ping(6, "::1"),
    },
    {
      title: `Ping the IPv6 Local/Your Inner Tunnel Endpoint (${about.innerLocal})`,
      hints: ["This confirms that your tunnel is configured", "If it doesn't reply then check your interface and routing tables"],
      ...ping(6, about.innerLocal),
    },
    {
      title: `Ping the IPv6 Remote/PoP Inner Tunnel Endpoint (${about.innerPop})`,
      hints: ["This confirms the reachability of the other side of the tunnel", "Don't forget to check your firewall of course"],
      ...ping(6, about.innerPop),
    },
    {
      title: `Traceroute6 to the central machine (${first})`,
      hints: ["If that one is reachable you should be able to reach most IPv6 destinations"],
      ...trace(6, first),
      isBeyond: true,
    },
    {
      title: `Traceroute6 to (${second})`,
      hints: ["If that one is reachable you should be able to reach most IPv6 destinations"],
      ...trace(6, second),
      isBeyond: true,
    },
  ];
  return checks.map(({ title, hints, ...check }, at) => ({
    ...check,
    heading: [`###### [${at + 1}/${checks.length}] ${title}`, ...hints.map((hint) => `### ${hint}`), ""],
  }));
}

type Probe = Omit<Check, "heading">;

function ping(family: 4 | 6, target: string): Probe {
  return { program: "ping", family, target, isBeyond: false };
}

function trace(family: 4 | 6, target: string): Probe {
  return { program: "traceroute", family, target, isBeyond: false };
}

/** aiccu's count of three; numbers instead of names, and bounds on the time, so that it ends where nothing answers. */
export function argumentsOf(check: Check): readonly string[] {
  const family = `-${check.family}`;
  return check.program === "ping"
    ? [family, "-n", "-c", "3", "-W", "2", check.target]
    : [family, "-n", "-q", "1", "-w", "2", "-m", "20", check.target];
}

/** How a program ended. `code` is undefined when a signal ended it; `missing`: it is not installed. */
export type CheckRun =
  | { readonly kind: "missing" }
  | { readonly kind: "ended"; readonly code: number | undefined; readonly output: string };

export interface Verdict {
  readonly worked: boolean;
  readonly text: string;
}

export function judge(check: Check, run: CheckRun): Verdict {
  if (run.kind === "missing") {
    const name = check.program === "ping" ? "iputils-ping" : "traceroute";
    return { worked: false, text: `${check.program} is not installed (package ${name})` };
  }
  return check.program === "ping" ? judgePing(run.output) : judgeTrace(check, run.output);
}

function judgePing(output: string): Verdict {
  const match = /(\d+) packets transmitted, (\d+)(?: packets)? received/.exec(output);
  if (match === null) return { worked: false, text: "nothing could be sent" };
  const [, sent, received] = match;
  return { worked: received !== "0", text: `${received} of ${sent} echo requests answered` };
}

/** Reached when a hop is the address in brackets of the first line: `traceroute to NAME (ADDRESS), …`. */
function judgeTrace(check: Check, output: string): Verdict {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  const target = /^traceroute to \S+ \(([^)]+)\)/.exec(lines.find((line) => line.startsWith("traceroute to")) ?? "")?.[1];
  if (target === undefined) return { worked: false, text: `${check.target} has no address, or there is no route to it` };
  const hops = lines.filter((line) => /^\s*\d+ /.test(line));
  // The first of them: some traceroutes ask on for a while.
  const hop = hops.map((line) => line.trim().split(/\s+/)).find(([, address]) => address === target)?.[0];
  if (hop !== undefined) return { worked: true, text: `reached after ${hop} ${hop === "1" ? "hop" : "hops"}` };
  return { worked: false, text: `not reached within ${hops.length} hops` };
}

export function formatVerdict(verdict: Verdict): string {
  return `### ${verdict.worked ? "Works" : "FAILED"}: ${verdict.text}`;
}
