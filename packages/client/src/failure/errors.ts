/** The `code` of what was thrown, such as ENOENT. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** What was thrown as one line of text; the system's own words where they are known. */
export function errorMessage(error: unknown): string {
  const code = errorCode(error);
  const known = code === undefined ? undefined : systemErrors[code];
  if (known !== undefined) return known;
  const text = error instanceof Error ? error.message : String(error);
  return printable(text, 300);
}

/** What others wrote, fit for a terminal and a log line: one line, no control characters, at most `limit` characters. */
export function printable(text: string, limit: number): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean;
}

const systemErrors: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed",
  EACCES: "permission denied",
  EADDRINUSE: "address in use",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EHOSTUNREACH: "no route to the host",
  EISDIR: "it is a directory",
  ENETUNREACH: "this host has no route there",
  ENOENT: "no such file",
  ENOTFOUND: "the name does not exist",
  EAI_AGAIN: "the name cannot be looked up now",
  EPERM: "not permitted",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
  ETIMEDOUT: "no answer in time",
  SELF_SIGNED_CERT_IN_CHAIN: "nobody that this host trusts signed its certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "nobody that this host trusts signed its certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "nobody that this host trusts signed its certificate",
};
