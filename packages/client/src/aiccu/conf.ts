/*
 * aiccu.conf (SixXS service sheet, section 12; aiccu's parseline):
 *
 *   line    = blank | comment | key SP value      at most 999 bytes
 *   comment = ( "#" / ";" / "//" ) *any           at the very beginning of the line only
 *   key     = any word that begins with a known key, case-sensitive
 *   value   = text to the end of the line, less blanks at its ends
 *           | quote text quote                    either kind of quote; what follows the second one is ignored
 *
 * Of equal keys the last counts. What cannot be read is a warning, and its line is passed over.
 */

const stringKeys = [
  "username",
  "password",
  "protocol",
  "server",
  "ipv6_interface",
  "tunnel_id",
  "local_ipv4_override",
  "setupscript",
  "pidfile",
  // Not aiccu's, which warns of them and goes on.
  "test_host",
  "second_test_host",
] as const;
const switchKeys = ["automatic", "daemonize", "verbose", "behindnat", "requiretls", "noconfigure", "makebeats", "defaultroute"] as const;

type StringKey = (typeof stringKeys)[number];
type SwitchKey = (typeof switchKeys)[number];

export type AiccuConf = { readonly [Key in StringKey]?: string } & { readonly [Key in SwitchKey]: boolean } & {
  readonly protocol: string;
  readonly server: string;
  readonly ipv6_interface: string;
  readonly pidfile: string;
  readonly test_host: string;
  readonly second_test_host: string;
};

export type ConfWarning =
  /** `word` is the line's first: the rest may be a password whose key is misspelt. */
  | { readonly kind: "unknown-statement"; readonly line: number; readonly word: string }
  | { readonly kind: "unknown-boolean"; readonly option: string; readonly value: string }
  | { readonly kind: "line-too-long"; readonly line: number };

const lineBytes = 1000;

export const aiccuDefaults: AiccuConf = {
  protocol: "tic",
  server: "tic.sixxs.net",
  ipv6_interface: "aiccu",
  pidfile: "/var/run/aiccu.pid",
  test_host: "noc.sixxs.net",
  second_test_host: "www.kame.net",
  automatic: false,
  daemonize: false,
  verbose: false,
  behindnat: false,
  requiretls: false,
  noconfigure: false,
  makebeats: true,
  defaultroute: true,
};

/** `text` has one character a byte. */
export function parseAiccuConf(text: string): { readonly conf: AiccuConf; readonly warnings: readonly ConfWarning[] } {
  const conf: { -readonly [Key in keyof AiccuConf]: AiccuConf[Key] } = { ...aiccuDefaults };
  const warnings: ConfWarning[] = [];
  for (const [at, raw] of text.split("\n").entries()) {
    const line = raw.replace(/[\r\t ]+$/, "");
    if (line === "" || /^(#|;|\/\/)/.test(line)) continue;
    if (raw.length >= lineBytes) {
      warnings.push({ kind: "line-too-long", line: at + 1 });
      continue;
    }
    const [word = ""] = line.split(" ", 1);
    const value = unquote(line.slice(word.length).replace(/^[ \t]+/, ""));
    const named = stringKeys.find((key) => word.startsWith(key));
    const switched = switchKeys.find((key) => word.startsWith(key));
    if (named !== undefined) conf[named] = value;
    else if (switched === undefined) warnings.push({ kind: "unknown-statement", line: at + 1, word });
    else if (value === "yes" || value === "true") conf[switched] = true;
    else if (value === "no" || value === "false") conf[switched] = false;
    else warnings.push({ kind: "unknown-boolean", option: switched, value });
  }
  return { conf, warnings };
}

function unquote(value: string): string {
  const quote = value[0];
  if (quote !== '"' && quote !== "'") return value;
  const end = value.indexOf(quote, 1);
  return value.slice(1, end < 0 ? undefined : end);
}

/** aiccu's own words, but for what may be a secret. */
export function formatConfWarning(warning: ConfWarning, path: string): string {
  switch (warning.kind) {
    case "unknown-statement":
      return `Unknown configuration statement on line ${warning.line} of ${path}: "${warning.word}"`;
    case "unknown-boolean":
      return `Unknown boolean value "${warning.value}" for option "${warning.option}"`;
    case "line-too-long":
      return `Line ${warning.line} of ${path} is longer than ${lineBytes - 1} bytes and was passed over`;
  }
}
