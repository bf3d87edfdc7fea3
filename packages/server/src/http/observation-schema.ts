import { parseIpv4, wallSec, type Ipv4Address, type WallSec } from "@tombolo/base";
import { parseTunnelId, type Observation, type TunnelId } from "@tombolo/broker";
import { observationBatchMax } from "@tombolo/pop";
import { z } from "zod";

const tunnel: z.ZodType<TunnelId> = z
  .string()
  .max(16)
  .transform((text, context) => {
    const id = parseTunnelId(text);
    if (id.ok) return id.value;
    context.addIssue({ code: "custom", message: "not a tunnel id" });
    return z.NEVER;
  });

const ipv4: z.ZodType<Ipv4Address> = z
  .string()
  .max(15)
  .transform((text, context) => {
    const address = parseIpv4(text);
    if (address.ok) return address.value;
    context.addIssue({ code: "custom", message: "not an IPv4 address" });
    return z.NEVER;
  });

/** Up to the year 2255: beyond it a clock is broken. */
const at: z.ZodType<WallSec> = z.int().min(0).max(9_000_000_000).transform(wallSec);
const count = z.int().min(0);
/** Up to an hour. */
const millis = z.number().min(0).max(3_600_000);

const observation: z.ZodType<Observation> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("endpoint"), tunnel, ipv4, port: z.int().min(0).max(65_535), at }),
  z.strictObject({ kind: z.literal("seen"), tunnel, at }),
  z.strictObject({
    kind: z.literal("latency"),
    tunnel,
    at,
    sent: z.int().min(1).max(10_000),
    received: z.int().min(0).max(10_000),
    minMs: millis,
    avgMs: millis,
    maxMs: millis,
  }),
  z.strictObject({
    kind: z.literal("counters"),
    tunnel,
    at,
    inPackets: count,
    inBytes: count,
    outPackets: count,
    outBytes: count,
    drops: count,
  }),
]);

/** `{"observations":[…]}` of one batch. */
export const observationsSchema: z.ZodType<{ readonly observations: readonly Observation[] }> = z.strictObject({
  observations: z.array(observation).max(observationBatchMax),
});
