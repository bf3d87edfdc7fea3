/** Exit statuses of `tombolod`, documented in its help and in the README. */
export const exitCodes = {
  ok: 0,
  /** The broker said no: the name is taken, the pool is empty, there is no such tunnel. */
  refused: 1,
  /** Wrong usage or a wrong configuration. */
  config: 2,
  /** The system said no: root is needed, or a file belongs to somebody else. */
  permission: 3,
  /** A database, address or broker cannot be reached. */
  unreachable: 4,
  /** A bug of ours. */
  internal: 5,
} as const;

/** Something that keeps a command from running; the message says what to do about it. */
export class StartupError extends Error {
  override readonly name = "StartupError";
  readonly kind: Exclude<keyof typeof exitCodes, "ok">;

  constructor(kind: Exclude<keyof typeof exitCodes, "ok">, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The system's name for what went wrong (`ENOENT`), or the message when it has none. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}
