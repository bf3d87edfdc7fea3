import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { assert, formatIpv6, formatPrefix, makePrefix, parseIpv6, parsePrefix, type Ipv6Address, type Ipv6Prefix } from "@tombolo/base";
import { messageOf } from "../log.ts";
import { runIp } from "./ip-command.ts";
import { isDeviceName, KernelError, routeProtocol, unreachableMetric, type Kernel, type Link, type SysctlKey } from "./kernel.ts";

/** The kernel of this host, or of the network namespace this process lives in: ip(8) for links and routes, /proc/sys for settings. */
export function openLinuxKernel(): Kernel {
  return {
    findLink,
    setLink,
    listRoutes,
    changeRoutes,
    listUnreachable,
    changeUnreachable,
    listAddresses,
    changeAddresses,
    listAdvertisedUplinks,
    findSysctl,
    setSysctl,
  };
}

interface IpLink {
  readonly ifname?: string;
  readonly flags?: readonly string[];
  readonly mtu?: number;
}

interface IpRoute {
  readonly dst?: string;
  readonly dev?: string;
  readonly protocol?: string;
  readonly metric?: number;
}

async function findLink(device: string): Promise<Link | undefined> {
  // Asked for one missing device by name, ip(8) fails; in the list of all, it is just not there.
  const links = JSON.parse(await runIp(["-json", "link", "show"])) as readonly IpLink[];
  const link = links.find((item) => item.ifname === device);
  return link && { up: link.flags?.includes("UP") ?? false, mtuBytes: link.mtu ?? 0 };
}

async function setLink(device: string, wish: { readonly mtuBytes: number }): Promise<void> {
  checkDevice(device);
  await runIp(["link", "set", "dev", device, "mtu", String(wish.mtuBytes), "up"]);
}

async function listRoutes(device: string): Promise<readonly Ipv6Prefix[]> {
  checkDevice(device);
  const text = await runIp(["-6", "-json", "route", "show", "dev", device, "protocol", String(routeProtocol)]);
  const routes = JSON.parse(text.trim() === "" ? "[]" : text) as readonly IpRoute[];
  return routes.map((route) => parseDestination(route.dst ?? ""));
}

/** ip(8) leaves `/128` out and calls ::/0 `default`. */
function parseDestination(text: string): Ipv6Prefix {
  const prefix = parsePrefix(text === "default" ? "::/0" : text);
  if (prefix.ok) return prefix.value;
  const address = parseIpv6(text);
  if (!address.ok) throw new KernelError(`ip route printed a destination that is no prefix: ${text.slice(0, 64)}`);
  return makePrefix(address.value, 128);
}

async function changeRoutes(
  device: string,
  change: { readonly add: readonly Ipv6Prefix[]; readonly remove: readonly Ipv6Prefix[] },
): Promise<void> {
  checkDevice(device);
  const held = new Set((await listRoutes(device)).map(formatPrefix));
  const tail = `dev ${device} protocol ${routeProtocol}`;
  const batch = [
    ...change.remove.map(formatPrefix).flatMap((text) => (held.has(text) ? [`route del ${text} ${tail}`] : [])),
    ...change.add.map((prefix) => `route replace ${formatPrefix(prefix)} ${tail}`),
  ];
  if (batch.length > 0) await runIp(["-6", "-batch", "-"], `${batch.join("\n")}\n`);
}

async function listUnreachable(): Promise<readonly Ipv6Prefix[]> {
  const text = await runIp(["-6", "-json", "route", "show", "type", "unreachable", "protocol", String(routeProtocol)]);
  const routes = JSON.parse(text.trim() === "" ? "[]" : text) as readonly IpRoute[];
  return routes.filter((route) => route.metric === unreachableMetric).map((route) => parseDestination(route.dst ?? ""));
}

async function changeUnreachable(change: { readonly add: readonly Ipv6Prefix[]; readonly remove: readonly Ipv6Prefix[] }): Promise<void> {
  const held = new Set((await listUnreachable()).map(formatPrefix));
  const tail = `metric ${unreachableMetric} protocol ${routeProtocol}`;
  const batch = [
    ...change.remove.map(formatPrefix).flatMap((text) => (held.has(text) ? [`route del unreachable ${text} ${tail}`] : [])),
    ...change.add.map((prefix) => `route replace unreachable ${formatPrefix(prefix)} ${tail}`),
  ];
  if (batch.length > 0) await runIp(["-6", "-batch", "-"], `${batch.join("\n")}\n`);
}

interface IpAddresses {
  readonly addr_info?: readonly { readonly local?: string }[];
}

async function listAddresses(device: string): Promise<readonly Ipv6Address[]> {
  checkDevice(device);
  const text = await runIp(["-6", "-json", "address", "show", "dev", device, "scope", "global"]);
  const links = JSON.parse(text.trim() === "" ? "[]" : text) as readonly IpAddresses[];
  return links.flatMap((link) => link.addr_info ?? []).map((item) => parseDestination(item.local ?? "").address);
}

async function changeAddresses(
  device: string,
  change: { readonly add: readonly Ipv6Address[]; readonly remove: readonly Ipv6Address[] },
): Promise<void> {
  const held = new Set((await listAddresses(device)).map(formatIpv6));
  const batch = [
    ...change.remove.map(formatIpv6).flatMap((text) => (held.has(text) ? [`address del ${text}/128 dev ${device}`] : [])),
    ...change.add.map((address) => `address replace ${formatIpv6(address)}/128 dev ${device} nodad`),
  ];
  if (batch.length > 0) await runIp(["-6", "-batch", "-"], `${batch.join("\n")}\n`);
}

async function listAdvertisedUplinks(): Promise<readonly string[]> {
  const text = await runIp(["-6", "-json", "route", "show", "default"]);
  const routes = JSON.parse(text.trim() === "" ? "[]" : text) as readonly IpRoute[];
  const devices = routes.flatMap((route) => (route.protocol === "ra" && route.dev !== undefined ? [route.dev] : []));
  return [...new Set(devices)];
}

async function findSysctl(key: SysctlKey): Promise<string | undefined> {
  try {
    return (await readFile(pathOf(key), "ascii")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new KernelError(`cannot read ${pathOf(key)}: ${messageOf(error)}`);
  }
}

async function setSysctl(key: SysctlKey, value: string): Promise<void> {
  try {
    await writeFile(pathOf(key), value, { encoding: "ascii", flag: "r+" });
  } catch (error) {
    throw new KernelError(`cannot set ${pathOf(key)} to ${value}: ${messageOf(error)}`);
  }
}

function pathOf(key: SysctlKey): string {
  checkDevice(key.device);
  return join("/proc/sys/net/ipv6/conf", key.device, key.name);
}

function checkDevice(device: string): void {
  assert(isDeviceName(device), "device names are checked where they are configured");
}
