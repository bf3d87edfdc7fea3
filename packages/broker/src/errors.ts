/** Why the broker refused; closed, and every door translates each of them once. */
export const brokerErrorCodes = [
  "account-not-found",
  "account-disabled",
  "handle-taken",
  "handle-malformed",
  "email-malformed",
  "name-malformed",
  "pop-not-found",
  "pop-taken",
  "pop-down",
  "pop-name-malformed",
  "endpoint-malformed",
  "pool-not-found",
  "pool-overlaps",
  "pool-length",
  "pool-exhausted",
  "pool-in-use",
  "tunnel-not-found",
  "delegation-not-found",
  "delegation-length",
  "delegations-full",
  "request-not-found",
  "request-decided",
  "requests-full",
  "reason-malformed",
  "credits-too-low",
  "credits-off",
  "credits-malformed",
  "mtu-out-of-range",
  "encapsulation-needs-endpoint",
  "store-busy",
] as const;

export type BrokerErrorCode = (typeof brokerErrorCodes)[number];

/** The message says what to do, may be shown to whoever asked, and holds no secret. */
export class BrokerError extends Error {
  override readonly name = "BrokerError";
  readonly code: BrokerErrorCode;

  constructor(code: BrokerErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
