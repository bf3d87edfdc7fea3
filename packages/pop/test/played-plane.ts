import type { DataPlane, PlaneCounters, PlaneEndpoint, PlaneLatency, PlaneTunnel } from "@tombolo/dataplane";

/** A data plane that only remembers what it was told; the test plays its traffic. */
export class PlayedPlane implements DataPlane {
  readonly tunnels = new Map<number, PlaneTunnel>();
  readonly seen = new Map<number, Partial<PlaneCounters>>();
  readonly calls: string[] = [];
  readonly pinged: number[] = [];
  readonly latencies = new Map<number, PlaneLatency>();
  room = Number.POSITIVE_INFINITY;
  closed = false;

  set(tunnel: PlaneTunnel): "set" | "full" {
    if (!this.tunnels.has(tunnel.id) && this.tunnels.size >= this.room) return "full";
    this.tunnels.set(tunnel.id, tunnel);
    this.calls.push(`set ${tunnel.id}`);
    return "set";
  }

  remove(id: number): void {
    this.tunnels.delete(id);
    this.calls.push(`remove ${id}`);
  }

  counters(id: number): PlaneCounters | undefined {
    const tunnel = this.tunnels.get(id);
    if (tunnel === undefined) return undefined;
    const none = { inPackets: 0, inBytes: 0, outPackets: 0, outBytes: 0, drops: 0, lastSeenAt: undefined };
    return { ...none, endpoint: tunnel.endpoint, endpointProven: tunnel.endpointFixed, ...this.seen.get(id) };
  }

  drops(): readonly [] {
    return [];
  }

  totals(): { inPackets: number; inBytes: number; outPackets: number; outBytes: number; drops: Record<string, number>; tunnels: number } {
    return { inPackets: 0, inBytes: 0, outPackets: 0, outBytes: 0, drops: {}, tunnels: this.tunnels.size };
  }

  check(): void {}

  /** As the data plane does when nobody is in the way: traffic follows at once. */
  propose(id: number, endpoint: PlaneEndpoint, atSec: number): void {
    this.calls.push(`propose ${id} ${endpoint.ipv4.value.toString(16)} ${atSec}`);
    this.seen.set(id, { ...this.seen.get(id), endpoint });
  }

  withdraw(id: number): void {
    this.calls.push(`withdraw ${id}`);
    this.seen.set(id, { ...this.seen.get(id), endpoint: undefined });
  }

  ping(): void {}

  pingMany(ids: readonly number[]): void {
    for (const id of ids) this.pinged.push(id);
  }

  latency(id: number): PlaneLatency | undefined {
    return this.latencies.get(id);
  }

  trace(id: number, seconds: number): void {
    this.calls.push(`trace ${id} ${seconds}`);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}
