import { mkdir, open } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { makeBroker, type Broker } from "@tombolo/broker";
import { MemoryWire, openMemoryPlane, openUserspacePlane, type PlaneOptions } from "@tombolo/dataplane";
import {
  makeMemoryKernel,
  makePopAgent,
  messageOf,
  openBeatSocket,
  openLinuxKernel,
  type BrokerDoor,
  type Log,
  type PopAgent,
  type PopAgentOptions,
} from "@tombolo/pop";
import { openStore, type OpenedStore } from "@tombolo/store";
import { controlSocketOf } from "./config/control-socket.ts";
import { readPolicy, type PolicySections } from "./config/policy.ts";
import type { Settings } from "./config/settings.ts";
import { makeHttpApp, type HttpApp } from "./http/app.ts";
import { makePopAuth, type LocalPop } from "./http/pop-auth.ts";
import { openHttpServer, type HttpServer } from "./http/server.ts";
import type { LineServer } from "./listeners/drive.ts";
import { openTicListener } from "./listeners/tic.ts";
import { openTls } from "./listeners/tls.ts";
import { makeWheel } from "./listeners/wheel.ts";
import { systemMonotonic, systemTimers, systemWall } from "./platform/clocks.ts";
import { md5, sha256, systemRandom } from "./platform/crypto.ts";
import { requireOwnerOnly } from "./platform/owner-only.ts";
import { makeSealer } from "./platform/sealer.ts";
import { codeOf, StartupError } from "./run/startup-error.ts";

/* The one place where interfaces meet what implements them. */

export interface OpenedBroker {
  readonly broker: Broker;
  close(): Promise<void>;
}

export async function openBroker(settings: PolicySections, masterKey: Uint8Array): Promise<OpenedBroker> {
  const store = await openDatabase(settings.broker.database);
  const broker = makeBroker({
    store,
    sealer: makeSealer(masterKey, systemRandom),
    sha256,
    random: systemRandom,
    clock: systemWall,
    settings: readPolicy(settings),
  });
  return { broker, close: () => store.close() };
}

async function openDatabase(database: string): Promise<OpenedStore> {
  const url = /^(sqlite:|postgres(ql)?:\/\/)/.test(database) ? database : `sqlite:${database}`;
  try {
    if (url.startsWith("sqlite:") && url !== "sqlite::memory:")
      await mkdir(dirname(url.slice("sqlite:".length)), { recursive: true, mode: 0o700 });
    return await openStore({ url });
  } catch (error) {
    const shown = url.replace(/\/\/[^@/]*@/, "//…@");
    throw new StartupError("unreachable", `the database ${shown} cannot be opened: ${messageOf(error)} (broker.database)`);
  }
}

/** The broker's doors: TIC and the API for PoPs. */
export interface OpenedDoors {
  readonly app: HttpApp;
  readonly ticPort: number | undefined;
  readonly httpPort: number;
  close(): Promise<void>;
}

export interface DoorParts {
  readonly settings: Settings;
  readonly broker: Broker;
  readonly log: Log;
  /** The PoP in this process, if there is one. */
  readonly local: LocalPop | undefined;
}

export async function openDoors({ settings, broker, log, local }: DoorParts): Promise<OpenedDoors> {
  const closing = new AbortController();
  const app = makeHttpApp({ broker, auth: makePopAuth(broker, local), timers: systemTimers, log, closing: closing.signal });
  let tic: LineServer | undefined;
  let http: HttpServer | undefined;
  const close = async (): Promise<void> => {
    closing.abort();
    await Promise.all([tic?.close(), http?.close()]);
  };
  try {
    http = await openHttpServer(app, settings.http);
    if (settings.tic.enabled) tic = await openTic(settings, broker, log);
  } catch (error) {
    await close();
    throw error;
  }
  return { app, ticPort: tic?.port, httpPort: http.port, close };
}

async function openTic(settings: Settings, broker: Broker, log: Log): Promise<LineServer> {
  const folder = dirname(settings.broker.masterKey);
  const tls = await openTls({ settings: settings.tic, folder, wall: systemWall, random: systemRandom, log });
  return openTicListener({
    settings: settings.tic,
    broker,
    clock: systemMonotonic,
    wall: systemWall,
    wheel: makeWheel(systemMonotonic, systemTimers),
    random: systemRandom,
    md5,
    tls,
    log,
  });
}

/** How the agent in this process reaches the broker in this process: the same API, without a socket between. */
export function localDoor(app: HttpApp, token: string): BrokerDoor {
  const url = "http://broker.invalid";
  return { url, token, fetch: async (target, init) => app.fetch(new Request(target, init)) };
}

/** How an agent reaches a broker over the network. */
export async function remoteDoor(settings: Settings["pop"]): Promise<BrokerDoor> {
  if (!settings.insecure && isClearBeyondThisHost(settings.brokerUrl)) {
    throw new StartupError(
      "config",
      `pop.broker-url is ${settings.brokerUrl}, over which token and tunnel secrets can be read: give an https URL, or set pop.insecure = true`,
    );
  }
  return { url: settings.brokerUrl, token: await readToken(settings), fetch: (target, init) => fetch(target, init) };
}

function isClearBeyondThisHost(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

async function readToken({ token, tokenFile }: Settings["pop"]): Promise<string> {
  if (token !== undefined) return token;
  if (tokenFile === undefined) {
    throw new StartupError("config", "pop.token-file is empty: name the file with the token that `tombolod admin pop add` printed");
  }
  const file = await open(tokenFile).catch((error: unknown) => {
    const code = codeOf(error);
    throw new StartupError(code === "EACCES" ? "permission" : "config", `pop.token-file: cannot read ${tokenFile} (${code})`);
  });
  await using _file = file;
  await requireOwnerOnly(file, `pop.token-file: ${tokenFile}`, tokenFile);
  const text = await file.readFile("utf8").catch((error: unknown) => {
    throw new StartupError("config", `pop.token-file: cannot read ${tokenFile} (${codeOf(error)})`);
  });
  if (!/^[\x21-\x7e]{16,200}\s*$/.test(text)) throw new StartupError("config", `pop.token-file: ${tokenFile} does not hold a token`);
  return text.trim();
}

export async function openAgent(settings: Settings["pop"], door: BrokerDoor, log: Log): Promise<PopAgent> {
  await mkdir(dirname(settings.state), { recursive: true, mode: 0o700 });
  const plane: PopAgentOptions["plane"] = {
    device: settings.device,
    ayiyaPort: settings.ayiyaPort === 0 ? undefined : settings.ayiyaPort,
    udpPort: settings.udpPort === 0 ? undefined : settings.udpPort,
    proto41: settings.proto41,
    workers: settings.workers === 0 ? Math.min(availableParallelism(), 16) : settings.workers,
    capacity: settings.capacity,
  };
  const { heartbeatPort } = settings;
  const agent = makePopAgent({
    door,
    ...(settings.dataPlane === "memory" ? memoryDriver(settings.device) : userspaceDriver),
    statePath: settings.state,
    plane,
    bindIpv4: settings.bindIpv4,
    addresses: settings.addresses,
    openBeats: heartbeatPort === 0 ? undefined : (bind, take) => openBeatSocket(bind, heartbeatPort, take),
    controlPath: controlSocketOf(settings),
    md5,
    timers: systemTimers,
    wall: systemWall,
    monotonic: systemMonotonic,
    random: systemRandom,
    log,
  });
  await agent.start();
  return agent;
}

type Driver = Pick<PopAgentOptions, "openPlane" | "kernel">;

const userspaceDriver: Driver = {
  kernel: openLinuxKernel(),
  async openPlane(options, onEvent) {
    try {
      return await openUserspacePlane(options, onEvent);
    } catch (error) {
      throw new Error(planeAdvice(options, error), { cause: error });
    }
  },
};

function planeAdvice(options: PlaneOptions, error: unknown): string {
  switch (codeOf(error)) {
    case "EPERM":
      return "the data plane needs root, or CAP_NET_ADMIN and CAP_NET_RAW";
    case "EACCES":
      return "this user may not open /dev/net/tun: run as root, or chmod 666 /dev/net/tun as udev does";
    case "ENOENT":
      return "this host has no /dev/net/tun: modprobe tun, or give the container that device";
    case "EADDRINUSE":
      return "another program has one of the tunnel ports (pop.ayiya-port, pop.udp-port)";
    case "EADDRNOTAVAIL":
      return "the PoP's outer address is not on this host: set pop.bind-ipv4 to the one that is";
    case "EBUSY":
      return `another program has the device ${options.device} (pop.device)`;
    default:
      return messageOf(error);
  }
}

function memoryDriver(device: string): Driver {
  const kernel = makeMemoryKernel();
  kernel.addLink(device);
  return {
    kernel,
    openPlane: (options, onEvent) => {
      const parts = { wire: new MemoryWire(), wall: systemWall, monotonic: systemMonotonic, random: systemRandom, repeat };
      return openMemoryPlane(options, parts, onEvent);
    },
  };
}

function repeat(everySec: number, run: () => void): () => void {
  const timer = setInterval(run, everySec * 1000);
  return () => clearInterval(timer);
}
