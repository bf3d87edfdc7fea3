import { equalIpv6, formatIpv6 } from "@tombolo/base";
import type { LinkSettings } from "./platform.ts";

/**
 * Lines for `ip -6 -batch -` that bring a device from `before` to `wanted`. A changed address is added before the old one goes, so that
 * the default route never loses its device's last address. With no `before` they also mend a device that lost a part of what it had.
 */
export function formatLinkCommands(wanted: LinkSettings, before: LinkSettings | undefined): readonly string[] {
  const { device } = wanted;
  const lines: string[] = [];
  // Before all else: below 1280 bytes the kernel takes IPv6 away from the device, and its settings with it.
  if (before?.mtuBytes !== wanted.mtuBytes) lines.push(`link set dev ${device} mtu ${wanted.mtuBytes}`);
  if (before === undefined) {
    // No link-local address: nobody at the other end would answer its router solicitations, and the PoP drops them anyway.
    lines.push(`link set dev ${device} addrgenmode none`);
  }
  if (before === undefined) lines.push(`link set dev ${device} up`);
  lines.push(...addressCommands(wanted, before), ...routeCommands(wanted, before));
  return lines;
}

function addressCommands(wanted: LinkSettings, before: LinkSettings | undefined): string[] {
  const same = before !== undefined && equalIpv6(before.address, wanted.address) && before.prefixLengthBits === wanted.prefixLengthBits;
  if (same) return [];
  // Duplicate address detection has nobody to ask on a point-to-point link, and would keep the address unusable for a second.
  const add = `address replace ${formatEnd(wanted)} dev ${wanted.device} nodad`;
  if (before === undefined) return [add];
  const remove = `address del ${formatEnd(before)} dev ${wanted.device}`;
  return equalIpv6(before.address, wanted.address) ? [remove, add] : [add, remove];
}

function routeCommands(wanted: LinkSettings, before: LinkSettings | undefined): string[] {
  const [old, fresh] = [before?.defaultRouteMetric, wanted.defaultRouteMetric];
  if (old === fresh) return [];
  const lines: string[] = [];
  if (fresh !== undefined) lines.push(`route replace default dev ${wanted.device} metric ${fresh}`);
  if (old !== undefined) lines.push(`route del default dev ${wanted.device} metric ${old}`);
  return lines;
}

function formatEnd(link: LinkSettings): string {
  return `${formatIpv6(link.address)}/${link.prefixLengthBits}`;
}
