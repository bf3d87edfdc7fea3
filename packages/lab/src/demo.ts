// `npm run demo`: the main job, shown in a small Internet of network namespaces.
import { formatSummary } from "./demo/summary.ts";
import type { Figures } from "./demo/figures.ts";
import { demoUsage, readDemoOptions, type DemoOptions } from "./demo/options.ts";
import { makeReporter, paint, type Reporter, type Screen } from "./demo/reporter.ts";
import { tellStory } from "./demo/story.ts";
import { describeIsland, type IslandNode } from "./island/island.ts";
import { findObstacle } from "./lab/obstacle.ts";
import { openLab, type Lab } from "./lab/open-lab.ts";
import { monotonicMs } from "./wait/clocks.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readDemoOptions(process.argv.slice(2));
  if (!options.ok) {
    process.stderr.write(`demo: ${options.fault}\n${demoUsage}\n`);
    return 2;
  }
  if (options.value.help) {
    process.stdout.write(`${demoUsage}\n`);
    return 0;
  }
  const obstacle = findObstacle();
  if (obstacle !== undefined) {
    process.stderr.write(`demo: ${obstacle}\n`);
    return 3;
  }
  return show(options.value);
}

async function show(options: DemoOptions): Promise<number> {
  const screen = openScreen(options.json);
  const beganMs = monotonicMs();
  const reporter = makeReporter(screen, monotonicMs);
  const figures: Figures = {};
  const lab = await openNetwork(screen, reporter);
  if (lab === undefined) return 1;
  const ok = await tellStory({ lab, reporter, figures, keep: options.keep }).then(
    () => true,
    (error: unknown) => {
      // A step that fails has told why.
      if (reporter.steps.at(-1)?.ok === true) process.stderr.write(`demo: ${String(error)}\n`);
      return false;
    },
  );
  const seconds = Number(((monotonicMs() - beganMs) / 1_000).toFixed(1));
  screen.write(formatSummary({ ok, steps: reporter.steps, figures, seconds }));
  if (options.json && !screen.muted) process.stdout.write(`${JSON.stringify({ ok, seconds, figures, steps: reporter.steps })}\n`);
  if (options.keep) await keep(lab);
  await lab.close();
  screen.write(paint(screen, "dim", "The lab is removed.\n"));
  return ok ? 0 : 1;
}

async function openNetwork(screen: DemoScreen, reporter: Reporter): Promise<Lab<IslandNode> | undefined> {
  screen.write(`${paint(screen, "bold", "Tombolo")}: IPv6 for a laptop behind NAT, in network namespaces on this machine\n`);
  reporter.chapter("The network");
  const description = describeIsland();
  const opened = reporter.step(`${Object.keys(description.nodes).length} machines and their cables`, async (tell) => {
    const lab = await openLab(description, { onInterrupt: screen.interrupt });
    tell("laptop ── home (NAT) ══ fibre, mobile ══ core ── broker");
    tell("                                         └── pop ── six ── web, which has IPv6 only");
    return lab;
  });
  return opened.catch(() => undefined);
}

interface DemoScreen extends Screen {
  readonly muted: boolean;
  interrupt(this: void, signal: NodeJS.Signals): void;
}

/** Standard output belongs to the JSON object when one is wanted. */
function openScreen(json: boolean): DemoScreen {
  const live = !json && process.stdout.isTTY && process.env["NO_COLOR"] === undefined && process.env["TERM"] !== "dumb";
  let muted = false;
  return {
    live,
    get muted() {
      return muted;
    },
    write: (text) => {
      if (!json && !muted) process.stdout.write(text);
    },
    interrupt: (signal) => {
      // What fails from here on fails because its lab is being taken away.
      muted = true;
      process.stderr.write(`${live ? "\r\x1b[K" : ""}${signal}: removing the lab\n`);
    },
  };
}

/** Never ends: the lab's own interruption does. */
function keep(lab: Lab<IslandNode>): Promise<never> {
  const lines = lab.nodes.map((node) => `  ip netns exec ${node.namespace} bash`);
  process.stderr.write(
    `\nThe lab stays. Enter a machine, as root, in another terminal:\n${lines.join("\n")}\nConfiguration, state and keys: ${lab.folder}\nCtrl-C here removes it all.\n`,
  );
  setInterval(() => {}, 3_600_000);
  return new Promise<never>(() => {});
}
