export type GroupName = "ayiya.tcp" | "table" | "table.1m" | "ayiya.ping" | "flood" | "probe" | "tic";

export type RowName =
  | "ayiya.tcp.vs-raw"
  | "ayiya.tcp.vs-openvpn"
  | "ayiya.tcp.vs-wireguard-go"
  | "table.100k.vs-one"
  | "table.bytes-per-tunnel"
  | "table.1m.load-s"
  | "table.1m.bytes-per-tunnel"
  | "ayiya.ping.added-ms"
  | "flood.ayiya.goodput-kept"
  | "probe.50k.cpu-share"
  | "tic.logins-per-s"
  | "tic.login.p99-ms";

export interface RowFact {
  readonly name: RowName;
  readonly group: GroupName;
  readonly unit: "ratio" | "bytes" | "ms" | "s" | "per-s";
  /** Null: no goal is set, the row is there to be watched. */
  readonly goal: number | null;
  readonly better: "higher" | "lower";
}

/** The rows that ARCHITECTURE.md promises. A name once given stays. */
export const rowFacts: readonly RowFact[] = [
  { name: "ayiya.tcp.vs-raw", group: "ayiya.tcp", unit: "ratio", goal: 0.15, better: "higher" },
  { name: "ayiya.tcp.vs-openvpn", group: "ayiya.tcp", unit: "ratio", goal: 4, better: "higher" },
  { name: "ayiya.tcp.vs-wireguard-go", group: "ayiya.tcp", unit: "ratio", goal: 4, better: "higher" },
  { name: "table.100k.vs-one", group: "table", unit: "ratio", goal: 0.9, better: "higher" },
  { name: "table.bytes-per-tunnel", group: "table", unit: "bytes", goal: null, better: "lower" },
  { name: "table.1m.load-s", group: "table.1m", unit: "s", goal: null, better: "lower" },
  { name: "table.1m.bytes-per-tunnel", group: "table.1m", unit: "bytes", goal: null, better: "lower" },
  { name: "ayiya.ping.added-ms", group: "ayiya.ping", unit: "ms", goal: null, better: "lower" },
  { name: "flood.ayiya.goodput-kept", group: "flood", unit: "ratio", goal: 0.8, better: "higher" },
  { name: "probe.50k.cpu-share", group: "probe", unit: "ratio", goal: null, better: "lower" },
  { name: "tic.logins-per-s", group: "tic", unit: "per-s", goal: null, better: "higher" },
  { name: "tic.login.p99-ms", group: "tic", unit: "ms", goal: null, better: "lower" },
];

export interface Row {
  readonly name: RowName;
  readonly value: number;
  readonly unit: RowFact["unit"];
  readonly goal: number | null;
  readonly better: RowFact["better"];
}

export function makeRow(name: RowName, value: number): Row {
  const fact = rowFacts.find((candidate) => candidate.name === name);
  if (fact === undefined) throw new Error(`no row is named ${name}`);
  return { name, value: Number(value.toPrecision(4)), unit: fact.unit, goal: fact.goal, better: fact.better };
}

export function meetsGoal(row: Row): boolean {
  if (row.goal === null) return true;
  return row.better === "higher" ? row.value >= row.goal : row.value <= row.goal;
}

/** The rows whose names begin so, by group, in the order above. */
export function chooseRows(prefix: string): ReadonlyMap<GroupName, ReadonlySet<RowName>> {
  const chosen = new Map<GroupName, Set<RowName>>();
  for (const { name, group } of rowFacts) {
    if (!name.startsWith(prefix)) continue;
    const rows = chosen.get(group) ?? new Set<RowName>();
    chosen.set(group, rows.add(name));
  }
  return chosen;
}
