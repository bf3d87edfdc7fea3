import { fileURLToPath } from "node:url";

/** A program of the checkout: `bin/aiccu`, `bin/tombolo`, `bin/tombolod`. Both folders, src and dist, lie three levels below it. */
export function findBinary(name: "aiccu" | "tombolo" | "tombolod"): string {
  return fileURLToPath(new URL(`../../../../bin/${name}`, import.meta.url));
}
