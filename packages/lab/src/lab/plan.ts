import type { LabDescription, LinkDescription, LinkEnd, NodeDescription } from "./description.ts";

/** What `build.ts` runs, in order; pure, so that it can be looked at without root. */
export interface LabPlan {
  /** For each node: values to write below /proc/sys/net, before any device exists. */
  readonly sysctls: ReadonlyMap<string, readonly (readonly [path: string, value: string])[]>;
  /** Lines for `ip -batch`, which make every device and address. */
  readonly devices: readonly NodeLines[];
  /** Lines for `ip -batch` that need every device up. */
  readonly routes: readonly NodeLines[];
  readonly firewalls: ReadonlyMap<string, string>;
  /** Devices whose offloads are switched off. */
  readonly plain: readonly { readonly node: string; readonly device: string }[];
}

export interface NodeLines {
  readonly node: string;
  readonly lines: readonly string[];
}

/** `namespaceOf` gives the namespace of a node: a veth's far end is born there. */
export function planLab(description: LabDescription, namespaceOf: (node: string) => string): LabPlan {
  const nodes = Object.entries<NodeDescription>(description.nodes);
  const cables = description.links.map((link) => planCable(link, namespaceOf));
  return {
    sysctls: new Map(nodes.map(([node, about]) => [node, planSysctls(about)])),
    devices: [
      ...nodes.map(([node, about]) => ({ node, lines: planBridges(about) })),
      ...cables,
      ...description.links.flatMap((link) => link.ends.map((end) => ({ node: end.node, lines: planEnd(end) }))),
    ],
    routes: nodes.map(([node, about]) => ({
      node,
      lines: (about.routes ?? []).map(({ to, via }) => `route add ${to} via ${via}`),
    })),
    firewalls: new Map(
      nodes.flatMap(([node, about]) => (about.masquerades === undefined ? [] : [[node, formatMasquerade(about.masquerades)]])),
    ),
    plain: description.links.filter((link) => link.offloads === false).flatMap((link) => link.ends),
  };
}

function planSysctls(node: NodeDescription): readonly (readonly [string, string])[] {
  const forwards = (family: 4 | 6): string => (node.forwards?.includes(family) === true ? "1" : "0");
  const values: Record<string, string> = {
    "ipv4.ip_forward": forwards(4),
    "ipv6.conf.all.forwarding": forwards(6),
    "ipv6.conf.default.forwarding": forwards(6),
    // Addresses are usable at once: there is nobody here that could have the same one.
    "ipv6.conf.default.accept_dad": "0",
    "ipv6.conf.default.accept_ra": "0",
    // Some hosts hand the host's own setting down; a lab is the same everywhere.
    "ipv4.conf.all.rp_filter": "0",
    "ipv4.conf.default.rp_filter": "0",
    ...node.sysctls,
  };
  return Object.entries(values).map(([name, value]) => [name.replaceAll(".", "/"), value]);
}

function planBridges(node: NodeDescription): readonly string[] {
  return [
    "link set lo up",
    ...Object.entries(node.bridges ?? {}).flatMap(([bridge, addresses]) => [
      `link add name ${bridge} type bridge forward_delay 0`,
      `link set ${bridge} up`,
      ...addresses.map((address) => `address add ${address} dev ${bridge}`),
    ]),
  ];
}

function planCable(link: LinkDescription, namespaceOf: (node: string) => string): NodeLines {
  const [a, b] = link.ends;
  const mtu = link.mtuBytes === undefined ? "" : `mtu ${link.mtuBytes} `;
  const peer = `peer name ${b.device} ${mtu}netns ${namespaceOf(b.node)}`;
  return { node: a.node, lines: [`link add name ${a.device} ${mtu}type veth ${peer}`] };
}

function planEnd(end: LinkEnd): readonly string[] {
  const lines: string[] = [];
  if (end.bridge !== undefined) lines.push(`link set ${end.device} master ${end.bridge}`);
  for (const address of end.addresses ?? []) {
    lines.push(`address add ${address} dev ${end.device}${address.includes(":") ? " nodad" : ""}`);
  }
  if (end.down !== true) lines.push(`link set ${end.device} up`);
  return lines;
}

/** The ruleset of a plain home router, as one argument of `nft`. */
export function formatMasquerade(devices: readonly string[]): string {
  const set = devices.map((device) => `"${device}"`).join(", ");
  return [
    "add table ip home",
    "add chain ip home leaving { type nat hook postrouting priority srcnat; policy accept; }",
    `add rule ip home leaving oifname { ${set} } masquerade`,
    // Like a real one it lets nobody in who was not asked.
    "add chain ip home through { type filter hook forward priority filter; policy accept; }",
    `add rule ip home through iifname { ${set} } ct state established,related accept`,
    `add rule ip home through iifname { ${set} } drop`,
  ].join("; ");
}
