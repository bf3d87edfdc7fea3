import type { ChargeKind, CreditDraft, CreditPlan } from "../domain/credits.ts";
import type { Handle } from "../domain/types.ts";
import { BrokerError } from "../errors.ts";
import type { Repositories } from "../ports/repositories.ts";

type ChargeAbout = Pick<CreditDraft, "at" | "handle"> & Partial<Pick<CreditDraft, "tunnel" | "request" | "period" | "note">>;

/** The ledger's line for `kind`; undefined when the plan gives and takes nothing for it. */
export function makeCharge(plan: CreditPlan, kind: ChargeKind, about: ChargeAbout): CreditDraft | undefined {
  const amount = plan.amounts[kind];
  if (!plan.enabled || amount === 0) return undefined;
  return { tunnel: undefined, request: undefined, period: undefined, note: "", ...about, kind, amount };
}

/** Writes what the plan gives or takes for `kind`. Costs are taken at any balance; only requests ask for one. */
export async function charge(credits: Repositories["credits"], plan: CreditPlan, kind: ChargeKind, about: ChargeAbout): Promise<void> {
  const entry = makeCharge(plan, kind, about);
  if (entry !== undefined) await credits.add([entry]);
}

/** The account is locked: its balance can't be spent twice at once. */
export async function refusePoor(credits: Repositories["credits"], plan: CreditPlan, handle: Handle): Promise<void> {
  if (!plan.enabled) return;
  const balance = await credits.balance(handle);
  if (balance >= plan.mayRequestFrom) return;
  const text = `${handle} has ${balance} credits; requests need ${plan.mayRequestFrom}. A tunnel that answers all week earns more`;
  throw new BrokerError("credits-too-low", text);
}
