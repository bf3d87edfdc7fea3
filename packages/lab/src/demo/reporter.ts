export interface StepRecord {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  /** What proves it, line by line; what went wrong when it is not ok. */
  readonly proof: readonly string[];
}

/** Takes one line of proof, as it is to be shown. */
type Tell = (line: string) => void;

/** Tells the story while it happens, and keeps it for the end. */
export interface Reporter {
  chapter(title: string): void;
  /** Runs one step: says what it is about to do, then a tick with the lines that `run` gave to `tell` as proof, or a cross and the reason. */
  step<T>(name: string, run: (tell: Tell) => Promise<T>): Promise<T>;
  readonly steps: readonly StepRecord[];
}

export interface Screen {
  write(text: string): void;
  /** True for a terminal that understands colour and may be overwritten. */
  readonly live: boolean;
}

const colours = { green: 32, red: 31, dim: 2, bold: 1 } as const;

export function paint(screen: Screen, colour: keyof typeof colours, text: string): string {
  return screen.live ? `\x1b[${colours[colour]}m${text}\x1b[0m` : text;
}

export function makeReporter(screen: Screen, nowMs: () => number): Reporter {
  const steps: StepRecord[] = [];
  let chapters = 0;
  const finish = (record: StepRecord): void => {
    steps.push(record);
    const mark = record.ok ? paint(screen, "green", "✓") : paint(screen, "red", "✗");
    const time = record.seconds < 0.05 ? "" : `  ${paint(screen, "dim", `${record.seconds.toFixed(1)} s`)}`;
    screen.write(`${screen.live ? "\r\x1b[K" : ""}  ${mark} ${record.name}${time}\n`);
    for (const line of record.proof) screen.write(`      ${record.ok ? paint(screen, "dim", line) : line}\n`);
  };
  return {
    steps,
    chapter: (title) => {
      chapters += 1;
      screen.write(`\n${paint(screen, "bold", `${chapters}. ${title}`)}\n`);
    },
    step: async (name, run) => {
      const begunMs = nowMs();
      if (screen.live) screen.write(`  … ${name}`);
      const seconds = (): number => Number(((nowMs() - begunMs) / 1_000).toFixed(3));
      const proof: string[] = [];
      try {
        const result = await run((line) => void proof.push(line));
        finish({ name, ok: true, seconds: seconds(), proof });
        return result;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        finish({ name, ok: false, seconds: seconds(), proof: reason.split("\n").filter((line) => line.trim() !== "") });
        throw error;
      }
    },
  };
}
