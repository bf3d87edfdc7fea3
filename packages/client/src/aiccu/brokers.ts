import { readFileSync } from "node:fs";
import { Resolver } from "node:dns/promises";

/** TXT records of a name, each a list of strings; none when there are none or nobody answers in time. */
export type LookUpTxt = (name: string) => Promise<readonly (readonly string[])[]>;

const global = "_aiccu.sixxs.net";
const builtIn = "SixXS|tic://tic.sixxs.net|http://www.sixxs.net|be de ee fi gb ie it nl pl pt si se us";
const warning = "Warning: Couldn't find global Tunnel Brokers List, please check your DNS settings and read the FAQ.";
const most = { domains: 6, records: 64, strings: 16 } as const;

/**
 * `aiccu brokers`: TXT records of `_aiccu` below each search domain, and of the historic global name; a record's strings are name, URL,
 * website and countries. A string that begins with "#" is a comment.
 */
export async function listBrokers(
  domains: readonly string[],
  lookUp: LookUpTxt,
): Promise<{ readonly lines: readonly string[]; readonly warning: string | undefined }> {
  const names = [...domains.slice(0, most.domains).map((domain) => `_aiccu.${domain}`), global];
  const found = await Promise.all(names.map(lookUp));
  const records = found.flatMap((list) => list.slice(0, most.records));
  const lines = records.map(formatRecord).filter((line) => line !== "");
  const isKnown = records.some((strings) => strings.includes("SixXS"));
  return isKnown ? { lines, warning: undefined } : { lines: [...lines, builtIn], warning };
}

function formatRecord(strings: readonly string[]): string {
  const shown = strings.slice(0, most.strings).filter((text) => !text.startsWith("#"));
  // What a name server says goes to a terminal.
  return shown.map((text) => `${text.replace(/[^ -~]/g, "?")}|`).join("");
}

/** The host's own resolver, with three seconds of patience for each name. */
export function makeLookUpTxt(): LookUpTxt {
  const resolver = new Resolver({ timeout: 3000, tries: 1 });
  return (name) => resolver.resolveTxt(name).catch(() => []);
}

/** The search domains of resolv.conf(5): of `search` and `domain` lines the last counts. */
export function readSearchDomains(path: string): readonly string[] {
  let domains: readonly string[] = [];
  try {
    for (const line of readFileSync(path, "latin1").slice(0, 65_536).split("\n")) {
      const [word, ...names] = line.trim().split(/\s+/);
      if (word === "search" || word === "domain") domains = names.filter((name) => /^[A-Za-z0-9._-]{1,253}$/.test(name));
    }
  } catch {
    // No such file: no search domains.
  }
  return domains;
}
