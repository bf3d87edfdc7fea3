import { failure, makeIpv4, makeIpv6, makePrefix, success, type Result } from "@tombolo/base";
import type { DataPlane, DropRecord, PlaneCounters, PlaneEvent, PlaneOptions, PlaneTunnel } from "@tombolo/dataplane";
import { errorCode, errorMessage } from "../failure/errors.ts";
import type { Failure } from "../failure/failure.ts";
import type { DefaultRoute, LinkSettings, Platform, PlatformFault } from "../platform/platform.ts";
import { ayiyaPort, type TunnelGrant } from "../tic/grant.ts";

export interface LinkParts {
  readonly device: string;
  /** Undefined: no default route. */
  readonly defaultRouteMetric: number | undefined;
  readonly platform: Platform;
  openPlane(options: PlaneOptions, onEvent: (event: PlaneEvent) => void): Promise<ClientPlane>;
  onEvent(event: PlaneEvent): void;
}

/** `ayiyaPort`: our own UDP port, which the kernel chose; firewalls and the PoP (but for a NAT) see it. */
export type ClientPlane = DataPlane & { readonly ayiyaPort?: number | undefined };

/** The data plane with its device, address and route, as one thing that is open or closed. Its operations run one after the other. */
export class Link {
  readonly #parts: LinkParts;
  #plane: ClientPlane | undefined;
  #settings: LinkSettings | undefined;
  #tunnelId = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  /** The value is another interface's default route that wins over ours, if there is one. After a failure: `close`. */
  open(grant: TunnelGrant): Promise<Result<DefaultRoute | undefined, Failure>> {
    return this.#enqueue(() => this.#open(grant));
  }

  /** Takes over a tunnel's new details without closing. */
  change(grant: TunnelGrant): Promise<Result<void, Failure>> {
    return this.#enqueue(() => this.#change(grant));
  }

  check(): void {
    this.#plane?.check(this.#tunnelId);
  }

  /** Device, addresses and routes are gone when it settles. Closing what is not open is allowed. */
  close(): Promise<void> {
    return this.#enqueue(async () => {
      const plane = this.#plane;
      this.#plane = undefined;
      await plane?.close();
    });
  }

  view(): { counters: PlaneCounters | undefined; drops: readonly DropRecord[]; port: number | undefined } {
    return {
      port: this.#plane?.ayiyaPort,
      counters: this.#plane?.counters(this.#tunnelId),
      drops: this.#plane?.drops(this.#tunnelId) ?? [],
    };
  }

  async #open(grant: TunnelGrant): Promise<Result<DefaultRoute | undefined, Failure>> {
    const { device, platform } = this.#parts;
    const obstacle = await platform.findObstacle();
    if (obstacle !== undefined) return failure(failureOfFault(obstacle));
    // Opening would join an existing TUN device of that name, which is somebody else's.
    if ((await platform.readLink(device)) !== undefined) return failure({ code: "device-busy", device });
    try {
      this.#plane = await this.#parts.openPlane(planeOptions(device), (event) => this.#parts.onEvent(event));
    } catch (error) {
      return failure(explainPlane(error, device));
    }
    const done = await this.#configure(grant);
    if (!done.ok) return done;
    const metric = this.#parts.defaultRouteMetric;
    if (metric === undefined) return success(undefined);
    const others = await platform.listOtherDefaultRoutes(device);
    return success(others.find((other) => other.metric < metric));
  }

  async #change(grant: TunnelGrant): Promise<Result<void, Failure>> {
    return this.#plane === undefined ? success(undefined) : this.#configure(grant);
  }

  async #configure(grant: TunnelGrant): Promise<Result<void, Failure>> {
    const wanted: LinkSettings = {
      device: this.#parts.device,
      address: grant.clientAddress,
      prefixLengthBits: grant.prefixLengthBits,
      mtuBytes: grant.mtuBytes,
      defaultRouteMetric: this.#parts.defaultRouteMetric,
    };
    const done = await this.#parts.platform.configure(wanted, this.#settings);
    if (!done.ok) return failure(failureOfFault(done.reason));
    this.#settings = wanted;
    if (this.#tunnelId !== 0 && this.#tunnelId !== grant.id) this.#plane?.remove(this.#tunnelId);
    this.#tunnelId = grant.id;
    if (this.#plane?.set(planeTunnel(grant)) === "full")
      return failure({ code: "plane-failed", message: "its table has no room for one tunnel" });
    return success(undefined);
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#queue.then(work);
    this.#queue = next.catch(() => undefined);
    return next;
  }
}

function planeOptions(device: string): PlaneOptions {
  return { role: "client", device, outerIpv4: makeIpv4(0), ayiyaPort: 0, udpPort: undefined, proto41: false, workers: 1, capacity: 1 };
}

function planeTunnel(grant: TunnelGrant): PlaneTunnel {
  return {
    id: grant.id,
    encapsulation: "ayiya",
    enabled: true,
    localAddress: grant.clientAddress,
    remoteAddress: grant.popAddress,
    prefixes: [makePrefix(makeIpv6(0n), 0)],
    mtuBytes: grant.mtuBytes,
    secret: grant.secret,
    endpoint: { ipv4: grant.popIpv4, port: ayiyaPort },
    endpointFixed: true,
    beatSec: grant.beatSec,
  };
}

/** A platform's fault as the client's failure. */
export function failureOfFault(fault: PlatformFault): Failure {
  switch (fault.kind) {
    case "no-permission":
      return { code: "no-permission", what: fault.what };
    case "no-tun":
      return { code: "no-tun", message: fault.message };
    case "refused":
      return { code: "system-refused", what: fault.what, message: fault.message };
  }
}

function explainPlane(error: unknown, device: string): Failure {
  switch (errorCode(error)) {
    case "EPERM":
    case "EACCES":
      return { code: "no-permission", what: "Opening the tunnel's interface" };
    case "ENOENT":
    case "ENODEV":
    case "ENXIO":
      return { code: "no-tun", message: "The kernel does not open /dev/net/tun" };
    case "EBUSY":
      return { code: "device-busy", device };
    default:
      return { code: "system-refused", what: "to open the data plane", message: errorMessage(error) };
  }
}
