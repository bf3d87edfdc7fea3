import type { CancelSignal } from "../broker.ts";
import type { PopName } from "../domain/types.ts";
import type { Repositories } from "./repositories.ts";

/**
 * Where everything rests. `work` runs inside one transaction; when it throws, nothing of it happened. It may run
 * again from its start when another transaction was in the way, so it changes nothing but the repositories it is given
 * and awaits nothing else. When it stays in the way, the call ends with `BrokerError` "store-busy".
 */
export interface Store {
  /** All reads see the same moment. */
  read<T>(work: (repositories: Repositories) => Promise<T>): Promise<T>;
  /** Durable once settled. */
  write<T>(work: (repositories: Repositories) => Promise<T>): Promise<T>;
  /** Settles when the revision of `pop` is, or may be, other than `since`; within about a second of the change, or at abort. */
  wait(pop: PopName, since: number | undefined, signal: CancelSignal): Promise<void>;
}
