import type { LabDescription } from "../lab/description.ts";

/**
 * The network of the demo and of the end-to-end tests. IPv4 on the left, IPv6 on the right, the PoP between them:
 *
 *     laptop 192.168.1.10 ─┐                                       broker 192.0.2.53
 *                          ├─ home (NAT) ─ fibre 203.0.113.10 ─┐        │
 *     desk   192.168.1.11 ─┘             └ mobile 198.51.100.10┤        │
 *                                                              ├─ core ─┴─ pop 192.0.2.1 ═ six ─ web
 *     laptop again, at a café: 198.51.100.200 (unplugged) ─────┘              2001:db8:f::1      2001:db8:80::80
 *
 * Left of the PoP nobody speaks IPv6, so what reaches the web server went through a tunnel. `six` sends the PoP's two
 * pools (2001:db8:1::/48 and 2001:db8:2::/48) to the PoP, and drops everything else that comes back.
 */
export type IslandNode = "laptop" | "desk" | "home" | "core" | "broker" | "pop" | "six" | "web";

export const island = {
  popIpv4: "192.0.2.1",
  brokerIpv4: "192.0.2.53",
  homeIpv4: "203.0.113.10",
  homeMobileIpv4: "198.51.100.10",
  cafeIpv4: "198.51.100.200",
  laptopIpv4: "192.168.1.10",
  deskIpv4: "192.168.1.11",
  popUplinkIpv6: "2001:db8:f::2",
  sixIpv6: "2001:db8:f::1",
  webIpv6: "2001:db8:80::80",
  tunnelPool: "2001:db8:1::/48",
  delegationPool: "2001:db8:2::/48",
} as const;

const nodes: LabDescription<IslandNode>["nodes"] = {
  laptop: { about: "a client behind NAT", routes: [{ to: "default", via: "192.168.1.1" }] },
  desk: { about: "another client behind the same NAT", routes: [{ to: "default", via: "192.168.1.1" }] },
  home: {
    about: "the home router: NAT towards a fibre line, and a mobile one to fall back on",

    forwards: [4],
    bridges: { lan: ["192.168.1.1/24"] },
    masquerades: ["fibre", "mobile"],
    routes: [{ to: "default", via: "203.0.113.1" }],
  },
  core: { about: "the IPv4 Internet", forwards: [4], bridges: { ix: ["192.0.2.254/24"] } },
  broker: { about: "the broker's host", routes: [{ to: "default", via: "192.0.2.254" }] },
  pop: {
    // It forwards nothing yet: to make a router of its host is the PoP agent's work.
    about: "the tunnel server",
    routes: [
      { to: "default", via: "192.0.2.254" },
      { to: "::/0", via: island.sixIpv6 },
    ],
  },
  six: {
    about: "a router of the IPv6 Internet",
    forwards: [6],
    routes: [
      { to: island.tunnelPool, via: island.popUplinkIpv6 },
      { to: island.delegationPool, via: island.popUplinkIpv6 },
    ],
  },
  web: { about: "a web server that has IPv6 only", routes: [{ to: "::/0", via: "2001:db8:80::1" }] },
};

const links: LabDescription<IslandNode>["links"] = [
  {
    ends: [
      { node: "laptop", device: "eth0", addresses: ["192.168.1.10/24"] },
      { node: "home", device: "lan1", bridge: "lan" },
    ],
  },
  {
    ends: [
      { node: "desk", device: "eth0", addresses: ["192.168.1.11/24"] },
      { node: "home", device: "lan2", bridge: "lan" },
    ],
  },
  {
    ends: [
      { node: "home", device: "fibre", addresses: ["203.0.113.10/24"] },
      { node: "core", device: "fibre", addresses: ["203.0.113.1/24"] },
    ],
  },
  {
    ends: [
      { node: "home", device: "mobile", addresses: ["198.51.100.10/25"] },
      { node: "core", device: "mobile", addresses: ["198.51.100.1/25"] },
    ],
  },
  {
    ends: [
      { node: "laptop", device: "wlan0", addresses: ["198.51.100.200/25"], down: true },
      { node: "core", device: "cafe", addresses: ["198.51.100.129/25"] },
    ],
  },
  {
    ends: [
      { node: "broker", device: "eth0", addresses: ["192.0.2.53/24"] },
      { node: "core", device: "ix1", bridge: "ix" },
    ],
  },
  {
    ends: [
      { node: "pop", device: "eth0", addresses: ["192.0.2.1/24"] },
      { node: "core", device: "ix2", bridge: "ix" },
    ],
  },
  {
    ends: [
      { node: "pop", device: "up0", addresses: ["2001:db8:f::2/64"] },
      { node: "six", device: "pop0", addresses: ["2001:db8:f::1/64"] },
    ],
  },
  {
    ends: [
      { node: "six", device: "web0", addresses: ["2001:db8:80::1/64"] },
      { node: "web", device: "eth0", addresses: ["2001:db8:80::80/64"] },
    ],
  },
];

export function describeIsland(): LabDescription<IslandNode> {
  return { nodes, links };
}
