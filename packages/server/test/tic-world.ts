import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { SecureContext } from "node:tls";
import { md5Response } from "@tombolo/protocols";
import type { Settings } from "../src/config/settings.ts";
import type { LineServer } from "../src/listeners/drive.ts";
import { openTicListener } from "../src/listeners/tic.ts";
import { makeWheel } from "../src/listeners/wheel.ts";
import { systemMonotonic, systemTimers, systemWall } from "../src/platform/clocks.ts";
import { md5, systemRandom } from "../src/platform/crypto.ts";
import { furnish, makeTestLog, openTestBroker, TestClient, until, type Furnished, type TestBroker, type TestLog } from "./world.ts";

export interface TicWorld extends TestBroker, TestLog {
  readonly server: LineServer;
  readonly furnished: Furnished;
  client(localAddress?: string): TestClient;
}

/** A TIC listener on loopback over a real broker, with one account and its tunnel. */
export async function openTicWorld(t: TestContext, changes: Partial<Settings["tic"]> = {}, tls?: SecureContext): Promise<TicWorld> {
  const { broker, store } = await openTestBroker(t);
  const furnished = await furnish(broker);
  const journal = makeTestLog();
  const server = await openTicListener({
    settings: {
      enabled: true,
      listen: "127.0.0.1",
      port: 0,
      name: "tic.example.net",
      maxConnections: 1000,
      maxConnectionsPerSource: 1000,
      loginsPerMinutePerSource: 1000,
      loginsPerMinutePerAccount: 1000,
      sessionsPerMinutePerSource: 100_000,
      sessionsPerMinutePerAccount: 100_000,
      tls: false,
      tlsCertificate: undefined,
      tlsKey: undefined,
      showNeedsTls: false,
      ...changes,
    },
    broker,
    clock: systemMonotonic,
    wall: systemWall,
    wheel: makeWheel(systemMonotonic, systemTimers),
    random: systemRandom,
    md5,
    tls,
    log: journal.log,
  });
  const clients: TestClient[] = [];
  t.after(async () => {
    for (const client of clients) client.destroy();
    await server.close();
  });
  const client = (localAddress?: string): TestClient => {
    const made = new TestClient(server.port, localAddress);
    clients.push(made);
    return made;
  };
  return { ...journal, broker, store, server, furnished, client };
}

/** Logs in by an md5 challenge; the reply to the response. */
export async function logIn(client: TestClient, handle: string, accessKey: string): Promise<string> {
  await client.linesToBe(1);
  assert.match(await client.ask(`username ${handle}`), /^200 /);
  const challenge = (await client.ask("challenge md5")).slice(4);
  return client.ask(`authenticate md5 ${md5Response(challenge, accessKey, md5)}`);
}

/** Asks for a list and gives its lines between 201 and 202. */
export async function list(client: TestClient, command: string): Promise<readonly string[]> {
  const before = client.lines.length;
  client.send(command);
  await until(() => client.lines.slice(before).some((line) => line.startsWith("202")) || client.ended !== "no", "the end of the list");
  const lines = client.lines.slice(before);
  assert.match(lines[0] ?? "", /^201 /, lines.join("\n"));
  return lines.slice(1, -1);
}
