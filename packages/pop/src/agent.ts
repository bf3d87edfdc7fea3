import type { Ipv4Address, Ipv6Address, MonotonicClock, Random, WallClock } from "@tombolo/base";
import type { DataPlane, PlaneEvent, PlaneOptions } from "@tombolo/dataplane";
import type { Digest } from "@tombolo/protocols";
import { BeatDoor } from "./beats/beat-door.ts";
import type { BeatSocket, TakeBeat } from "./beats/beat-socket.ts";
import { askPop } from "./control/client.ts";
import { openPopControl, type ControlServer } from "./control/server.ts";
import { reportTrace } from "./control/trace-hub.ts";
import type { Kernel } from "./kernel/kernel.ts";
import { messageOf, type Log } from "./log.ts";
import { ObservationCollector } from "./observe/collector.ts";
import { ObservationReporter } from "./observe/reporter.ts";
import { repairKernel } from "./reconcile/kernel-repairs.ts";
import { tunnelNumberOf } from "./reconcile/plane-tunnel.ts";
import type { PlaneRepairs } from "./reconcile/plane-keeper.ts";
import { PlaneHolder } from "./reconcile/plane-holder.ts";
import { ReconcileQueue, type Touched } from "./reconcile/queue.ts";
import { StateAssembler, stateTunnelsMax, type StateEvent } from "./state/assembler.ts";
import type { DesiredState } from "./state/desired.ts";
import { readStateFile, setStateFileAside } from "./state/file.ts";
import { StateSaver } from "./state/saver.ts";
import { followState, type BrokerDoor } from "./stream/client.ts";
import type { Timers } from "./timers.ts";
import { Watchman } from "./watchman.ts";

export interface PopAgentOptions {
  readonly door: BrokerDoor;
  /** Opens the data plane; called again when its device was taken away or the PoP's outer address changed. */
  readonly openPlane: (options: PlaneOptions, onEvent: (event: PlaneEvent) => void) => DataPlane | Promise<DataPlane>;
  readonly kernel: Kernel;
  /** Where the copy of the desired state rests. */
  readonly statePath: string;
  readonly plane: Omit<PlaneOptions, "role" | "outerIpv4">;
  /** Where the sockets are bound when that is not the PoP's outer address (a one-to-one NAT in front of it). */
  readonly bindIpv4: Ipv4Address | undefined;
  /** The PoP's own addresses on the tunnel device. */
  readonly addresses: readonly Ipv6Address[];
  /** Opens the port that beats come to; undefined: heartbeat tunnels are not served. */
  readonly openBeats: ((bind: Ipv4Address, take: TakeBeat) => Promise<BeatSocket>) | undefined;
  /** The unix socket at which the operator asks. */
  readonly controlPath: string;
  /** RFC 1321, for beats. */
  readonly md5: Digest;
  readonly timers: Timers;
  readonly wall: WallClock;
  readonly monotonic: MonotonicClock;
  readonly random: Random;
  readonly log: Log;
}

export interface PopAgent {
  /** Reads the copy on disk, forwards from it at once, and follows the broker from then on. */
  start(): Promise<void>;
  status(): PopStatus;
  /** Hands over what is waiting, saves the state, closes the data plane. */
  close(): Promise<void>;
}

export interface PopStatus {
  /** Undefined until a first state came from the broker or from disk. */
  readonly revision: number | undefined;
  readonly tunnels: number;
  readonly forwarding: boolean;
  readonly observationsWaiting: number;
}

const reconcileEveryMs = 30_000;
const sweepEveryMs = 10_000;
/** The broker's largest tunnel MTU is 1480; a little above it, so that the data plane and not the kernel judges packet sizes. */
const deviceMtuBytes = 1500;

export function makePopAgent(options: PopAgentOptions): PopAgent {
  return new Agent(options);
}

class Agent implements PopAgent {
  readonly #options: PopAgentOptions;
  readonly #stop = new AbortController();
  readonly #collector = new ObservationCollector();
  readonly #reporter: ObservationReporter;
  readonly #saver: StateSaver;
  readonly #holder: PlaneHolder;
  readonly #queue: ReconcileQueue;
  readonly #watchman: Watchman;
  readonly #beatDoor: BeatDoor | undefined;
  #control: ControlServer | undefined;
  #assembler: StateAssembler;
  #following: Promise<void> | undefined;
  #sweeping: Promise<void> | undefined;
  #cancelSweep: (() => void) | undefined;
  #complaints = "";

  constructor(options: PopAgentOptions) {
    const { timers, log, random, door } = options;
    this.#options = options;
    this.#assembler = new StateAssembler(stateTunnelsMax);
    this.#reporter = new ObservationReporter({ door, collector: this.#collector, timers, random, log });
    this.#holder = new PlaneHolder({
      open: options.openPlane,
      onEvent: (event) => this.#planeEvent(event),
      onLastLook: (number, counters) => this.#collector.look(number, counters, options.wall.nowSec()),
      log,
    });
    this.#saver = new StateSaver({
      path: options.statePath,
      timers,
      log,
      held: () => this.#assembler.held,
      endpointOf: (id) => this.#holder.endpointOf(tunnelNumberOf(id)),
    });
    this.#queue = new ReconcileQueue({ timers, everyMs: reconcileEveryMs, run: (touched) => this.#reconcileSafely(touched) });
    this.#watchman = this.#makeWatchman();
    const { openBeats } = options;
    if (openBeats !== undefined) {
      const take: TakeBeat = (bytes, source, port) => this.#watchman.desk.take(bytes, source, port);
      this.#beatDoor = new BeatDoor({ open: openBeats, take, log });
    }
  }

  async start(): Promise<void> {
    const { timers, random, log, door } = this.#options;
    const fromDisk = await this.#readDisk();
    this.#assembler = new StateAssembler(stateTunnelsMax, fromDisk);
    this.#watchman.desk.stateChanged("all");
    await this.#openControl();
    this.#queue.touch("all");
    if (fromDisk !== undefined) await this.#queue.idle();
    this.#scheduleSweep();
    this.#watchman.start();
    const follow = { door, assembler: this.#assembler, timers, random, log, onEvent: (event: StateEvent) => this.#stateEvent(event) };
    this.#following = followState(follow, this.#stop.signal);
  }

  status(): PopStatus {
    return {
      revision: this.#assembler.held?.revision,
      tunnels: this.#assembler.held?.tunnels.size ?? 0,
      forwarding: this.#holder.plane !== undefined,
      observationsWaiting: this.#collector.size,
    };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#cancelSweep?.();
    this.#watchman.close();
    await this.#control?.close();
    await this.#following;
    await this.#queue.close();
    await this.#beatDoor?.close();
    await this.#sweeping;
    await this.#sweep();
    await this.#reporter.close();
    await this.#saver.close();
    await this.#holder.close();
  }

  #makeWatchman(): Watchman {
    const { md5, timers, wall, monotonic, log } = this.#options;
    return new Watchman({
      held: () => this.#assembler.held,
      plane: () => this.#holder.plane,
      keeper: () => this.#holder.keeper,
      onRound: (number, latency, at) => {
        this.#collector.round(number, latency, at);
        this.#reporter.wake();
      },
      md5,
      timers,
      wall,
      monotonic,
      log,
    });
  }

  /** Forwarding goes on without it. */
  async #openControl(): Promise<void> {
    const { controlPath: path, log } = this.#options;
    try {
      if ((await askPop(path, { command: "totals" })).ok) throw new Error("another PoP answers there");
      this.#control = await openPopControl(path, this.#watchman);
    } catch (error) {
      log({ level: "error", event: "pop.control.not-opened", path, reason: messageOf(error) });
    }
  }

  async #readDisk(): Promise<DesiredState | undefined> {
    const { statePath: path, log } = this.#options;
    const read = await readStateFile(path, stateTunnelsMax);
    if (read.ok) {
      log({ level: "info", event: "pop.state.from-disk", path, revision: read.value.revision, tunnels: read.value.tunnels.size });
      return read.value;
    }
    if (read.reason === "absent") return undefined;
    const aside = await setStateFileAside(path);
    log({ level: "error", event: "pop.state.set-aside", path, reason: read.reason, aside: aside.ok ? aside.value : undefined });
    return undefined;
  }

  #stateEvent(event: StateEvent): void {
    const touched = event.kind === "tunnel" ? event.id : "all";
    if (event.kind !== "pop") this.#watchman.desk.stateChanged(touched);
    this.#queue.touch(touched);
    this.#saver.touch();
  }

  #planeEvent(event: PlaneEvent): void {
    const { log, wall } = this.#options;
    switch (event.kind) {
      case "endpoint":
        this.#collector.moved(event.id, event.endpoint, event.at);
        this.#reporter.wake();
        this.#saver.touch();
        break;
      case "clock-off":
        log({ level: "debug", event: "pop.tunnel.clock-off", tunnel: `T${event.id}`, skewSec: event.skewSec, at: wall.nowSec() });
        break;
      case "worker-failed":
        log({ level: "error", event: "pop.plane.worker-failed", reason: event.message });
        this.#holder.markBroken();
        this.#queue.touch("all");
        break;
      case "trace":
        this.#watchman.traces.decided(event.id, reportTrace(event));
        break;
      case "answered":
      case "pong":
        break;
    }
  }

  /** A bug in one run is loud, and the next run comes all the same. */
  async #reconcileSafely(touched: Touched): Promise<void> {
    try {
      await this.#reconcile(touched);
    } catch (error) {
      this.#options.log({ level: "error", event: "pop.reconcile.failed", reason: messageOf(error) });
    }
  }

  async #reconcile(touched: Touched): Promise<void> {
    const state = this.#assembler.held;
    if (state === undefined) return;
    const outerIpv4 = this.#options.bindIpv4 ?? state.pop.outerIpv4;
    const opened = await this.#holder.ensure({ role: "pop", outerIpv4, ...this.#options.plane });
    const keeper = this.#holder.keeper;
    if (keeper === undefined) {
      // Its pools must not loop meanwhile.
      if (touched === "all") await this.#reconcileKernel(state);
      return;
    }
    if (opened === "opened") {
      this.#collector.planeOpened();
      this.#watchman.planeOpened();
    }
    await this.#beatDoor?.ensure(outerIpv4);
    const whole = touched === "all" || opened === "opened";
    const repairs = whole ? await keeper.repairAll(state) : keeper.repairSome(state, touched);
    for (const number of repairs.removed) {
      this.#collector.forget(number);
      this.#watchman.forget(number);
    }
    this.#tell(state, repairs);
    if (whole && (await this.#reconcileKernel(state)) === "device-missing") {
      this.#options.log({ level: "error", event: "pop.plane.device-missing", device: this.#options.plane.device });
      this.#holder.markBroken();
      // Not again at once when a data plane that was opened just now shows no device: that would go round for ever.
      if (opened === "open") this.#queue.touch("all");
    }
  }

  #tell(state: DesiredState, repairs: PlaneRepairs): void {
    const { log, plane } = this.#options;
    const removed = repairs.removed.length;
    if (repairs.set + removed > 0)
      log({ level: "info", event: "pop.plane.reconciled", revision: state.revision, set: repairs.set, removed });
    if (repairs.full > 0) log({ level: "error", event: "pop.plane.full", left: repairs.full, capacity: plane.capacity });
  }

  async #reconcileKernel(state: DesiredState): Promise<"repaired" | "device-missing"> {
    const { kernel, plane, addresses, log } = this.#options;
    const wish = { device: plane.device, mtuBytes: deviceMtuBytes, addresses, routes: state.pop.pools };
    const repairs = await repairKernel(kernel, wish);
    for (const what of repairs.repaired) log({ level: "info", event: "pop.kernel.repaired", what });
    // The same complaint every thirty seconds helps nobody: it is told when it changes.
    const complaints = repairs.failed.join("; ");
    if (complaints !== this.#complaints && complaints !== "") log({ level: "error", event: "pop.kernel.not-repaired", reason: complaints });
    this.#complaints = complaints;
    return repairs.deviceMissing ? "device-missing" : "repaired";
  }

  #scheduleSweep(): void {
    if (this.#stop.signal.aborted) return;
    this.#cancelSweep = this.#options.timers.after(sweepEveryMs, () => {
      this.#sweeping = this.#sweep().finally(() => this.#scheduleSweep());
    });
  }

  async #sweep(): Promise<void> {
    const { plane, keeper } = this.#holder;
    if (plane === undefined || keeper === undefined) return;
    const now = this.#options.wall.nowSec();
    await this.#collector.sweep(plane, keeper.applied(), now, (number, counters) => this.#watchman.look(number, counters, now));
    if (this.#collector.size > 0) this.#reporter.wake();
  }
}
