import pg from "pg";
import { stateChannel, type Hear } from "./engine.ts";

export interface Listener {
  start(hear: Hear): void;
  stop(): Promise<void>;
}

const firstDelayMs = 500;
const longestDelayMs = 10_000;

/**
 * One connection that only listens, made anew whenever it breaks. What was missed meanwhile is healed by asking
 * the database after each connect, and by the poll that runs beside it.
 */
export function makeListener(connection: pg.ClientConfig): Listener {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let delayMs = firstDelayMs;
  let state: "idle" | "running" | "stopped" = "idle";

  const connect = async (hear: Hear): Promise<void> => {
    const fresh = new pg.Client(connection);
    client = fresh;
    let lost = false;
    const lose = (): void => {
      if (lost) return;
      lost = true;
      fresh.end().catch(() => {});
      if (state !== "running") return;
      timer = setTimeout(() => void connect(hear), delayMs);
      timer.unref();
      delayMs = Math.min(2 * delayMs, longestDelayMs);
    };
    fresh.on("error", lose);
    fresh.on("end", lose);
    fresh.on("notification", ({ payload = "" }) => hear.wake(payload));
    try {
      await fresh.connect();
      await fresh.query(`listen ${stateChannel}`);
      delayMs = firstDelayMs;
      hear.check();
    } catch {
      lose();
    }
  };

  return {
    start(hear) {
      if (state !== "idle") return;
      state = "running";
      void connect(hear);
    },
    async stop() {
      state = "stopped";
      clearTimeout(timer);
      await client?.end().catch(() => {});
    },
  };
}
