import { formatIpv6, formatPrefix, type Ipv6Address, type Ipv6Prefix } from "@tombolo/base";
import { KernelError, type Kernel, type Link, type SysctlKey } from "./kernel.ts";

/** A kernel that exists in memory only, for tests and for trying the server without root. */
export interface MemoryKernel extends Kernel {
  /** A device comes down, with MTU 1500, and with the settings a Linux device starts with. */
  addLink(device: string): void;
  removeLink(device: string): void;
  /** The device now has a default route out of a router advertisement. */
  advertise(device: string): void;
}

export function makeMemoryKernel(): MemoryKernel {
  const links = new Map<string, Link>();
  const routes = new Map<string, Map<string, Ipv6Prefix>>();
  const unreachable = new Map<string, Ipv6Prefix>();
  const addresses = new Map<string, Map<string, Ipv6Address>>();
  const sysctls = new Map<string, string>();
  const advertised = new Set<string>();
  const nameOf = (key: SysctlKey): string => `${key.device}/${key.name}`;
  const startWith = (device: string): void => {
    for (const [name, value] of deviceDefaults) sysctls.set(`${device}/${name}`, value);
  };
  const must = (device: string): void => {
    if (!links.has(device)) throw new KernelError(`Cannot find device "${device}"`);
  };
  startWith("all");
  return {
    addLink(device) {
      links.set(device, { up: false, mtuBytes: 1500 });
      routes.set(device, new Map());
      addresses.set(device, new Map());
      startWith(device);
    },
    removeLink(device) {
      links.delete(device);
      routes.delete(device);
      advertised.delete(device);
      for (const [name] of deviceDefaults) sysctls.delete(`${device}/${name}`);
    },
    advertise(device) {
      advertised.add(device);
    },
    async findLink(device) {
      return links.get(device);
    },
    async setLink(device, wish) {
      must(device);
      links.set(device, { up: true, mtuBytes: wish.mtuBytes });
    },
    async listRoutes(device) {
      must(device);
      return [...(routes.get(device)?.values() ?? [])];
    },
    async changeRoutes(device, change) {
      must(device);
      const held = routes.get(device);
      for (const prefix of change.remove) held?.delete(formatPrefix(prefix));
      if (change.add.length > 0 && links.get(device)?.up !== true) throw new KernelError("RTNETLINK answers: Network is down");
      for (const prefix of change.add) held?.set(formatPrefix(prefix), prefix);
    },
    async listUnreachable() {
      return [...unreachable.values()];
    },
    async changeUnreachable(change) {
      for (const prefix of change.remove) unreachable.delete(formatPrefix(prefix));
      for (const prefix of change.add) unreachable.set(formatPrefix(prefix), prefix);
    },
    async listAddresses(device) {
      must(device);
      return [...(addresses.get(device)?.values() ?? [])];
    },
    async changeAddresses(device, change) {
      must(device);
      const held = addresses.get(device);
      for (const address of change.remove) held?.delete(formatIpv6(address));
      for (const address of change.add) held?.set(formatIpv6(address), address);
    },
    async listAdvertisedUplinks() {
      return [...advertised];
    },
    async findSysctl(key) {
      return sysctls.get(nameOf(key));
    },
    async setSysctl(key, value) {
      if (!sysctls.has(nameOf(key))) throw new KernelError(`cannot set ${nameOf(key)}: no such file or directory`);
      sysctls.set(nameOf(key), value);
    },
  };
}

const deviceDefaults: readonly (readonly [SysctlKey["name"], string])[] = [
  ["forwarding", "0"],
  ["accept_ra", "1"],
  ["autoconf", "1"],
  ["accept_redirects", "1"],
  ["addr_gen_mode", "0"],
  ["disable_ipv6", "0"],
];
