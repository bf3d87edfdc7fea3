import { encodeLatin1, equalBytes, equalIpv6, type Ipv6Prefix } from "@tombolo/base";
import type { PlaneEndpoint, PlaneTunnel } from "@tombolo/dataplane";
import type { DesiredTunnel } from "../state/desired.ts";

/** The number in `T1001`; the state codec has checked the form. */
export function tunnelNumberOf(id: string): number {
  return Number(id.slice(1));
}

export function tunnelIdOf(number: number): string {
  return `T${number}`;
}

/**
 * What the data plane is told. A disabled tunnel stays in its table, so that its packets are counted as such and it comes back where
 * it was. `known` is where the far end was last: as the data plane knows it, or for a tunnel that is new to it, as it is remembered.
 */
export function makePlaneTunnel(desired: DesiredTunnel, known: PlaneEndpoint | undefined): PlaneTunnel {
  const encapsulation = encapsulationOf(desired);
  const fixed = desired.encapsulation === "6in4";
  return {
    id: tunnelNumberOf(desired.id),
    encapsulation,
    enabled: desired.enabled,
    localAddress: desired.popAddress,
    remoteAddress: desired.clientAddress,
    prefixes: [desired.prefix, ...desired.delegations],
    mtuBytes: desired.mtuBytes,
    secret: encapsulation === "ayiya" ? encodeLatin1(desired.secret) : undefined,
    endpoint: fixed ? staticEndpointOf(desired) : fittingEndpoint(encapsulation, known),
    endpointFixed: fixed,
    // What a user typed in is asked before it gets anybody's traffic.
    proveFixed: fixed,
    beatSec: 0,
  };
}

/** A heartbeat tunnel is 6in4 whose endpoint comes from its beats; until the first one it has none. */
function encapsulationOf(desired: DesiredTunnel): PlaneTunnel["encapsulation"] {
  return desired.encapsulation === "heartbeat" ? "6in4" : desired.encapsulation;
}

function staticEndpointOf(desired: DesiredTunnel): PlaneEndpoint | undefined {
  return desired.staticEndpoint && { ipv4: desired.staticEndpoint, port: 0 };
}

/** After a change of encapsulation the old endpoint may be of the other kind: protocol 41 has no ports, the rest always has. */
function fittingEndpoint(encapsulation: PlaneTunnel["encapsulation"], endpoint: PlaneEndpoint | undefined): PlaneEndpoint | undefined {
  if (endpoint === undefined) return undefined;
  return (encapsulation === "6in4") === (endpoint.port === 0) ? endpoint : undefined;
}

/** True when setting `b` over `a` would change nothing. An endpoint that may move belongs to the data plane and is not compared. */
export function samePlaneTunnel(a: PlaneTunnel, b: PlaneTunnel): boolean {
  return (
    a.encapsulation === b.encapsulation &&
    a.enabled === b.enabled &&
    equalIpv6(a.localAddress, b.localAddress) &&
    equalIpv6(a.remoteAddress, b.remoteAddress) &&
    samePrefixes(a.prefixes, b.prefixes) &&
    a.mtuBytes === b.mtuBytes &&
    sameSecret(a.secret, b.secret) &&
    a.endpointFixed === b.endpointFixed &&
    a.proveFixed === b.proveFixed &&
    (!a.endpointFixed || sameEndpoint(a.endpoint, b.endpoint))
  );
}

function samePrefixes(a: readonly Ipv6Prefix[], b: readonly Ipv6Prefix[]): boolean {
  return (
    a.length === b.length && a.every((prefix, i) => prefix.lengthBits === b[i]?.lengthBits && prefix.address.value === b[i]?.address.value)
  );
}

function sameSecret(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b);
}

function sameEndpoint(a: PlaneEndpoint | undefined, b: PlaneEndpoint | undefined): boolean {
  return a?.ipv4.value === b?.ipv4.value && a?.port === b?.port;
}
