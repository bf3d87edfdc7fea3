import type { Ipv4Address, WallSec } from "@tombolo/base";
import type { DelegationId, Encapsulation, Handle, PopName, TunnelId } from "./types.ts";

export type RequestId = `Q${number}`;

export interface TunnelWish {
  readonly kind: "tunnel";
  readonly pop: PopName;
  readonly encapsulation: Encapsulation;
  /** For 6in4 only. */
  readonly staticEndpoint: Ipv4Address | undefined;
  readonly mtuBytes: number;
}

/** What a user asks for. */
export type RequestWish = TunnelWish | { readonly kind: "delegation"; readonly tunnel: TunnelId; readonly lengthBits: number };

export const requestStates = ["requested", "approved", "rejected"] as const;
export type RequestState = (typeof requestStates)[number];

export interface Decision {
  readonly state: Exclude<RequestState, "requested">;
  readonly at: WallSec;
  readonly by: "rule" | "staff";
  /** Why it was rejected; empty otherwise. */
  readonly reason: string;
  /** What came of it: the new tunnel, or the tunnel that the delegation is routed to. */
  readonly tunnel: TunnelId | undefined;
  readonly delegation: DelegationId | undefined;
}

export interface UserRequest {
  readonly id: RequestId;
  readonly handle: Handle;
  readonly wish: RequestWish;
  /** What the user wants it for. */
  readonly reason: string;
  readonly state: RequestState;
  readonly createdAt: WallSec;
  readonly decision: Decision | undefined;
}

/** Which requests need nobody: "first" approves a tunnel while its account holds fewer than `firstTunnels`. */
export interface ApprovalRule {
  readonly tunnels: "all" | "none" | "first";
  readonly firstTunnels: number;
  readonly delegations: "all" | "none";
}

/** The rule approves this wish of an account that holds `tunnelsHeld` tunnels. */
export function approvesByItself(rule: ApprovalRule, kind: RequestWish["kind"], tunnelsHeld: number): boolean {
  const mode = kind === "tunnel" ? rule.tunnels : rule.delegations;
  return mode === "all" || (mode === "first" && tunnelsHeld < rule.firstTunnels);
}
