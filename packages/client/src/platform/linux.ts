import { constants } from "node:fs";
import { access, readFile, writeFile } from "node:fs/promises";
import { failure, parseIpv6, success, type Result } from "@tombolo/base";
import { errorCode } from "../failure/errors.ts";
import { formatLinkCommands } from "./ip-commands.ts";
import { readIpJson, runIp, type IpFault } from "./ip-tool.ts";
import type { DefaultRoute, LinkSettings, LinkView, Platform, PlatformFault } from "./platform.ts";

/** Linux by way of ip(8) and /proc. Everything happens in the network namespace of this process. */
export function makeLinuxPlatform(): Platform {
  return { findObstacle, configure, readLink, listOtherDefaultRoutes, removeLeftover };
}

async function findObstacle(): Promise<PlatformFault | undefined> {
  if (!(await hasNetAdmin())) return { kind: "no-permission", what: "Making the tunnel's interface" };
  if (!(await isThere("/dev/net/tun")))
    return { kind: "no-tun", message: "There is no /dev/net/tun on this host, so the kernel's module tun is missing" };
  if (!(await isThere("/proc/sys/net/ipv6"))) {
    return { kind: "refused", what: "IPv6", message: "its kernel runs without IPv6; remove ipv6.disable=1 from the kernel's command line" };
  }
  const tool = await runIp(["-V"], "");
  return tool.ok ? undefined : explain(tool.reason, "to run ip(8)");
}

async function configure(wanted: LinkSettings, before: LinkSettings | undefined): Promise<Result<void, PlatformFault>> {
  if (wanted.defaultRouteMetric !== undefined && wanted.defaultRouteMetric !== before?.defaultRouteMetric) {
    const clash = (await listOtherDefaultRoutes(wanted.device)).find((route) => route.metric === wanted.defaultRouteMetric);
    if (clash !== undefined) {
      const message = `${clash.device} has one already; choose another number with --metric, or --no-default-route`;
      return failure({ kind: "refused", what: `a default route of metric ${clash.metric}`, message });
    }
  }
  if (before === undefined) await prepareDevice(wanted.device);
  const commands = formatLinkCommands(wanted, before);
  if (commands.length === 0) return success(undefined);
  const done = await runIp(["-6", "-batch", "-"], `${commands.join("\n")}\n`);
  return done.ok ? success(undefined) : failure(explain(done.reason, `to set up ${wanted.device}`));
}

/** A host may switch IPv6 off for new devices, or let them listen to router advertisements; neither suits a tunnel's end. */
async function prepareDevice(device: string): Promise<void> {
  for (const [name, value] of [
    ["disable_ipv6", "0"],
    ["accept_ra", "0"],
    ["autoconf", "0"],
  ] as const) {
    try {
      await writeFile(`/proc/sys/net/ipv6/conf/${device}/${name}`, value);
    } catch {
      // Read-only /proc/sys, as in many containers: what follows works on most hosts without, and says why where not.
    }
  }
}

async function readLink(device: string): Promise<LinkView | undefined> {
  const links = await readIpJson(["-6", "address", "show", "dev", device]);
  const plain = await readIpJson(["link", "show", "dev", device]);
  const link = plain.ok ? plain.value[0] : undefined;
  if (link === undefined) return undefined;
  const routes = await readIpJson(["-6", "route", "show", "default", "dev", device]);
  return {
    up: Array.isArray(link["flags"]) && link["flags"].includes("UP"),
    mtuBytes: numberOf(link["mtu"]) ?? 0,
    addresses: links.ok ? links.value.flatMap((entry) => readAddresses(entry["addr_info"])) : [],
    defaultRouteMetrics: routes.ok ? routes.value.flatMap((route) => numberOf(route["metric"]) ?? []) : [],
  };
}

function readAddresses(list: unknown): LinkView["addresses"][number][] {
  if (!Array.isArray(list)) return [];
  const found: LinkView["addresses"][number][] = [];
  for (const entry of list as readonly unknown[]) {
    if (typeof entry !== "object" || entry === null || !("local" in entry) || !("prefixlen" in entry) || !("scope" in entry)) continue;
    const address = parseIpv6(String(entry.local));
    const prefixLengthBits = numberOf(entry.prefixlen);
    if (address.ok && prefixLengthBits !== undefined && entry.scope === "global") found.push({ address: address.value, prefixLengthBits });
  }
  return found;
}

async function listOtherDefaultRoutes(device: string): Promise<readonly DefaultRoute[]> {
  const routes = await readIpJson(["-6", "route", "show", "default"]);
  if (!routes.ok) return [];
  const others: DefaultRoute[] = [];
  for (const route of routes.value) {
    const [name, metric] = [route["dev"], numberOf(route["metric"])];
    if (typeof name === "string" && name !== device && metric !== undefined) others.push({ device: name, metric });
  }
  return others.toSorted((a, b) => a.metric - b.metric);
}

async function removeLeftover(device: string): Promise<"removed" | "absent"> {
  const links = await readIpJson(["-details", "link", "show", "dev", device, "type", "tun"]);
  if (!links.ok || links.value[0]?.["ifname"] !== device) return "absent";
  const removed = await runIp(["link", "delete", "dev", device], "");
  return removed.ok ? "removed" : "absent";
}

/** CAP_NET_ADMIN (bit 12 of the effective set) is what TUN, addresses and routes need; root is only the usual way to have it. */
async function hasNetAdmin(): Promise<boolean> {
  const status = await readFile("/proc/self/status", "latin1").catch(() => "");
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return effective === undefined ? process.geteuid?.() === 0 : ((BigInt(`0x${effective}`) >> 12n) & 1n) === 1n;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path, constants.F_OK);
    return true;
  } catch (error) {
    return errorCode(error) !== "ENOENT";
  }
}

function explain(fault: IpFault, what: string): PlatformFault {
  if (fault.kind === "missing") return { kind: "refused", what, message: "ip(8) is not installed; install the package iproute2" };
  if (/Operation not permitted/.test(fault.message)) return { kind: "no-permission", what: "Setting up the tunnel's interface" };
  return { kind: "refused", what, message: fault.message };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
