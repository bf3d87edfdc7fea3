import { runPlan } from "./suite/main.ts";
import { formatTotal } from "./suite/run.ts";

// `npm test`: everything that CI runs. The last line is the total, alone, for programs to read.
await runPlan({
  kinds: ["house", "unit", "slow", "alone"],
  boundSec: 900,
  only: process.argv.slice(2),
  closing: (total) => `${formatTotal(total)}\n`,
});
