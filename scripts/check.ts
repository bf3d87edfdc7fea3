import { runPlan } from "./suite/main.ts";
import { exitCodeFor, formatTotal } from "./suite/run.ts";

// `npm run check`: types, lint, format, unit and house tests, in under a minute on two cores.
await runPlan({
  kinds: ["house", "unit"],
  boundSec: 180,
  only: process.argv.slice(2),
  closing: (total) => `${formatTotal(total)}: the house is ${exitCodeFor(total) === 0 ? "in order" : "not in order, see above"}\n`,
});
