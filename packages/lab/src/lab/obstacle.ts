import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Why no lab can be built here, in one sentence that says what to do; undefined when nothing stands in the way. */
export function findObstacle(): string | undefined {
  if (process.platform !== "linux") return "network namespaces exist on Linux only";
  if (process.getuid?.() !== 0) return "making network namespaces needs root: run it with sudo, or in a container as root";
  for (const [program, debian] of [
    ["ip", "iproute2"],
    ["nft", "nftables"],
    ["ping", "iputils-ping"],
  ] as const) {
    if (!hasProgram(program)) return `the program ${program} is missing: apt-get install ${debian}`;
  }
  if (!existsSync("/dev/net/tun")) {
    return "/dev/net/tun is missing: modprobe tun on the host, or start the container with --device /dev/net/tun";
  }
  if (!mayAdministerNetwork()) return "this root may not administer networks: start the container with --privileged";
  return undefined;
}

export function hasProgram(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** CAP_NET_ADMIN (12) and CAP_SYS_ADMIN (21) in the effective set. */
function mayAdministerNetwork(): boolean {
  const status = readFileSync("/proc/self/status", "latin1");
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (effective === undefined) return true;
  const bits = BigInt(`0x${effective}`);
  return (bits & (1n << 12n)) !== 0n && (bits & (1n << 21n)) !== 0n;
}
