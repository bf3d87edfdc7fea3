import type { WallClock } from "@tombolo/base";
import type { Credits } from "../broker.ts";
import type { CreditStatement } from "../domain/credits.ts";
import type { BrokerSettings } from "../domain/settings.ts";
import { isReason } from "../domain/text.ts";
import type { Handle } from "../domain/types.ts";
import { BrokerError } from "../errors.ts";
import type { Repositories } from "../ports/repositories.ts";
import type { Store } from "../ports/store.ts";
import { getAccount, lockAccount } from "./refusals.ts";

export interface CreditsNeeds {
  readonly store: Store;
  readonly clock: WallClock;
  readonly settings: BrokerSettings;
}

const longestStatement = 1_000;
const largestGrant = 1_000_000;

export function makeCredits({ store, clock, settings }: CreditsNeeds): Credits {
  return {
    read: (wanted) => store.read(async ({ accounts, credits }) => readStatement(credits, (await getAccount(accounts, wanted)).handle)),

    async grant({ handle: wanted, amount, note }) {
      if (!settings.credits.enabled) throw new BrokerError("credits-off", "credits are switched off");
      if (!Number.isSafeInteger(amount) || amount === 0 || Math.abs(amount) > largestGrant || !isReason(note)) {
        throw new BrokerError("credits-malformed", `a grant is a whole number up to ${largestGrant}, not 0, with a note`);
      }
      return store.write(async ({ accounts, credits, audit }) => {
        const { handle } = await lockAccount(accounts, wanted);
        const at = clock.nowSec();
        const about = { tunnel: undefined, request: undefined, period: undefined };
        await credits.add([{ at, handle, kind: "grant", amount, ...about, note }]);
        await audit.add({ at, event: "credit.granted", handle, detail: `${amount}: ${note}` });
        return readStatement(credits, handle);
      });
    },
  };
}

/** Balances are counted back from the sum, so that the statement explains it however much of the ledger it shows. */
async function readStatement(credits: Repositories["credits"], handle: Handle): Promise<CreditStatement> {
  const balance = await credits.balance(handle);
  const newestFirst = await credits.list(handle, longestStatement);
  let after = balance;
  const entries = newestFirst.map((entry) => {
    const shown = { ...entry, balance: after };
    after -= entry.amount;
    return shown;
  });
  return { balance, entries: entries.toReversed() };
}
