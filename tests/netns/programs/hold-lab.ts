// A program for lab.test.ts: opens the island, starts something in it, says so, and waits to be ended.
import { describeIsland, openLab } from "@tombolo/lab";

const lab = await openLab(describeIsland());
const sleeper = lab.node("laptop").start(["sleep", "600"]);
process.stdout.write(`open ${lab.name} ${sleeper.pid ?? 0}\n`);
setInterval(() => {}, 60_000);
