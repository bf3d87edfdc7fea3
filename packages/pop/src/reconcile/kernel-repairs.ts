import { formatIpv6, formatPrefix, type Ipv6Address, type Ipv6Prefix } from "@tombolo/base";
import type { Kernel, SysctlKey } from "../kernel/kernel.ts";
import { messageOf } from "../log.ts";

/** What the kernel of a PoP should be like. */
export interface KernelWish {
  /** The data plane's TUN device. */
  readonly device: string;
  readonly mtuBytes: number;
  /** The PoP's own addresses on the device, for ICMPv6 errors of the kernel. */
  readonly addresses: readonly Ipv6Address[];
  /** Prefixes routed into the device, with an unreachable route behind each. */
  readonly routes: readonly Ipv6Prefix[];
}

export interface KernelRepairs {
  /** The data plane's device is gone: only the data plane can make it anew. */
  readonly deviceMissing: boolean;
  /** One sentence for each thing that was set right. */
  readonly repaired: readonly string[];
  /** One sentence for each thing that could not be. */
  readonly failed: readonly string[];
}

/** Reads what is, compares, and sets what differs. A part that fails does not keep the others from being repaired. */
export async function repairKernel(kernel: Kernel, wish: KernelWish): Promise<KernelRepairs> {
  const repaired: string[] = [];
  const failed: string[] = [];
  const attempt = async (part: Promise<readonly string[]>): Promise<void> => {
    try {
      repaired.push(...(await part));
    } catch (error) {
      failed.push(messageOf(error));
    }
  };
  await attempt(repairUnreachable(kernel, wish));
  try {
    if ((await kernel.findLink(wish.device)) === undefined) return { deviceMissing: true, repaired, failed };
  } catch (error) {
    return { deviceMissing: false, repaired, failed: [messageOf(error)] };
  }
  // Before forwarding goes on: the kernel throws advertised default routes away at that moment unless accept_ra is 2.
  await attempt(repairUplinks(kernel, wish.device));
  for (const [key, value] of sysctlsOf(wish.device)) await attempt(repairSysctl(kernel, key, value));
  await attempt(repairLink(kernel, wish));
  await attempt(repairAddresses(kernel, wish));
  await attempt(repairRoutes(kernel, wish));
  return { deviceMissing: false, repaired, failed };
}

function sysctlsOf(device: string): readonly (readonly [SysctlKey, string])[] {
  return [
    [{ device: "all", name: "forwarding" }, "1"],
    [{ device, name: "disable_ipv6" }, "0"],
    [{ device, name: "forwarding" }, "1"],
    [{ device, name: "accept_ra" }, "0"],
    [{ device, name: "autoconf" }, "0"],
    [{ device, name: "accept_redirects" }, "0"],
    // No link-local address, hence no router solicitations and listener reports into the tunnels (1 is IN6_ADDR_GEN_MODE_NONE).
    [{ device, name: "addr_gen_mode" }, "1"],
  ];
}

/** A forwarding host ignores router advertisements unless accept_ra is 2 (Linux, Documentation/networking/ip-sysctl). */
async function repairUplinks(kernel: Kernel, tunnelDevice: string): Promise<readonly string[]> {
  const repaired: string[] = [];
  for (const device of await kernel.listAdvertisedUplinks()) {
    if (device === tunnelDevice) continue;
    const said = await repairSysctl(kernel, { device, name: "accept_ra" }, "2");
    repaired.push(
      ...said.map((sentence) => `${sentence} (its default route comes from router advertisements, which forwarding would ignore)`),
    );
  }
  return repaired;
}

async function repairSysctl(kernel: Kernel, key: SysctlKey, value: string): Promise<readonly string[]> {
  const actual = await kernel.findSysctl(key);
  if (actual === undefined || actual === value) return [];
  await kernel.setSysctl(key, value);
  return [`net.ipv6.conf.${key.device}.${key.name} was ${actual}, set to ${value}`];
}

async function repairLink(kernel: Kernel, wish: KernelWish): Promise<readonly string[]> {
  const link = await kernel.findLink(wish.device);
  if (link?.up === true && link.mtuBytes === wish.mtuBytes) return [];
  await kernel.setLink(wish.device, { mtuBytes: wish.mtuBytes });
  return [`${wish.device} set up with MTU ${wish.mtuBytes}`];
}

async function repairAddresses(kernel: Kernel, wish: KernelWish): Promise<readonly string[]> {
  const { add, remove } = difference(wish.addresses, await kernel.listAddresses(wish.device), formatIpv6);
  if (add.length + remove.length === 0) return [];
  await kernel.changeAddresses(wish.device, { add, remove });
  return [...add.map((item) => `address ${formatIpv6(item)} added`), ...remove.map((item) => `address ${formatIpv6(item)} removed`)];
}

async function repairRoutes(kernel: Kernel, wish: KernelWish): Promise<readonly string[]> {
  const { add, remove } = difference(wish.routes, await kernel.listRoutes(wish.device), formatPrefix);
  if (add.length + remove.length === 0) return [];
  await kernel.changeRoutes(wish.device, { add, remove });
  return [...add.map((item) => `route ${formatPrefix(item)} added`), ...remove.map((item) => `route ${formatPrefix(item)} removed`)];
}

/**
 * Behind the device's route of each pool, and with no device as well: where there is none, the default route would send the pool's
 * packets back to the uplink they came from, round and round until their hop limit ends (RFC 6324 section 3).
 */
async function repairUnreachable(kernel: Kernel, wish: KernelWish): Promise<readonly string[]> {
  const { add, remove } = difference(wish.routes, await kernel.listUnreachable(), formatPrefix);
  if (add.length + remove.length === 0) return [];
  await kernel.changeUnreachable({ add, remove });
  const nameOf = (item: Ipv6Prefix): string => `unreachable route ${formatPrefix(item)}`;
  return [...add.map((item) => `${nameOf(item)} added`), ...remove.map((item) => `${nameOf(item)} removed`)];
}

function difference<T>(
  wanted: readonly T[],
  actual: readonly T[],
  nameOf: (item: T) => string,
): { add: readonly T[]; remove: readonly T[] } {
  const wantedNames = new Set(wanted.map(nameOf));
  const actualNames = new Set(actual.map(nameOf));
  return {
    add: wanted.filter((item) => !actualNames.has(nameOf(item))),
    remove: actual.filter((item) => !wantedNames.has(nameOf(item))),
  };
}
