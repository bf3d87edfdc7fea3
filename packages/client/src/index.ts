export { exitCodes, type Failure, type FailureCode } from "./failure/failure.ts";
export type { StatusReport } from "./control/messages.ts";
