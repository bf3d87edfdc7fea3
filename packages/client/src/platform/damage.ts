import { equalIpv6 } from "@tombolo/base";
import type { LinkSettings, LinkView } from "./platform.ts";

/** What a device can lose to another program: `ip link set DEVICE down` takes the first, third and fourth, network managers each of them. */
export type Damage = "up" | "mtu" | "address" | "default-route";

/** What of `wanted` the device has no more. What others added to it is theirs. */
export function findDamage(wanted: LinkSettings, seen: LinkView): readonly Damage[] {
  const damage: Damage[] = [];
  const { address, prefixLengthBits, defaultRouteMetric } = wanted;
  if (!seen.up) damage.push("up");
  if (seen.mtuBytes !== wanted.mtuBytes) damage.push("mtu");
  if (!seen.addresses.some((held) => equalIpv6(held.address, address) && held.prefixLengthBits === prefixLengthBits))
    damage.push("address");
  if (defaultRouteMetric !== undefined && !seen.defaultRouteMetrics.includes(defaultRouteMetric)) damage.push("default-route");
  return damage;
}
