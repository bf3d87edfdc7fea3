import { extname } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Arguments for `node` that run a program beside the calling file: the source when we run from source (TypeScript needs
 * the `source` condition to find the other packages), the built file when we run built.
 */
export function findProgramFile(callerUrl: string, relative: string): readonly string[] {
  const ending = extname(callerUrl);
  const path = fileURLToPath(new URL(`${relative}${ending}`, callerUrl));
  return ending === ".ts" ? ["--conditions=source", path] : [path];
}
