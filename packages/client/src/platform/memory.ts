import { equalIpv6, failure, success, type Result } from "@tombolo/base";
import type { DefaultRoute, LinkSettings, LinkView, Platform, PlatformFault } from "./platform.ts";

/** The twin without a kernel: keeps in a map what Linux would keep, refuses what Linux would refuse. */
export class MemoryPlatform implements Platform {
  readonly #links = new Map<string, LinkView>();
  #otherRoutes: DefaultRoute[] = [];
  /** When set, what `findObstacle` answers. */
  obstacle: PlatformFault | undefined;

  /** What the data plane's opening does to the host. */
  addDevice(device: string): void {
    this.#links.set(device, { up: false, mtuBytes: 1500, addresses: [], defaultRouteMetrics: [] });
  }

  /** What `ip link set DEVICE down` does to the host. */
  takeDown(device: string): void {
    const link = this.#links.get(device);
    if (link !== undefined) this.#links.set(device, { ...link, up: false, addresses: [], defaultRouteMetrics: [] });
  }

  /** What the data plane's closing does to the host. */
  removeDevice(device: string): void {
    this.#links.delete(device);
  }

  addOtherRoute(route: DefaultRoute): void {
    this.#otherRoutes.push(route);
  }

  removeOtherRoute(device: string): void {
    this.#otherRoutes = this.#otherRoutes.filter((route) => route.device !== device);
  }

  findObstacle(): Promise<PlatformFault | undefined> {
    return Promise.resolve(this.obstacle);
  }

  configure(wanted: LinkSettings, before: LinkSettings | undefined): Promise<Result<void, PlatformFault>> {
    return Promise.resolve(this.#configure(wanted, before));
  }

  readLink(device: string): Promise<LinkView | undefined> {
    return Promise.resolve(this.#links.get(device));
  }

  listOtherDefaultRoutes(device: string): Promise<readonly DefaultRoute[]> {
    const routes = this.#otherRoutes.filter((route) => route.device !== device);
    return Promise.resolve(routes.toSorted((a, b) => a.metric - b.metric));
  }

  removeLeftover(device: string): Promise<"removed" | "absent"> {
    return Promise.resolve(this.#links.delete(device) ? "removed" : "absent");
  }

  #configure(wanted: LinkSettings, before: LinkSettings | undefined): Result<void, PlatformFault> {
    const link = this.#links.get(wanted.device);
    if (link === undefined) return refuse(`to change ${wanted.device}`, "there is no such interface");
    const clash = this.#otherRoutes.find((route) => route.metric === wanted.defaultRouteMetric);
    if (clash !== undefined && before?.defaultRouteMetric !== wanted.defaultRouteMetric)
      return refuse(`a default route of metric ${clash.metric}`, "there is one");
    const kept = link.addresses.filter((held) => !equalIpv6(held.address, (before ?? wanted).address));
    const routes = link.defaultRouteMetrics.filter((metric) => metric !== (before ?? wanted).defaultRouteMetric);
    this.#links.set(wanted.device, {
      up: true,
      mtuBytes: wanted.mtuBytes,
      addresses: [...kept, { address: wanted.address, prefixLengthBits: wanted.prefixLengthBits }],
      defaultRouteMetrics: wanted.defaultRouteMetric === undefined ? routes : [...routes, wanted.defaultRouteMetric],
    });
    return success(undefined);
  }
}

function refuse(what: string, message: string): Result<never, PlatformFault> {
  return failure({ kind: "refused", what, message });
}
