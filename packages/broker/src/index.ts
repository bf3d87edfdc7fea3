export * from "./broker.ts";
export * from "./domain/types.ts";
export * from "./errors.ts";
