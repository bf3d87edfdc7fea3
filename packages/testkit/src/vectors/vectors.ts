import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../protocols/vectors/", import.meta.url));

export interface VectorFile {
  /** Without its folder. */
  readonly name: string;
  readonly text: string;
}

/** The files of a room's vectors, sorted by name; `ending` as ".json". */
export function readVectors(room: string, ending: string): readonly VectorFile[] {
  const folder = join(root, room);
  const names = readdirSync(folder).filter((name) => name.endsWith(ending));
  return names.toSorted().map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));
}
