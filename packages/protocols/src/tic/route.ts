import { failure, formatPrefix, parsePrefix, success, type Ipv6Prefix, type Result } from "@tombolo/base";
import { findTicTunnelId, type TicTunnelId } from "./values.ts";

/** `R1001`, numbered like tunnels. */
export type TicRouteId = `R${number}`;

/** A prefix that is routed to a tunnel, for the network behind it. */
export interface TicRoute {
  readonly id: TicRouteId;
  readonly tunnel: TicTunnelId;
  readonly prefix: Ipv6Prefix;
}

export function findTicRouteId(text: string): TicRouteId | undefined {
  const tunnel = /^[Rr]/.test(text) ? findTicTunnelId(`T${text.slice(1)}`) : undefined;
  return tunnel === undefined ? undefined : `R${Number(tunnel.slice(1))}`;
}

/** `<route id> <tunnel id> <prefix>`, as pyaiccu reads it. */
export function formatRouteLine(route: TicRoute): string {
  return `${route.id} ${route.tunnel} ${formatPrefix(route.prefix)}`;
}

export function parseRouteLine(line: string): Result<TicRoute, "not-three-fields" | "id" | "tunnel" | "prefix"> {
  const [idText = "", tunnelText = "", prefixText = "", ...more] = line.split(" ");
  if (prefixText === "" || more.length > 0) return failure("not-three-fields");
  const id = findTicRouteId(idText);
  if (id === undefined) return failure("id");
  const tunnel = findTicTunnelId(tunnelText);
  if (tunnel === undefined) return failure("tunnel");
  const prefix = parsePrefix(prefixText);
  return prefix.ok ? success({ id, tunnel, prefix: prefix.value }) : failure("prefix");
}

/** pyaiccu takes any keys, and wants a colon in every line. */
export function formatRouteShow(route: TicRoute): readonly string[] {
  return [`RouteId: ${route.id}`, `TunnelId: ${route.tunnel}`, `Prefix: ${formatPrefix(route.prefix)}`];
}
