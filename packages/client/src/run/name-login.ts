import { formatTicUsername } from "@tombolo/protocols";
import { formatServer } from "../config/fields.ts";
import type { LoginSettings } from "../config/login.ts";

/** Server and user, for messages. */
export function nameLogin(login: LoginSettings): { readonly server: string; readonly user: string } {
  return { server: formatServer(login.server), user: formatTicUsername(login.user) };
}
