import type { Command } from "./command.ts";
import { formatPairs, type Style } from "./table.ts";

const exitStatuses = `Exit status: 0 done; 1 refused by the broker; 2 wrong usage or configuration; 3 no permission;
4 a database, address or broker cannot be reached; 5 a bug.`;

/** All commands, or those that begin with `words`. */
export function formatOverview(words: readonly string[], commands: readonly Command[], style: Style): string {
  const below = commands.filter((command) => words.every((word, i) => command.words[i] === word));
  const shown = below.length > 0 ? below : commands;
  const pairs = shown.map((command) => [[...command.words, ...command.operands].join(" "), command.about] as const);
  return [
    `${style.bold("tombolod")} runs an IPv6 tunnel broker, its PoPs, or both.`,
    "",
    formatPairs(pairs, { ...style, dim: (text) => `  ${text}` }),
    "",
    "tombolod COMMAND --help shows options and examples. All commands take --config FILE.",
    "Settings come from tombolo.toml (here, or /etc/tombolo) and from TOMBOLO_SECTION_KEY variables.",
    "",
    exitStatuses,
  ].join("\n");
}

export function formatCommandHelp(command: Command, style: Style): string {
  const own = Object.entries(command.options).map(([name, spec]) => {
    const about = spec.required === true ? `${spec.about} (required)` : spec.about;
    return [`  --${name}${spec.value === undefined ? "" : ` ${spec.value}`}`, about] as const;
  });
  const common = [
    ["  --config FILE", "settings; default ./tombolo.toml, then /etc/tombolo/tombolo.toml"],
    ...(command.kind === "admin"
      ? ([
          ["  --database DB", "another database than the settings name"],
          ["  --json", "answer as JSON"],
        ] as const)
      : []),
  ] as const;
  return [
    `Usage: ${style.bold(["tombolod", ...command.words].join(" "))}${command.operands.map((operand) => ` ${operand}`).join("")}${own.length > 0 ? " [options]" : ""}`,
    "",
    command.about,
    "",
    "Options:",
    formatPairs([...own, ...common], { ...style, dim: (text) => text }),
    "",
    "Examples:",
    ...command.examples.map((example) => `  tombolod ${example}`),
    "",
    exitStatuses,
  ].join("\n");
}
