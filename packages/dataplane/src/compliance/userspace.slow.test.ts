import { prepareNamespace, openUserspaceBench } from "./userspace-bench.ts";
import { isInNamespace, runInNamespace } from "./own-namespace.ts";
import { runPlaneCompliance } from "./plane-compliance.ts";

if (isInNamespace()) {
  prepareNamespace();
  for (const workers of [1, 2]) {
    const nowSec = (): number => Math.floor(Date.now() / 1000);
    runPlaneCompliance(`userspace, ${workers} worker${workers > 1 ? "s" : ""}`, () => openUserspaceBench({ workers, nowSec }));
  }
} else {
  runInNamespace(import.meta.url);
}
