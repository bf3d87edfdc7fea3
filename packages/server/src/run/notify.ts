import { spawn } from "node:child_process";

/** Tells systemd, when it started us and wants to know (sd_notify(3)); a host without it loses nothing. */
export async function notifySystemd(
  environment: Readonly<Record<string, string | undefined>>,
  state: "--ready" | "--stopping",
): Promise<void> {
  if (environment["NOTIFY_SOCKET"] === undefined) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const child = spawn("systemd-notify", [state], { stdio: "ignore", timeout: 5000 });
  child.once("error", () => resolve());
  child.once("close", () => resolve());
  await promise;
}

/** Settles when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}
