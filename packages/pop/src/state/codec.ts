import { failure, formatIpv4, formatIpv6, formatPrefix, success, type Result } from "@tombolo/base";
import type { DesiredPop, DesiredTunnel } from "./desired.ts";
import { FieldReader, isJsonObject, type FieldFault, type JsonObject } from "./fields.ts";

/*
 * The state stream, one JSON object a line (ASCII, ended by LF):
 *
 *   {"type":"snapshot","revision":7,"pop":{…}}      everything follows, and counts only when its end has come
 *   {"type":"tunnel","tunnel":{…}}
 *   {"type":"end","revision":7}
 *   {"type":"change","revision":8,"tunnel":{…}}     one of tunnel, removed, pop
 *   {"type":"change","revision":9,"removed":"T1001"}
 *   {"type":"change","revision":10,"pop":{…}}
 *   {"type":"keepalive"}                            every 15 s of silence
 *
 * The revision of a change line is what the PoP holds once it has applied the line. When one revision changes several things, all lines
 * but the last carry the revision before it, so that a stream cut between them resumes without a loss.
 */

/** Bytes; a tunnel with 64 delegations needs about 3,500. */
export const stateLineMaxBytes = 16_384;
const poolsMax = 256;
const delegationsMax = 64;

export type StateLine =
  | { readonly type: "snapshot"; readonly revision: number; readonly pop: DesiredPop }
  | { readonly type: "tunnel"; readonly tunnel: DesiredTunnel }
  | { readonly type: "end"; readonly revision: number }
  | { readonly type: "change"; readonly revision: number; readonly change: StateLineChange }
  | { readonly type: "keepalive" };

export type StateLineChange =
  | { readonly kind: "tunnel"; readonly tunnel: DesiredTunnel }
  | { readonly kind: "removed"; readonly id: string }
  | { readonly kind: "pop"; readonly pop: DesiredPop };

export type StateLineFault = FieldFault | { readonly reason: "not-json" | "not-an-object" | "type-unknown"; readonly field: "" };

/** Reads one line without its line end. The caller has bounded its length by `stateLineMaxBytes`. */
export function decodeStateLine(text: string): Result<StateLine, StateLineFault> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return failure({ reason: "not-json", field: "" });
  }
  if (!isJsonObject(value)) return failure({ reason: "not-an-object", field: "" });
  const reader = new FieldReader(value);
  switch (value["type"]) {
    case "snapshot": {
      const revision = readRevision(reader);
      const pop = reader.object("pop", readPop);
      return pop === undefined ? failedOf(reader) : reader.result({ type: "snapshot", revision, pop });
    }
    case "tunnel": {
      const tunnel = reader.object("tunnel", readTunnel);
      return tunnel === undefined ? failedOf(reader) : reader.result({ type: "tunnel", tunnel });
    }
    case "end":
      return reader.result({ type: "end", revision: readRevision(reader) });
    case "change":
      return decodeChange(value, reader);
    case "keepalive":
      return success({ type: "keepalive" });
    default:
      return failure({ reason: "type-unknown", field: "" });
  }
}

function decodeChange(value: JsonObject, reader: FieldReader): Result<StateLine, StateLineFault> {
  const revision = readRevision(reader);
  const change = readChange(value, reader);
  return change === undefined ? failedOf(reader) : reader.result({ type: "change", revision, change });
}

function readChange(value: JsonObject, reader: FieldReader): StateLineChange | undefined {
  if (value["removed"] !== undefined) return { kind: "removed", id: readTunnelId(reader, "removed") };
  if (value["pop"] !== undefined) {
    const pop = reader.object("pop", readPop);
    return pop && { kind: "pop", pop };
  }
  const tunnel = reader.object("tunnel", readTunnel);
  return tunnel && { kind: "tunnel", tunnel };
}

function failedOf(reader: FieldReader): Result<never, StateLineFault> {
  return failure(reader.fault ?? { reason: "not-an-object", field: "" });
}

function readRevision(reader: FieldReader): number {
  return reader.integer("revision", 0, Number.MAX_SAFE_INTEGER);
}

/** Nine digits stay inside the data plane's 31 bits. */
function readTunnelId(reader: FieldReader, field: string): string {
  return reader.text(field, /^T[1-9]\d{0,8}$/);
}

function readPop(reader: FieldReader): DesiredPop {
  return {
    name: reader.text("name", /^[a-z0-9]{1,14}$/),
    outerIpv4: reader.ipv4("outerIpv4"),
    pools: reader.prefixes("pools", poolsMax),
  };
}

function readTunnel(reader: FieldReader): DesiredTunnel {
  return {
    id: readTunnelId(reader, "id"),
    encapsulation: reader.oneOf("encapsulation", ["6in4", "heartbeat", "ayiya", "udp"], "ayiya"),
    enabled: reader.boolean("enabled"),
    popAddress: reader.ipv6("popAddress"),
    clientAddress: reader.ipv6("clientAddress"),
    prefix: reader.prefix("prefix"),
    delegations: reader.prefixes("delegations", delegationsMax),
    mtuBytes: reader.integer("mtuBytes", 1280, 1480),
    heartbeatSec: reader.integer("heartbeatSec", 1, 86_400),
    secret: reader.text("secret", /^[\x21-\x7e]{1,128}$/),
    staticEndpoint: reader.optionalIpv4("staticEndpoint"),
    lastEndpoint: reader.optional("lastEndpoint", (inner) => ({ ipv4: inner.ipv4("ipv4"), port: inner.integer("port", 0, 65_535) })),
  };
}

/** One line without its line end. */
export function encodeStateLine(line: StateLine): string {
  switch (line.type) {
    case "snapshot":
      return JSON.stringify({ type: line.type, revision: line.revision, pop: popToJson(line.pop) });
    case "tunnel":
      return JSON.stringify({ type: line.type, tunnel: tunnelToJson(line.tunnel) });
    case "change":
      return JSON.stringify({ type: line.type, revision: line.revision, ...changeToJson(line.change) });
    case "end":
    case "keepalive":
      return JSON.stringify(line);
  }
}

function changeToJson(change: StateLineChange): JsonObject {
  switch (change.kind) {
    case "tunnel":
      return { tunnel: tunnelToJson(change.tunnel) };
    case "removed":
      return { removed: change.id };
    case "pop":
      return { pop: popToJson(change.pop) };
  }
}

function popToJson(pop: DesiredPop): JsonObject {
  return { name: pop.name, outerIpv4: formatIpv4(pop.outerIpv4), pools: pop.pools.map(formatPrefix) };
}

function tunnelToJson(tunnel: DesiredTunnel): JsonObject {
  return {
    id: tunnel.id,
    encapsulation: tunnel.encapsulation,
    enabled: tunnel.enabled,
    popAddress: formatIpv6(tunnel.popAddress),
    clientAddress: formatIpv6(tunnel.clientAddress),
    prefix: formatPrefix(tunnel.prefix),
    delegations: tunnel.delegations.map(formatPrefix),
    mtuBytes: tunnel.mtuBytes,
    heartbeatSec: tunnel.heartbeatSec,
    secret: tunnel.secret,
    ...(tunnel.staticEndpoint && { staticEndpoint: formatIpv4(tunnel.staticEndpoint) }),
    ...(tunnel.lastEndpoint && { lastEndpoint: { ipv4: formatIpv4(tunnel.lastEndpoint.ipv4), port: tunnel.lastEndpoint.port } }),
  };
}
