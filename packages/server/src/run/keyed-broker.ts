import { unlink } from "node:fs/promises";
import { openBroker, type OpenedBroker } from "../compose.ts";
import type { PolicySections } from "../config/policy.ts";
import { systemRandom } from "../platform/crypto.ts";
import { ensureMasterKey } from "../platform/master-key.ts";
import { StartupError } from "./startup-error.ts";

export interface KeyedBroker extends OpenedBroker {
  /** One sentence for each thing that was made. */
  readonly made: readonly string[];
}

/**
 * Opens database and master key, making either on a fresh host. A new key for a database that is in use would seal new secrets with one
 * key while the old ones need another, so that is refused.
 */
export async function openKeyedBroker(settings: PolicySections): Promise<KeyedBroker> {
  const { masterKey } = settings.broker;
  const { key, made } = await ensureMasterKey(masterKey, systemRandom);
  const opened = await openBroker(settings, key);
  if (!made) return { ...opened, made: [] };
  const inUse = (await opened.broker.accounts.list()).length > 0;
  if (!inUse) return { ...opened, made: [`master key ${masterKey}: keep a copy, for without it the secrets in the database are lost`] };
  await opened.close();
  await unlink(masterKey);
  throw new StartupError(
    "config",
    `the master key ${masterKey} is missing, but the database has accounts: restore the key from your backup`,
  );
}
