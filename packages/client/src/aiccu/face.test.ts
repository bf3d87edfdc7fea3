import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { makeIpv4, makeIpv6, monotonicMs, wallSec } from "@tombolo/base";
import { makeTicServer, stepTicServer, type SessionInput, type TicAnswer, type TicQuestion, type TicTunnel } from "@tombolo/protocols";
import { wallClock } from "../run/clocks.ts";
import { aiccuDefaults, parseAiccuConf } from "./conf.ts";
import { runAiccu } from "./face.ts";
import type { AiccuIo } from "./io.ts";
import { retrieve } from "./start.ts";
import { readAiccuSettings } from "./wishes.ts";

const usage = "aiccu (start|stop|brokers|tunnels|test|autotest|license|version) [<configfile>]";

test("anything but aiccu's words prints the usage line and ends with 255", async () => {
  for (const args of [[], ["fly"], ["start", "a", "b"]]) {
    const talk = new Talk();
    assert.equal(await runAiccu(args, {}, talk.io), 255);
    assert.deepEqual([talk.logged, talk.printed], [[usage], []]);
  }
});

test("words are case-insensitive; version begins as aiccu's does", async () => {
  const talk = new Talk();
  assert.equal(await runAiccu(["VERSION"], {}, talk.io), 0);
  assert.match(talk.printed[0] ?? "", /^AICCU 2007\.01\.15-console-linux\b/);
  assert.equal(await runAiccu(["License"], {}, talk.io), 0);
  assert.match(talk.printed[1] ?? "", /Apache License, Version 2\.0/);
});

test("a configuration that is missing, or lacks user and password, is told in aiccu's words", async (t) => {
  const missing = new Talk();
  assert.equal(await runAiccu(["start", "/nonexistent/aiccu.conf"], {}, missing.io), 255);
  assert.deepEqual(missing.logged, ['Could not open config file "/nonexistent/aiccu.conf"']);
  const empty = new Talk();
  assert.equal(await runAiccu(["tunnels", writeConf(t, "verbose false\n")], {}, empty.io), 255);
  assert.deepEqual(empty.logged, ["Required parameters missing, make sure that username and password are given"]);
});

test("tunnels prints one line a tunnel: number, IPv6, IPv4 or its word, PoP", async (t) => {
  const broker = await Broker.open(t);
  broker.tunnels.push({ ...tunnel, id: "T1002", type: "6in4-static", ipv4Endpoint: makeIpv4(0xc0000263) });
  const talk = new Talk();
  assert.equal(await runAiccu(["tunnels", broker.writeConf(t)], {}, talk.io), 0);
  assert.deepEqual(talk.printed, ["T15039 2001:db8:1::2 ayiya nlams01", "T1002 2001:db8:1::2 192.0.2.99 nlams01"]);
  assert.deepEqual(talk.logged, []);
});

const aborting = "Couldn't retrieve first tunnel for the above reason, aborting";
const refusals: readonly { what: string; change: (broker: Broker) => void; conf?: string; says: readonly string[] }[] = [
  {
    what: "no tunnel",
    change: (broker) => broker.tunnels.splice(0),
    says: ["No tunnel available, request one first", aborting],
  },
  {
    what: "several tunnels",
    change: (broker) => broker.tunnels.push({ ...tunnel, id: "T1002" }),
    says: [
      "Multiple tunnels available, please pick one from the following list and configure the aiccu.conf using it",
      "T15039 2001:db8:1::2 ayiya nlams01",
      "T1002 2001:db8:1::2 ayiya nlams01",
      aborting,
    ],
  },
  {
    what: "a tunnel that its owner disabled",
    change: (broker) => (broker.tunnels[0] = { ...tunnel, userState: "disabled" }),
    says: ["Succesfully retrieved tunnel information for T15039", "Tunnel is not enabled (UserState: disabled, AdminState: enabled)"],
  },
  {
    what: "a PoP that is down",
    change: (broker) => (broker.popIsDown = true),
    says: ["Couldn't show tunnel T15039: 500 This PoP is unfortunately currently down, see https://example.net/pops.", aborting],
  },
  {
    what: "a tunnel that is not there",
    change: () => {},
    conf: "tunnel_id T7\n",
    says: ["Couldn't show tunnel T7: 400 No such tunnel.", aborting],
  },
  {
    what: "a clock that is off",
    change: (broker) => (broker.aheadSec = 300),
    says: ["The clock is off by 300 seconds, use NTP to sync it!", aborting],
  },
  {
    what: "a server without TLS where it is required",
    change: () => {},
    conf: "requiretls true\n",
    says: ["TIC Server does not support TLS and TLS is required", aborting],
  },
];

for (const refusal of refusals) {
  test(`start says of ${refusal.what} what aiccu says`, async (t) => {
    const broker = await Broker.open(t);
    refusal.change(broker);
    const { talk, grant } = await broker.retrieve(refusal.conf ?? "");
    assert.equal(grant, undefined);
    assert.deepEqual(
      talk.logged.map((line) => line.replace(/by (299|301) seconds/, "by 300 seconds")),
      refusal.says,
    );
  });
}

test("start says that it retrieved the tunnel, and which address of this host it overrides", async (t) => {
  const broker = await Broker.open(t);
  const { talk, grant } = await broker.retrieve("local_ipv4_override 192.168.1.7\n");
  assert.equal(grant?.id, 15039);
  assert.deepEqual(talk.logged, [
    "Succesfully retrieved tunnel information for T15039",
    "Overriding Local IPv4 address from ayiya to 192.168.1.7",
  ]);
});

test("verbose shows every line of the conversation, but neither the password nor the answer to the challenge", async (t) => {
  const broker = await Broker.open(t);
  const { talk } = await broker.retrieve("verbose true\n");
  assert.equal(talk.logged[0], 'sock_getline() : "200 Test TIC"');
  const lines = talk.logged.join("\n");
  for (const line of [
    'sock_printf() : "get unixtime"',
    'sock_printf() : "username ABC1-TMB"',
    'sock_printf() : "authenticate md5 (not shown)"',
    'sock_getline() : "TunnelId: T15039"',
    'sock_getline() : "Password: (not shown)"',
  ]) {
    assert.ok(lines.includes(line), `${line} in\n${lines}`);
  }
  assert.ok(!lines.includes(tunnel.password));
  assert.deepEqual(talk.printed, [
    [
      "Tunnel Information for T15039:",
      "POP Id      : nlams01",
      "IPv6 Local  : 2001:db8:1::2/64",
      "IPv6 Remote : 2001:db8:1::1/64",
      "Tunnel Type : ayiya",
      "Adminstate  : enabled",
      "Userstate   : enabled",
    ].join("\n"),
  ]);
});

test("a server that cannot be reached is told in aiccu's words, with why", async (t) => {
  const talk = new Talk();
  const conf = writeConf(t, "username ABC1-TMB\npassword x\nserver 127.0.0.1:1\n");
  assert.equal(await runAiccu(["tunnels", conf], {}, talk.io), 255);
  assert.equal(talk.logged[0], "Couldn't connect to the TIC server 127.0.0.1");
  assert.match(talk.logged[1] ?? "", /connection refused/);
});

test("settings that make no sense are refused before anything is sent", () => {
  const good = { ...aiccuDefaults, username: "ABC1-TMB", password: "x" };
  const cases: readonly [object, RegExp][] = [
    [{ protocol: "tsp" }, /protocol tsp/],
    [{ username: "no good" }, /^username/],
    [{ server: "a b" }, /^server/],
    [{ ipv6_interface: "a/b" }, /^ipv6_interface/],
    [{ tunnel_id: "12x" }, /^tunnel_id/],
    [{ local_ipv4_override: "home" }, /^local_ipv4_override/],
  ];
  for (const [change, says] of cases) {
    const settings = readAiccuSettings({ ...good, ...change });
    assert.match(settings.ok ? "taken" : settings.reason, says);
  }
  assert.ok(readAiccuSettings(good).ok);
});

const tunnel: TicTunnel = {
  id: "T15039",
  type: "ayiya",
  clientAddress: makeIpv6(0x20010db8000100000000000000000002n),
  popAddress: makeIpv6(0x20010db8000100000000000000000001n),
  prefixLengthBits: 64,
  popName: "nlams01",
  ipv4Endpoint: "ayiya",
  popIpv4: makeIpv4(0xc0000201),
  userState: "enabled",
  adminState: "enabled",
  password: "0123456789abcdef0123456789abcdef",
  heartbeatSec: 60,
  mtuBytes: 1280,
};

/** Keeps what was said. */
class Talk {
  readonly printed: string[] = [];
  readonly logged: string[] = [];
  readonly io: AiccuIo = {
    out: (text) => void this.printed.push(text),
    write: (text) => void this.printed.push(text),
    log: (line) => void this.logged.push(line),
    ask: () => Promise.resolve(undefined),
  };
}

function writeConf(t: TestContext, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), "tombolo-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "aiccu.conf");
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** The protocols' own TIC server on a loopback port. */
class Broker {
  readonly tunnels: TicTunnel[] = [tunnel];
  popIsDown = false;
  aheadSec = 0;
  #port = 0;

  static async open(t: TestContext): Promise<Broker> {
    const broker = new Broker();
    const server = createServer((socket) => broker.#serve(socket));
    const ready = Promise.withResolvers<void>();
    server.listen(0, "127.0.0.1", () => ready.resolve());
    await ready.promise;
    t.after(() => server.close());
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    broker.#port = address.port;
    return broker;
  }

  writeConf(t: TestContext): string {
    return writeConf(t, `username ABC1-TMB\npassword hartslag\nserver 127.0.0.1:${this.#port}\n`);
  }

  async retrieve(more: string): Promise<{ talk: Talk; grant: Awaited<ReturnType<typeof retrieve>> }> {
    const { conf } = parseAiccuConf(`username ABC1-TMB\npassword hartslag\nserver 127.0.0.1:${this.#port}\n${more}`);
    const settings = readAiccuSettings(conf);
    assert.ok(settings.ok);
    const talk = new Talk();
    return { talk, grant: await retrieve({ conf, settings: settings.value, environment: {}, configPath: "" }, talk.io) };
  }

  #serve(socket: Socket): void {
    const options = {
      greeting: "Test TIC",
      tls: false,
      showNeedsTls: false,
      md5: (bytes: Uint8Array) => createHash("md5").update(bytes).digest(),
      random: (length: number) => randomBytes(length),
      wallClock: { nowSec: () => wallSec(wallClock.nowSec() + this.aheadSec) },
    };
    let state = makeTicServer(monotonicMs(0));
    const give = (input: SessionInput<TicAnswer>): void => {
      const step = stepTicServer(options, state, input, monotonicMs(0));
      state = step.state;
      for (const effect of step.effects) {
        if (effect.kind === "send") socket.write(effect.bytes);
        else if (effect.kind === "close") socket.end();
        else if (effect.kind === "ask") give({ kind: "answer", answer: this.#answer(effect.question) });
      }
    };
    socket.on("data", (bytes: Buffer) => give({ kind: "bytes", bytes }));
    socket.on("error", () => socket.destroy());
    give({ kind: "start" });
  }

  #answer(question: TicQuestion): TicAnswer {
    switch (question.kind) {
      case "keys":
        return { kind: "keys", keys: ["hartslag"] };
      case "tunnels":
        return { kind: "tunnels", tunnels: this.tunnels };
      case "tunnel": {
        if (this.popIsDown) return { kind: "refused", refusal: "pop-down", detail: "https://example.net/pops" };
        const found = this.tunnels.find((candidate) => candidate.id === question.id);
        return found === undefined ? { kind: "refused", refusal: "tunnel-not-found" } : { kind: "tunnel", tunnel: found };
      }
      default:
        return { kind: "refused", refusal: "internal" };
    }
  }
}
