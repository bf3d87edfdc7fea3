import type { Line, Mood } from "../report/notes.ts";

/** Where a command's words go: results to standard output, complaints to standard error. */
export interface Console {
  /** A whole text; the line end is added. */
  out(text: string): void;
  /** A line of progress. */
  line(line: Line): void;
  /** `mood`: bad unless said otherwise. */
  complain(text: string, mood?: Mood): void;
}

/** Colours only what a person sees; NO_COLOR and TERM=dumb are honoured. */
export function makeConsole(streams: {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): Console {
  const { stdout, stderr, environment } = streams;
  const allowed = (environment["NO_COLOR"] ?? "") === "" && environment["TERM"] !== "dumb";
  const write = (stream: NodeJS.WriteStream, text: string, mood: Mood): void => {
    const colour = allowed && stream.isTTY ? colours[mood] : "";
    stream.write(colour === "" ? `${text}\n` : `${colour}${text}\u001b[0m\n`);
  };
  return {
    out: (text) => write(stdout, text, "plain"),
    line: (line) => write(stdout, line.text, line.mood),
    complain: (text, mood = "bad") => write(stderr, text, mood),
  };
}

const colours: Readonly<Record<Mood, string>> = { plain: "", good: "\u001b[32m", bad: "\u001b[31m" };
