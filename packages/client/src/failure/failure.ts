import type { Ipv4Address } from "@tombolo/base";
import type { TicTunnelType } from "@tombolo/protocols";

/**
 * Why the client could not do what was asked; closed, and `exitCodes` holds a number of its own for each. `tunnel` is undefined where
 * the server chose it, there being only one.
 */
export type Failure =
  | { readonly code: "internal"; readonly message: string }
  | { readonly code: "bad-usage"; readonly message: string; readonly command: string | undefined }
  /** `where` is a file and line, an environment variable or a flag; `value` is undefined for secrets and for what is missing. */
  | {
      readonly code: "bad-configuration";
      readonly where: string;
      readonly field: string;
      readonly value: string | undefined;
      readonly fix: string;
    }
  | { readonly code: "not-running"; readonly device: string }
  | { readonly code: "no-permission"; readonly what: string }
  | { readonly code: "no-tun"; readonly message: string }
  | { readonly code: "already-running"; readonly device: string; readonly pid: number | undefined }
  | { readonly code: "device-busy"; readonly device: string }
  | { readonly code: "system-refused"; readonly what: string; readonly message: string }
  | { readonly code: "not-stopped"; readonly device: string; readonly pid: number }
  | { readonly code: "server-unreachable"; readonly server: string; readonly message: string }
  | { readonly code: "server-refused"; readonly server: string; readonly message: string }
  | { readonly code: "wrong-key"; readonly server: string; readonly user: string }
  /** `skewSec` is theirs minus ours; `said` names whose clock it was held against. */
  | { readonly code: "clock-off"; readonly skewSec: number; readonly said: string }
  | { readonly code: "no-tunnel"; readonly user: string }
  | { readonly code: "several-tunnels"; readonly tunnels: readonly TunnelLine[] }
  | { readonly code: "tunnel-not-found"; readonly tunnel: string }
  | { readonly code: "tunnel-disabled"; readonly tunnel: string; readonly by: "user" | "operator" }
  | { readonly code: "tunnel-unsupported"; readonly tunnel: string; readonly message: string }
  /** `tunnel show` was answered with something that cannot be a tunnel. */
  | { readonly code: "tunnel-malformed"; readonly tunnel: string | undefined; readonly message: string }
  /** `message` is the server's own: since when and why, as far as it tells. `silentSec`: for how long this client misses the PoP. */
  | {
      readonly code: "pop-down";
      readonly tunnel: string | undefined;
      readonly message: string;
      readonly pop?: string;
      readonly silentSec?: number;
    }
  | {
      readonly code: "unanswered";
      readonly pop: string;
      readonly type: TicTunnelType;
      readonly ipv4: Ipv4Address;
      readonly seconds: number;
      /** False: this host has no IPv4 route to the PoP at all. */
      readonly routed: boolean;
      /** What our packets left this host with, if it was a private address: there is a NAT on the way. */
      readonly privateSource: Ipv4Address | undefined;
      /** A static tunnel's address as the broker has it, when our packets leave with another one. */
      readonly expectedSource: Ipv4Address | undefined;
    }
  | { readonly code: "plane-failed"; readonly message: string };

/** One line of `tunnel list`, checked. */
export interface TunnelLine {
  readonly tunnel: string;
  readonly address: string;
  readonly endpoint: string;
  readonly pop: string;
}

export type FailureCode = Failure["code"];

/** The process's exit status for each failure; a documented promise to scripts and units, so numbers never change their meaning. */
export const exitCodes: Readonly<Record<FailureCode, number>> = {
  internal: 1,
  "bad-usage": 2,
  "bad-configuration": 2,
  "not-running": 3,
  "no-permission": 4,
  "no-tun": 5,
  "already-running": 6,
  "device-busy": 7,
  "system-refused": 8,
  "not-stopped": 9,
  "server-unreachable": 10,
  "server-refused": 11,
  "wrong-key": 12,
  "clock-off": 13,
  "no-tunnel": 14,
  "several-tunnels": 15,
  "tunnel-not-found": 16,
  "tunnel-disabled": 17,
  "pop-down": 18,
  "tunnel-unsupported": 19,
  unanswered: 20,
  "plane-failed": 21,
  "tunnel-malformed": 22,
};

/** How soon it makes sense to try again, nobody having touched this host. */
export type Patience = "soon" | "later" | "rarely" | "never";

export function patienceFor(failure: Failure): Patience {
  switch (failure.code) {
    // Nobody was reached, so nobody is bothered: the network of a host that boots may be a few seconds away.
    case "server-unreachable":
      return "soon";
    case "server-refused":
    case "clock-off":
    case "pop-down":
    case "unanswered":
      return "later";
    // Only a person can mend these, but at the broker, so that it may happen without this host being told.
    case "wrong-key":
    case "no-tunnel":
    case "tunnel-disabled":
    case "tunnel-not-found":
    case "tunnel-unsupported":
    case "tunnel-malformed":
      return "rarely";
    default:
      return "never";
  }
}
