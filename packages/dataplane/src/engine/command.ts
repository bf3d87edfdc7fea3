/** What the control thread asks of a worker's engine. Addresses are numbers, as in the table. */
export type EngineCommand =
  | { readonly kind: "beat"; readonly slot: number }
  | { readonly kind: "check"; readonly slot: number }
  /** The slot is given to another tunnel. */
  | { readonly kind: "forget"; readonly slot: number }
  /** The nonce's echo may come from there: to every worker, since any of them may receive it. */
  | {
      readonly kind: "expect";
      readonly slot: number;
      readonly ip: number;
      readonly port: number;
      readonly epochSec: number;
      readonly nonce: Uint8Array;
    }
  /** Sends what was expected of these slots. */
  | { readonly kind: "ask"; readonly slots: readonly number[] }
  /** Round trips; to one worker alone. */
  | { readonly kind: "ping"; readonly slots: readonly number[]; readonly pong: boolean }
  | { readonly kind: "trace"; readonly slot: number; readonly seconds: number }
  /** Nothing is expected of the slot any more. */
  | { readonly kind: "settled"; readonly slot: number };
