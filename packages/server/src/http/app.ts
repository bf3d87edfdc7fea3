import type { Broker, PopName } from "@tombolo/broker";
import { messageOf, type Log, type Timers } from "@tombolo/pop";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { observationsSchema } from "./observation-schema.ts";
import { findBearer, type PopAuth } from "./pop-auth.ts";
import { makeProblem, problemOf, respondProblem } from "./problems.ts";
import { stateLines } from "./state-lines.ts";

export interface HttpAppOptions {
  readonly broker: Broker;
  readonly auth: PopAuth;
  readonly timers: Timers;
  readonly log: Log;
  /** Ends every stream when the server closes. */
  readonly closing: AbortSignal;
}

/** What the outside needs of the app, whatever carries the request: a socket, or a call inside this process. */
export interface HttpApp {
  fetch(request: Request): Response | Promise<Response>;
}

interface Variables {
  readonly Variables: { pop: PopName; token: string };
}

/** 2,000 observations of the longest kind are about 400 kB. */
const bodyMaxBytes = 1_048_576;

export function makeHttpApp(options: HttpAppOptions): HttpApp {
  const app = new Hono<Variables>();
  /*
   * The PoPs that hold a state which this process sent. A revision alone does not tell histories apart: after the database was put back from a
   * backup and changed anew, it may have the number that a PoP holds of the lost history. A database is put back while no broker runs, so a
   * PoP's first stream of each process begins with a snapshot, whatever it holds. Names come from proved tokens: there are as many as PoPs.
   */
  const settled = new Set<PopName>();
  app.get("/healthz", (context) => context.json({ status: "ok" }));
  app.use("/pop/v1/*", async (context, next) => {
    const token = findBearer(context.req.header("authorization"));
    const pop = token === undefined ? undefined : await options.auth(token);
    if (token === undefined || pop === undefined) return respondProblem(makeProblem("token-refused", 401, "The token is not known"));
    context.set("pop", pop);
    context.set("token", token);
    return next();
  });
  app.get("/pop/v1/state", (context) => {
    const since = context.req.query("since");
    if (since !== undefined && !/^\d{1,15}$/.test(since)) {
      return respondProblem(makeProblem("since-malformed", 400, "since is the revision you hold, a whole number"));
    }
    const { pop, token } = context.var;
    const ending = endWith(options.closing, context.req.raw.signal);
    const { broker, timers, auth, log } = options;
    const stillWelcome = async (): Promise<boolean> => (await auth(token)) === pop;
    const held = since === undefined || !settled.has(pop) ? undefined : Number(since);
    const lines = stateLines({
      broker,
      pop,
      since: held,
      signal: ending.signal,
      timers,
      stillWelcome,
      settled: () => void settled.add(pop),
    });
    return new Response(bytesOf(lines, { log, pop, ending }), {
      headers: { "content-type": "application/x-ndjson", "cache-control": "no-store", "x-accel-buffering": "no" },
    });
  });
  const limit = bodyLimit({ maxSize: bodyMaxBytes, onError: () => respondProblem(makeProblem("too-large", 413, "The body is too large")) });
  app.post("/pop/v1/observations", limit, async (context) => {
    const body: unknown = await context.req.json().catch(() => undefined);
    const checked = observationsSchema.safeParse(body);
    if (!checked.success) {
      const [issue] = checked.error.issues;
      return respondProblem(
        makeProblem("body-malformed", 400, "Not a batch of observations", `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`),
      );
    }
    return context.json(await options.broker.states.observe(context.var.pop, checked.data.observations));
  });
  app.notFound(() => respondProblem(makeProblem("not-found", 404, "There is nothing here")));
  app.onError((error) => {
    const problem = problemOf(error);
    if (problem.status >= 500) options.log({ level: "error", event: "http.request.failed", reason: messageOf(error) });
    return respondProblem(problem);
  });
  return { fetch: (request) => app.fetch(request) };
}

/** A controller that also aborts with any of `signals`. AbortSignal.any would do, but it holds its sources so weakly that they get lost. */
function endWith(...signals: readonly AbortSignal[]): AbortController {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  for (const signal of signals) {
    signal.addEventListener("abort", end, { once: true, signal: ending.signal });
    if (signal.aborted) end();
  }
  return ending;
}

interface StreamEnds {
  readonly log: Log;
  readonly pop: PopName;
  /** Aborts when the stream is over, for whatever reason. */
  readonly ending: AbortController;
}

/** Pulls the next lines only when the last ones have gone, so a slow reader costs one chunk. */
function bytesOf(lines: AsyncGenerator<string>, { log, pop, ending }: StreamEnds): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let over = false;
  log({ level: "info", event: "http.stream.opened", pop });
  const finish = (reason: string): void => {
    if (!over) log({ level: "info", event: "http.stream.closed", pop, reason });
    over = true;
    ending.abort();
  };
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = await lines.next();
        if (next.done !== true) return controller.enqueue(encoder.encode(next.value));
        if (over) return undefined;
        finish("ended");
        return controller.close();
      } catch (error) {
        finish(messageOf(error));
        return controller.error(error);
      }
    },
    cancel() {
      finish("reader-left");
    },
  });
}
