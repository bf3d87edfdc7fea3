export * from "./plane/plane.ts";
