import type { Ipv6Address, Result } from "@tombolo/base";

/**
 * The one door to this host's interfaces, addresses and routes. The device itself is made and removed by the data plane; its
 * addresses and routes vanish with it, so that nothing is left to be restored. Twins: `linux` and `memory`, under one compliance suite.
 */
export interface Platform {
  /** What would keep `up` from working, found before anything is changed. */
  findObstacle(): Promise<PlatformFault | undefined>;
  /** Brings an existing device from `before` (undefined: fresh, or damaged) to `wanted` and sets it up. On a fault it may be half-done: close the device. */
  configure(wanted: LinkSettings, before: LinkSettings | undefined): Promise<Result<void, PlatformFault>>;
  /** What the device looks like now; undefined when there is none. */
  readLink(device: string): Promise<LinkView | undefined>;
  /** Default routes of other devices, the one that wins first. */
  listOtherDefaultRoutes(device: string): Promise<readonly DefaultRoute[]>;
  /** Removes a TUN device that no program holds any more; "absent" when there is nothing of that name. */
  removeLeftover(device: string): Promise<"removed" | "absent">;
}

export interface LinkSettings {
  readonly device: string;
  readonly address: Ipv6Address;
  readonly prefixLengthBits: number;
  readonly mtuBytes: number;
  /** Undefined: no default route. */
  readonly defaultRouteMetric: number | undefined;
}

export interface LinkView {
  readonly up: boolean;
  readonly mtuBytes: number;
  /** Addresses of global scope. */
  readonly addresses: readonly { readonly address: Ipv6Address; readonly prefixLengthBits: number }[];
  /** Of every default route through the device. */
  readonly defaultRouteMetrics: readonly number[];
}

export interface DefaultRoute {
  readonly device: string;
  readonly metric: number;
}

export type PlatformFault =
  | { readonly kind: "no-permission"; readonly what: string }
  | { readonly kind: "no-tun"; readonly message: string }
  /** Something on this host that the user must change; `message` names it. */
  | { readonly kind: "refused"; readonly what: string; readonly message: string };
