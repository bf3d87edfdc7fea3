import type { DataPlane, PlaneCounters, PlaneTunnel } from "@tombolo/dataplane";

/** A data plane that only remembers what it was told; the test plays its traffic. */
export class PlayedPlane implements DataPlane {
  readonly tunnels = new Map<number, PlaneTunnel>();
  readonly seen = new Map<number, Partial<PlaneCounters>>();
  readonly calls: string[] = [];
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

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}
