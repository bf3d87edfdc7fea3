import type { Style } from "./table.ts";

/** What a command says: the same thing for programs and for people. */
export interface Output {
  readonly json: unknown;
  text(style: Style): string;
}
