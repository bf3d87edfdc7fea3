import { MemoryBench } from "./memory-bench.ts";
import { runPlaneCompliance } from "./plane-compliance.ts";

runPlaneCompliance("memory", () => Promise.resolve(new MemoryBench()));
