import { encodeStateLine, type StateLine } from "../src/state/codec.ts";
import type { Fetch } from "../src/stream/client.ts";

/** A broker that the test plays: it notes every request, holds the newest stream open, and takes observations. */
export class PlayedBroker {
  readonly requests: { readonly method: string; readonly url: string; readonly authorization: string | null }[] = [];
  readonly batches: { readonly observations: readonly Record<string, unknown>[] }[] = [];
  /** Answers a request for the stream. */
  answer: (signal: AbortSignal | null | undefined) => Response = (signal) => this.#openStream(signal);
  /** Answers a batch of observations. */
  takeBatch: () => Response = () => Response.json({ taken: 1, refused: 0 });
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  readonly fetch: Fetch = (url, init) => {
    const method = init.method ?? "GET";
    this.requests.push({ method, url, authorization: new Headers(init.headers).get("authorization") });
    return new Promise((resolve) => {
      if (method === "GET") return resolve(this.answer(init.signal));
      const response = this.takeBatch();
      if (response.ok && typeof init.body === "string")
        this.batches.push(JSON.parse(init.body) as { observations: Record<string, unknown>[] });
      return resolve(response);
    });
  };

  send(...lines: readonly StateLine[]): void {
    this.sendText(lines.map((line) => `${encodeStateLine(line)}\n`).join(""));
  }

  sendText(text: string): void {
    this.#controller?.enqueue(new TextEncoder().encode(text));
  }

  end(): void {
    this.#controller?.close();
  }

  #openStream(signal: AbortSignal | null | undefined): Response {
    return new Response(
      new ReadableStream<Uint8Array>({
        start: (controller) => {
          this.#controller = controller;
          signal?.addEventListener("abort", () => controller.error(new Error("aborted")));
        },
      }),
    );
  }
}
