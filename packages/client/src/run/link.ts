import { failure, makeIpv4, makeIpv6, makePrefix, success, type Ipv4Address, type Result } from "@tombolo/base";
import type { DataPlane, DropRecord, PlaneCounters, PlaneEvent, PlaneOptions, PlaneTunnel } from "@tombolo/dataplane";
import { errorCode, errorMessage } from "../failure/errors.ts";
import type { Failure } from "../failure/failure.ts";
import { Heart, type HeartParts } from "./heart.ts";
import { findDamage, type Damage } from "../platform/damage.ts";
import type { DefaultRoute, LinkSettings, Platform, PlatformFault } from "../platform/platform.ts";
import { ayiyaPort, type TunnelGrant } from "../tic/grant.ts";

export interface LinkParts {
  readonly device: string;
  /** Undefined: no default route. */
  readonly defaultRouteMetric: number | undefined;
  readonly platform: Platform;
  openPlane(options: PlaneOptions, onEvent: (event: PlaneEvent) => void): Promise<ClientPlane>;
  onEvent(event: PlaneEvent): void;
  /** Where protocol 41 leaves from; undefined: the kernel chooses, by its routes. */
  readonly localIpv4: Ipv4Address | undefined;
  readonly heart: HeartParts;
}

/** `ayiyaPort`: our own UDP port, which the kernel chose; firewalls and the PoP (but for a NAT) see it. */
export type ClientPlane = DataPlane & { readonly ayiyaPort?: number | undefined };

/** What a look at the device came to: what it had lost, and why it could not be put back, if so. `gone`: there is no device any more. */
export type Inspection =
  | { readonly kind: "whole" }
  | { readonly kind: "gone" }
  | { readonly kind: "repaired"; readonly damage: readonly Damage[] }
  | { readonly kind: "damaged"; readonly damage: readonly Damage[]; readonly failure: Failure };

/** The data plane with its device, address and route, as one thing that is open or closed. Its operations run one after the other. */
export class Link {
  readonly #parts: LinkParts;
  readonly #heart: Heart;
  #beating = true;
  #grant: TunnelGrant | undefined;
  #plane: ClientPlane | undefined;
  #settings: LinkSettings | undefined;
  #tunnelId = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#heart = new Heart(parts.heart);
  }

  /** The value is another interface's default route that wins over ours, if there is one. After a failure: `close`. */
  open(grant: TunnelGrant): Promise<Result<DefaultRoute | undefined, Failure>> {
    return this.#enqueue(() => this.#open(grant));
  }

  /** Takes over a tunnel's new details without closing. */
  change(grant: TunnelGrant): Promise<Result<void, Failure>> {
    return this.#enqueue(() => this.#change(grant));
  }

  /** Asks the far end for an answer; AYIYA's data plane beats with each question, a heartbeat tunnel when it is `urgent`. */
  check(urgent: boolean): void {
    if (this.#plane === undefined) return;
    if (urgent) this.#heart.beat();
    this.#plane.check(this.#tunnelId);
  }

  switchBeats(on: boolean): void {
    this.#beating = on;
    this.#heart.switch(on);
    if (this.#grant?.type === "ayiya") this.#plane?.set(planeTunnel(this.#grant, on));
  }

  /** Another interface's default route that wins over ours now: answers from the tunnel's address leave by it. */
  async findOutranking(): Promise<DefaultRoute | undefined> {
    const { device, platform, defaultRouteMetric: metric } = this.#parts;
    if (metric === undefined) return undefined;
    const others = await platform.listOtherDefaultRoutes(device);
    return others.find((other) => other.metric < metric);
  }

  /** Puts back what other programs took from the device. */
  inspect(): Promise<Inspection> {
    return this.#enqueue(() => this.#inspect());
  }

  /** Device, addresses and routes are gone when it settles. Closing what is not open is allowed. */
  close(): Promise<void> {
    return this.#enqueue(async () => {
      const plane = this.#plane;
      this.#plane = undefined;
      this.#grant = undefined;
      this.#settings = undefined;
      this.#tunnelId = 0;
      this.#heart.follow(undefined);
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
      this.#plane = await this.#parts.openPlane(this.#planeOptions(grant), (event) => this.#parts.onEvent(event));
    } catch (error) {
      return failure(explainPlane(error, { device, isProto41: grant.type !== "ayiya" }));
    }
    const done = await this.#configure(grant);
    if (!done.ok) return done;
    return success(await this.findOutranking());
  }

  async #change(grant: TunnelGrant): Promise<Result<void, Failure>> {
    if (this.#plane === undefined || this.#grant === undefined) return success(undefined);
    if (carrierOf(this.#grant) === carrierOf(grant)) return this.#configure(grant);
    // Other sockets: the interface goes with the old ones, and comes back with its addresses.
    const plane = this.#plane;
    this.#plane = undefined;
    this.#settings = undefined;
    await plane.close();
    const opened = await this.#open(grant);
    return opened.ok ? success(undefined) : opened;
  }

  async #inspect(): Promise<Inspection> {
    const { device, platform } = this.#parts;
    const wanted = this.#settings;
    if (this.#plane === undefined || wanted === undefined) return { kind: "whole" };
    const seen = await platform.readLink(device);
    if (seen === undefined) return { kind: "gone" };
    const damage = findDamage(wanted, seen);
    if (damage.length === 0) return { kind: "whole" };
    const done = await platform.configure(wanted, undefined);
    return done.ok ? { kind: "repaired", damage } : { kind: "damaged", damage, failure: failureOfFault(done.reason) };
  }

  #planeOptions(grant: TunnelGrant): PlaneOptions {
    const { device, localIpv4 } = this.#parts;
    const common = { role: "client", device, udpPort: undefined, workers: 1, capacity: 1 } as const;
    const anywhere = makeIpv4(0);
    return carrierOf(grant) === "ayiya"
      ? { ...common, outerIpv4: anywhere, ayiyaPort: 0, proto41: false }
      : { ...common, outerIpv4: localIpv4 ?? anywhere, ayiyaPort: undefined, proto41: true };
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
    this.#grant = grant;
    if (this.#plane?.set(planeTunnel(grant, this.#beating)) === "full")
      return failure({ code: "plane-failed", message: "its table has no room for one tunnel" });
    this.#heart.follow(grant.type === "6in4-heartbeat" ? grant : undefined);
    return success(undefined);
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#queue.then(work);
    this.#queue = next.catch(() => undefined);
    return next;
  }
}

/** Which socket of the data plane carries the tunnel. */
function carrierOf(grant: TunnelGrant): "ayiya" | "6in4" {
  return grant.type === "ayiya" ? "ayiya" : "6in4";
}

function planeTunnel(grant: TunnelGrant, beating: boolean): PlaneTunnel {
  const isAyiya = carrierOf(grant) === "ayiya";
  return {
    id: grant.id,
    encapsulation: carrierOf(grant),
    enabled: true,
    localAddress: grant.clientAddress,
    remoteAddress: grant.popAddress,
    prefixes: [makePrefix(makeIpv6(0n), 0)],
    mtuBytes: grant.mtuBytes,
    secret: isAyiya ? grant.secret : undefined,
    endpoint: { ipv4: grant.popIpv4, port: isAyiya ? ayiyaPort : 0 },
    endpointFixed: true,
    beatSec: isAyiya && beating ? grant.beatSec : 0,
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

function explainPlane(error: unknown, { device, isProto41 }: { readonly device: string; readonly isProto41: boolean }): Failure {
  switch (errorCode(error)) {
    case "EPERM":
    case "EACCES":
      return {
        code: "no-permission",
        what: isProto41 ? "Opening a socket for protocol 41 (with CAP_NET_RAW besides)" : "Opening the tunnel's interface",
      };
    case "EADDRNOTAVAIL":
      return { code: "system-refused", what: "to send from the IPv4 address that was set", message: "it is no address of this host" };
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
