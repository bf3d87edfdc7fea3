import type { Ipv6Address, Ipv6Prefix } from "@tombolo/base";

/**
 * The part of the host's kernel that the agent sets. Reads tell what is, writes are idempotent.
 * `openLinuxKernel` and `makeMemoryKernel` are twins under one compliance suite. Failures throw `KernelError`.
 */
export interface Kernel {
  findLink(device: string): Promise<Link | undefined>;
  setLink(device: string, wish: { readonly mtuBytes: number }): Promise<void>;
  /** Routes into `device` that carry our protocol number; what others put there is not ours to judge. */
  listRoutes(device: string): Promise<readonly Ipv6Prefix[]>;
  /** One batch. Adding a route that is there, or removing one that is not, is no error. */
  changeRoutes(device: string, change: { readonly add: readonly Ipv6Prefix[]; readonly remove: readonly Ipv6Prefix[] }): Promise<void>;
  /** Unreachable routes of this host, whatever its devices, with our protocol number and `unreachableMetric`. */
  listUnreachable(): Promise<readonly Ipv6Prefix[]>;
  /** One batch, as with `changeRoutes`. They outlive the device and the process. */
  changeUnreachable(change: { readonly add: readonly Ipv6Prefix[]; readonly remove: readonly Ipv6Prefix[] }): Promise<void>;
  /** Global addresses of `device`. */
  listAddresses(device: string): Promise<readonly Ipv6Address[]>;
  /** Addresses are /128 without duplicate address detection: nobody else lives on a tunnel device. */
  changeAddresses(device: string, change: { readonly add: readonly Ipv6Address[]; readonly remove: readonly Ipv6Address[] }): Promise<void>;
  /** Devices that learnt their IPv6 default route from router advertisements. */
  listAdvertisedUplinks(): Promise<readonly string[]>;
  /** `key` below net/ipv6/conf, as path parts because device names may hold dots; undefined when there is no such key. */
  findSysctl(key: SysctlKey): Promise<string | undefined>;
  setSysctl(key: SysctlKey, value: string): Promise<void>;
}

export interface Link {
  readonly up: boolean;
  readonly mtuBytes: number;
}

/** `{ device: "all", name: "forwarding" }` is net.ipv6.conf.all.forwarding. */
export interface SysctlKey {
  readonly device: string;
  readonly name: "forwarding" | "accept_ra" | "autoconf" | "accept_redirects" | "addr_gen_mode" | "disable_ipv6";
}

/** The number in the kernel's route protocol field that marks our routes (rtnetlink(7): values above 4 are for user space). */
export const routeProtocol = 213;

/** Behind every other route for the same prefix: 0xff002000, far above what anybody configures and below 2^32 - 1, which the kernel uses itself. */
export const unreachableMetric = 4_278_198_272;

export class KernelError extends Error {
  override readonly name = "KernelError";
}

/** The kernel's own limit is 15 characters (IFNAMSIZ); the rest keeps a name from being read as an option or a path. */
export function isDeviceName(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/.test(text);
}
