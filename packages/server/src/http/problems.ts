import { BrokerError, type BrokerErrorCode } from "@tombolo/broker";

/** A problem document of RFC 9457. `type` is a stable name that programs compare. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
}

type ProblemStatus = 400 | 401 | 403 | 404 | 409 | 413 | 422 | 500 | 503;

const brokerProblems: Readonly<Record<BrokerErrorCode, { readonly status: ProblemStatus; readonly title: string }>> = {
  "account-not-found": { status: 404, title: "There is no such account" },
  "account-disabled": { status: 403, title: "The account is disabled" },
  "handle-taken": { status: 409, title: "The handle is taken" },
  "handle-malformed": { status: 422, title: "Not a handle" },
  "email-malformed": { status: 422, title: "Not a mail address" },
  "name-malformed": { status: 422, title: "Not a name" },
  "pop-not-found": { status: 404, title: "There is no such PoP" },
  "pop-taken": { status: 409, title: "The PoP's name is taken" },
  "pop-down": { status: 409, title: "The PoP is down" },
  "pop-name-malformed": { status: 422, title: "Not a PoP name" },
  "endpoint-malformed": { status: 422, title: "Not an endpoint" },
  "pool-not-found": { status: 404, title: "There is no such pool" },
  "pool-overlaps": { status: 409, title: "The prefix overlaps another pool" },
  "pool-length": { status: 422, title: "The length does not fit the pool" },
  "pool-exhausted": { status: 409, title: "The pool is empty" },
  "pool-in-use": { status: 409, title: "The pool is in use" },
  "delegation-not-found": { status: 404, title: "There is no such delegation" },
  "delegation-length": { status: 422, title: "The PoP gives no prefix of this length" },
  "delegations-full": { status: 409, title: "The tunnel holds as many delegations as it may" },
  "request-not-found": { status: 404, title: "There is no such request" },
  "request-decided": { status: 409, title: "The request is decided already" },
  "requests-full": { status: 409, title: "Too many requests are waiting" },
  "reason-malformed": { status: 422, title: "Not a reason" },
  "credits-too-low": { status: 409, title: "Too few credits" },
  "credits-off": { status: 409, title: "There are no credits here" },
  "credits-malformed": { status: 422, title: "Not a credit entry" },
  "tunnel-not-found": { status: 404, title: "There is no such tunnel" },
  "mtu-out-of-range": { status: 422, title: "The MTU is out of range" },
  "encapsulation-needs-endpoint": { status: 422, title: "The encapsulation needs an endpoint" },
  "store-busy": { status: 503, title: "The database is busy" },
};

export function makeProblem(code: string, status: ProblemStatus, title: string, detail?: string): Problem {
  return { type: `urn:tombolo:problem:${code}`, title, status, ...(detail !== undefined && { detail }) };
}

/** The broker's refusals keep their code and sentence; of anything else the caller learns only that it failed. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof BrokerError)) return makeProblem("internal", 500, "Something failed in the broker, its operator can see what");
  const { status, title } = brokerProblems[error.code];
  return makeProblem(error.code, status, title, error.message);
}

export function respondProblem(problem: Problem): Response {
  return new Response(`${JSON.stringify(problem)}\n`, {
    status: problem.status,
    headers: { "content-type": "application/problem+json", ...(problem.status === 401 && { "www-authenticate": "Bearer" }) },
  });
}
