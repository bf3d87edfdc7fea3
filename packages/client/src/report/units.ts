/** `1.3 ms`, `240 ms`. */
export function formatRtt(rttMs: number): string {
  return `${rttMs < 10 ? rttMs.toFixed(1) : rttMs.toFixed(0)} ms`;
}

/** The two largest units: `45 s`, `2 min 5 s`, `3 h 20 min`, `9 d 4 h`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const units = [
    ["d", 86_400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ] as const;
  const first = units.findIndex(([, size]) => whole >= size);
  if (first < 0) return "0 s";
  let rest = whole;
  const parts: string[] = [];
  for (const [name, size] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.join(" ");
}

/** Powers of 1000: `999 B`, `45.2 kB`, `1.3 GB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.95 && unit < byteUnits.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${byteUnits[unit]}`;
}

const byteUnits = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** What a device had lost, by the words of `damage.ts`. */
export function formatDamage(damage: readonly string[]): string {
  return `lost: ${damage.map((part) => part.replace("-", " ")).join(", ")}`;
}
