import type { WallClock } from "@tombolo/base";
import type { Log, LogEvent } from "@tombolo/pop";

export type LogLevel = LogEvent["level"];
export type LogFormat = "json" | "text";

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly wall: WallClock;
  readonly write: (line: string) => void;
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** One line an event: a JSON object for machines, aligned text for people. */
export function makeLog(options: LogOptions): Log {
  return (event) => {
    if (ranks[event.level] < ranks[options.level]) return;
    const at = new Date(options.wall.nowSec() * 1000).toISOString().replace(".000Z", "Z");
    options.write(`${options.format === "json" ? JSON.stringify({ time: at, ...event }) : formatText(at, event)}\n`);
  };
}

function formatText(at: string, event: LogEvent): string {
  const { level, event: name, ...fields } = event;
  const told = Object.entries(fields).flatMap(([field, value]) => (value === undefined ? [] : [`${field}=${quoted(String(value))}`]));
  return [at.slice(11, 19), level.padEnd(5), name, ...told].join(" ");
}

/** What a peer sent may hold anything; only plain characters reach a terminal as they are. */
function quoted(text: string): string {
  return /^[A-Za-z0-9_.,:;/@%+[\]()-]+$/.test(text) ? text : JSON.stringify(text);
}
