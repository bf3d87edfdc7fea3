/** One decoder under fuzz. */
export interface FuzzTarget {
  readonly name: string;
  /** Good inputs to start from; the files of `corpus/<name>/` join them. */
  readonly seeds: readonly Uint8Array[];
  /** Pieces that mutations put in, for formats made of words. */
  readonly words?: readonly string[];
  /**
   * Feeds one input. Throws when the decoder threw, or broke a promise. Answers with the shape of what came out (a reason, a kind):
   * an input with a shape never seen is kept and bent further.
   */
  readonly run: (bytes: Uint8Array) => string;
}

export function textSeeds(...texts: readonly string[]): readonly Uint8Array[] {
  return texts.map((text) => new TextEncoder().encode(text));
}
