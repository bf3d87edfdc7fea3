import type { OwnerEvent, UserRequest } from "@tombolo/broker";
import { formatMoment } from "./views.ts";

export interface RequestView {
  readonly id: string;
  readonly account: string;
  readonly kind: string;
  /** Of a new tunnel. */
  readonly pop: string | null;
  /** The tunnel that a delegation is for. */
  readonly for: string | null;
  /** `ayiya`, or `/48`. */
  readonly what: string;
  readonly state: string;
  readonly reason: string;
  readonly created: string;
  readonly decided: string | null;
  readonly decidedBy: string | null;
  readonly answer: string;
  /** What came of it. */
  readonly tunnel: string | null;
  readonly delegation: string | null;
}

export function viewRequest({ id, handle, wish, state, reason, createdAt, decision }: UserRequest): RequestView {
  return {
    id,
    account: handle,
    kind: wish.kind,
    pop: wish.kind === "tunnel" ? wish.pop : null,
    for: wish.kind === "delegation" ? wish.tunnel : null,
    what: wish.kind === "tunnel" ? wish.encapsulation : `/${wish.lengthBits}`,
    state,
    reason,
    created: formatMoment(createdAt),
    decided: decision === undefined ? null : formatMoment(decision.at),
    decidedBy: decision?.by ?? null,
    answer: decision?.reason ?? "",
    tunnel: decision?.tunnel ?? null,
    delegation: decision?.delegation ?? null,
  };
}

export interface EventView {
  readonly id: number;
  readonly at: string;
  readonly kind: string;
  readonly account: string;
  readonly pop: string | null;
  readonly tunnel: string | null;
  readonly request: string | null;
  readonly detail: string;
}

export function viewEvent({ id, at, kind, handle, pop, tunnel, request, detail }: OwnerEvent & { readonly id: number }): EventView {
  const about = { pop: pop ?? null, tunnel: tunnel ?? null, request: request ?? null };
  return { id, at: formatMoment(at), kind, account: handle, ...about, detail };
}
