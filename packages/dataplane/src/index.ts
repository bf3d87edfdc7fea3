export { openMemoryPlane, type MemoryPlaneParts } from "./drivers/memory.ts";
export { MemoryWire, type OuterPacket } from "./drivers/memory-wire.ts";
export { openUserspacePlane, type UserspacePlane } from "./drivers/userspace.ts";
export { dropReasons, type DropReason } from "./plane/drop-reasons.ts";
export * from "./plane/plane.ts";
