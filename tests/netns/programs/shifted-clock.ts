// Loaded before a program (NODE_OPTIONS=--import): its wall clock is off by SHIFT_CLOCK_SEC seconds. Network namespaces
// share the kernel's clock, so a wrong clock has to be handed to the one program that shall have it.
const shiftMs = Number(process.env["SHIFT_CLOCK_SEC"]) * 1000;
const now = Date.now;
Date.now = (): number => now() + shiftMs;
export {};
