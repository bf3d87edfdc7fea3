import { spawn } from "node:child_process";
import { formatIpv6 } from "@tombolo/base";
import { errorMessage } from "../failure/errors.ts";
import type { TunnelGrant } from "../tic/grant.ts";

/**
 * Runs what `setupscript` in aiccu.conf says, by the shell and once the interface is set up, as Debian's aiccu does; what it is about
 * is in variables. Answers what went wrong, if something did: a script that fails takes no tunnel down.
 */
export function runSetupScript(script: string, device: string, grant: TunnelGrant): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const child = spawn("/bin/sh", ["-c", script], {
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      TOMBOLO_DEVICE: device,
      TOMBOLO_TUNNEL: `T${grant.id}`,
      TOMBOLO_ADDRESS: formatIpv6(grant.clientAddress),
      TOMBOLO_GATEWAY: formatIpv6(grant.popAddress),
    },
  });
  child.on("error", (error) => resolve(errorMessage(error)));
  child.on("close", (code, signal) => {
    if (code === 0) resolve(undefined);
    else resolve(code === null ? `signal ${signal ?? "unknown"} ended it` : `it ended with ${code}`);
  });
  return promise;
}
