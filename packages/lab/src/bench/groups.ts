import { hasProgram } from "../lab/obstacle.ts";
import { openLab, type Lab } from "../lab/open-lab.ts";
import { openAyiya } from "./ayiya.ts";
import { measureFlood } from "./flood.ts";
import { openOpenvpn } from "./openvpn.ts";
import { describePair, openRaw, type Contender, type PairNode } from "./pair.ts";
import { comparePings } from "./ping.ts";
import { measureProbe } from "./probe.ts";
import { compareTcp, ratioOf, type Say } from "./rounds.ts";
import { makeRow, type GroupName, type Row, type RowName } from "./rows.ts";
import { measureMillion } from "./table-million.ts";
import { measureTic } from "./tic.ts";
import { openWireguard } from "./wireguard.ts";

type Group = (lab: Lab<PairNode>, wanted: ReadonlySet<RowName>, say: Say) => Promise<readonly Row[]>;

const manyTunnels = 100_000;

const groups: Readonly<Record<Exclude<GroupName, "flood">, Group>> = {
  "ayiya.tcp": measureTcpGroup,
  table: measureTableGroup,
  "table.1m": measureMillionGroup,
  "ayiya.ping": measurePingGroup,
  probe: measureProbeGroup,
  tic: measureTicGroup,
};

/** Measures the wanted rows of one group, in a lab of its own. */
export async function measureGroup(group: GroupName, wanted: ReadonlySet<RowName>, say: Say): Promise<readonly Row[]> {
  // It has a third machine.
  if (group === "flood") return [makeRow("flood.ayiya.goodput-kept", await measureFlood(say))];
  const lab = await openLab(describePair());
  try {
    return await groups[group](lab, wanted, say);
  } finally {
    await lab.close();
  }
}

async function measureTcpGroup(lab: Lab<PairNode>, wanted: ReadonlySet<RowName>, say: Say): Promise<readonly Row[]> {
  const rivals: { readonly row: RowName; readonly contender: Contender }[] = [];
  if (wanted.has("ayiya.tcp.vs-raw")) rivals.push({ row: "ayiya.tcp.vs-raw", contender: openRaw(lab) });
  if (wanted.has("ayiya.tcp.vs-openvpn") && isHere("openvpn", say)) {
    rivals.push({ row: "ayiya.tcp.vs-openvpn", contender: await openOpenvpn(lab) });
  }
  if (wanted.has("ayiya.tcp.vs-wireguard-go") && isHere("wireguard-go", say) && isHere("wg", say)) {
    rivals.push({ row: "ayiya.tcp.vs-wireguard-go", contender: await openWireguard(lab) });
  }
  if (rivals.length === 0) return [];
  const ours = await openAyiya(lab, { tunnels: 1, slot: 0 });
  const speeds = await compareTcp([...rivals.map(({ contender }) => contender), ours], 3, say);
  return rivals.map(({ row, contender }) => makeRow(row, ratioOf(speeds, ours, contender)));
}

async function measureTableGroup(lab: Lab<PairNode>, wanted: ReadonlySet<RowName>, say: Say): Promise<readonly Row[]> {
  const one = await openAyiya(lab, { tunnels: 1, slot: 0 });
  say(`loading ${manyTunnels} tunnels`);
  const many = await openAyiya(lab, { tunnels: manyTunnels, slot: 1 });
  const rows: Row[] = [];
  if (wanted.has("table.100k.vs-one")) {
    const speeds = await compareTcp([one, many], 6, say);
    rows.push(makeRow("table.100k.vs-one", ratioOf(speeds, many, one)));
  }
  if (wanted.has("table.bytes-per-tunnel")) {
    // Both processes are alike but for the tunnels, so what they differ in is what the tunnels cost.
    rows.push(makeRow("table.bytes-per-tunnel", (many.farMemoryBytes - one.farMemoryBytes) / (manyTunnels - 1)));
  }
  return rows;
}

async function measureMillionGroup(lab: Lab<PairNode>, wanted: ReadonlySet<RowName>, say: Say): Promise<readonly Row[]> {
  say("loading 1000000 tunnels");
  const { loadSec, bytesPerTunnel } = await measureMillion(lab);
  const rows = [makeRow("table.1m.load-s", loadSec), makeRow("table.1m.bytes-per-tunnel", bytesPerTunnel)];
  return rows.filter(({ name }) => wanted.has(name));
}

async function measurePingGroup(lab: Lab<PairNode>, _wanted: ReadonlySet<RowName>, say: Say): Promise<readonly Row[]> {
  const raw = openRaw(lab);
  const ours = await openAyiya(lab, { tunnels: 1, slot: 0 });
  const times = await comparePings([raw, ours], say);
  return [makeRow("ayiya.ping.added-ms", (times.get(ours) ?? Number.NaN) - (times.get(raw) ?? Number.NaN))];
}

async function measureProbeGroup(lab: Lab<PairNode>, _wanted: ReadonlySet<RowName>, say: Say): Promise<readonly Row[]> {
  return [makeRow("probe.50k.cpu-share", await measureProbe(lab, say))];
}

async function measureTicGroup(lab: Lab<PairNode>, wanted: ReadonlySet<RowName>): Promise<readonly Row[]> {
  const { loginsPerSec, p99Ms } = await measureTic(lab);
  const rows = [makeRow("tic.logins-per-s", loginsPerSec), makeRow("tic.login.p99-ms", p99Ms)];
  return rows.filter(({ name }) => wanted.has(name));
}

function isHere(program: string, say: Say): boolean {
  const here = hasProgram(program);
  if (!here) say(`left out: the program ${program} is missing`);
  return here;
}
