export * from "./state/desired.ts";
