import { failure, success, type Result } from "@tombolo/base";
import type { TicUsername } from "@tombolo/protocols";
import type { Failure } from "../failure/failure.ts";
import { environmentName, type ServerName } from "./fields.ts";
import { defaultConfPath, readAccessKey } from "./files.ts";
import type { TlsPolicy } from "../tic/start-tls.ts";
import type { Settings } from "./settings.ts";

/** What a login needs, complete. */
export interface LoginSettings {
  readonly server: ServerName;
  readonly user: TicUsername;
  readonly key: string;
  readonly tls: TlsPolicy;
}

/** Reads the access key too, so that it is read once, and before anything is changed. */
export function readLoginSettings(settings: Settings): Result<LoginSettings, Failure> {
  const { server, user, tls } = settings.values;
  if (server === undefined) return missing("server");
  if (user === undefined) return missing("user");
  const key = readAccessKey(settings);
  return key.ok ? success({ server, user, key: key.value, tls: tls ?? "prefer" }) : key;
}

function missing(name: "server" | "user"): Result<never, Failure> {
  const fix = `it is not set; use --${name}, ${environmentName(name)}, or a line "${name} = ..." in ${defaultConfPath}`;
  return failure({ code: "bad-configuration", where: "settings", field: name, value: undefined, fix });
}
