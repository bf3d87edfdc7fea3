import type { FuzzTarget } from "./target.ts";
import { addressesTarget } from "./targets/addresses.ts";
import { ayiyaTarget } from "./targets/ayiya.ts";
import { heartbeatTarget } from "./targets/heartbeat.ts";
import { ipv6Target } from "./targets/ipv6.ts";
import { linesTarget } from "./targets/lines.ts";
import { sixInFourTarget } from "./targets/sixinfour.ts";
import { ticClientTarget } from "./targets/tic-client.ts";
import { ticServerTarget } from "./targets/tic-server.ts";
import { ticCommandTarget, ticShowTarget } from "./targets/tic-text.ts";

/** Every decoder in TypeScript; the addon's parser has targets of its own in C++. */
export const targets: readonly FuzzTarget[] = [
  addressesTarget,
  ayiyaTarget,
  heartbeatTarget,
  ipv6Target,
  linesTarget,
  sixInFourTarget,
  ticClientTarget,
  ticCommandTarget,
  ticServerTarget,
  ticShowTarget,
];
