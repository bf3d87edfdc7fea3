export * from "./broker.ts";
export {
  capacityOf,
  firstPosition,
  isForbidden,
  isPoolPlan,
  prefixesAround,
  tunnelEnds,
  type PoolPlan,
  type TunnelEnds,
} from "./domain/addressing.ts";
export * from "./domain/encapsulation.ts";
export * from "./domain/handle.ts";
export * from "./domain/ids.ts";
export { isMtu } from "./domain/mtu.ts";
export * from "./domain/pop-name.ts";
export * from "./domain/credits.ts";
export * from "./domain/events.ts";
export { latencySteps, latencyStepSec, type LatencyPoint, type LatencyRound, type LatencyStep } from "./domain/latency.ts";
export * from "./domain/requests.ts";
export { describePop, formatMinute } from "./domain/since.ts";
export type { DayUptime } from "./domain/uptime.ts";
export * from "./domain/settings.ts";
export * from "./domain/types.ts";
export * from "./errors.ts";
export * from "./make-broker.ts";
export type { AuditEvent } from "./ports/audit.ts";
export * from "./ports/repositories.ts";
export type { Sealer, SealPurpose } from "./ports/sealer.ts";
export * from "./ports/store.ts";
