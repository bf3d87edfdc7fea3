import type { LabDescription } from "../lab/description.ts";
import type { LabNode } from "../lab/node.ts";
import type { Lab } from "../lab/open-lab.ts";

/** Two machines and one cable: every contender carries its packets over the same one. */
export type PairNode = "near" | "far";

export const pair = {
  nearIpv4: "192.0.2.2",
  farIpv4: "192.0.2.1",
  nearIpv6: "2001:db8:f::2",
  farIpv6: "2001:db8:f::1",
  /** Inside every tunnel; the cable itself has the usual 1500. */
  innerMtuBytes: 1280,
} as const;

export function describePair(): LabDescription<PairNode> {
  return {
    nodes: { near: { about: "sends" }, far: { about: "receives" } },
    links: [
      {
        ends: [
          { node: "near", device: "eth0", addresses: [`${pair.nearIpv4}/24`, `${pair.nearIpv6}/64`] },
          { node: "far", device: "eth0", addresses: [`${pair.farIpv4}/24`, `${pair.farIpv6}/64`] },
        ],
      },
    ],
  };
}

/** One way to carry IPv6 from near to far, up and idle. */
export interface Contender {
  readonly name: string;
  readonly near: LabNode;
  readonly far: LabNode;
  /** What to send to, so that packets go this way. */
  readonly farAddress: string;
}

export function openRaw(lab: Lab<PairNode>): Contender {
  return { name: "raw veth", near: lab.node("near"), far: lab.node("far"), farAddress: pair.farIpv6 };
}
