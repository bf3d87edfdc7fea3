/** `192.0.2.1/24`, as `ip` takes it: a description is text for the kernel's tools, checked by them. */
export type InterfaceAddress = `${string}/${number}`;

export interface RouteDescription {
  readonly to: InterfaceAddress | "default";
  readonly via: string;
}

export interface NodeDescription {
  /** What the node is for; printed with the lab. */
  readonly about: string;
  /** Families it forwards. A node that forwards none is a host. */
  readonly forwards?: readonly (4 | 6)[];
  /** Devices behind whose address everything that leaves is hidden (nftables masquerade). */
  readonly masquerades?: readonly string[];
  /** Bridges made in the node; links join them by `LinkEnd.bridge`. */
  readonly bridges?: Readonly<Record<string, readonly InterfaceAddress[]>>;
  readonly routes?: readonly RouteDescription[];
  /** Dotted names below net., without the `net.`: `ipv4.conf.all.rp_filter`. */
  readonly sysctls?: Readonly<Record<string, string>>;
}

export interface LinkEnd<Node extends string = string> {
  readonly node: Node;
  readonly device: string;
  readonly addresses?: readonly InterfaceAddress[];
  /** A bridge of the node's that this end is a port of. */
  readonly bridge?: string;
  /** True: the device is left down, as a cable that is not plugged in yet. */
  readonly down?: boolean;
}

/** A veth pair, which is a cable. */
export interface LinkDescription<Node extends string = string> {
  readonly ends: readonly [LinkEnd<Node>, LinkEnd<Node>];
  readonly mtuBytes?: number;
  /** False: both kernels segment and checksum in software, as over a card without offloads. Default true. */
  readonly offloads?: boolean;
}

export interface LabDescription<Node extends string = string> {
  readonly nodes: Readonly<Record<Node, NodeDescription>>;
  readonly links: readonly LinkDescription<Node>[];
}
