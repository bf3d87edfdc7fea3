import assert from "node:assert/strict";
import { test } from "node:test";
import { argumentsOf, formatVerdict, judge, makeChecks, type Check } from "./checks.ts";
import { runCheck } from "./run-check.ts";
import { runChecks } from "./test-run.ts";

const checks = makeChecks({
  outerLocal: "192.0.2.10",
  outerPop: "198.51.100.1",
  innerLocal: "2001:db8:1::2",
  innerPop: "2001:db8:1::1",
  hosts: ["noc.example.net", "www.example.net"],
});

test("the eight checks are aiccu's, in its order, with its headings and its programs", () => {
  assert.deepEqual(
    checks.map((check) => check.heading[0]),
    [
      "###### [1/8] Ping the IPv4 Local/Your Outer Endpoint (192.0.2.10)",
      "###### [2/8] Ping the IPv4 Remote/PoP Outer Endpoint (198.51.100.1)",
      "###### [3/8] Traceroute to the PoP (198.51.100.1) over IPv4",
      "###### [4/8] Checking if we can ping IPv6 localhost (::1)",
      "###### [5/8] Ping the IPv6 Local/Your Inner Tunnel Endpoint (2001:db8:1::2)",
      "###### [6/8] Ping the IPv6 Remote/PoP Inner Tunnel Endpoint (2001:db8:1::1)",
      "###### [7/8] Traceroute6 to the central machine (noc.example.net)",
      "###### [8/8] Traceroute6 to (www.example.net)",
    ],
  );
  assert.deepEqual(
    checks.map((check) => [check.program, argumentsOf(check)[0], argumentsOf(check).at(-1)].join(" ")),
    [
      "ping -4 192.0.2.10",
      "ping -4 198.51.100.1",
      "traceroute -4 198.51.100.1",
      "ping -6 ::1",
      "ping -6 2001:db8:1::2",
      "ping -6 2001:db8:1::1",
      "traceroute -6 noc.example.net",
      "traceroute -6 www.example.net",
    ],
  );
});

test("a verdict is read from what ping and traceroute print", () => {
  const [ping, , trace] = checks;
  assert.ok(ping !== undefined && trace !== undefined);
  const reached = "traceroute to 198.51.100.1 (198.51.100.1), 20 hops max\n 1  192.0.2.1  0.3 ms\n 2  198.51.100.1  9.1 ms\n";
  const lost = "traceroute to 198.51.100.1 (198.51.100.1), 20 hops max\n 1  192.0.2.1  0.3 ms\n 2  *\n 3  *\n";
  const cases: readonly [Check, string, string][] = [
    [ping, "3 packets transmitted, 3 received, 0% packet loss", "### Works: 3 of 3 echo requests answered"],
    [ping, "3 packets transmitted, 1 received, 66% packet loss", "### Works: 1 of 3 echo requests answered"],
    [ping, "3 packets transmitted, 0 received, +3 errors, 100% packet loss", "### FAILED: 0 of 3 echo requests answered"],
    [ping, "ping: connect: Network is unreachable", "### FAILED: nothing could be sent"],
    [trace, reached, "### Works: reached after 2 hops"],
    [trace, lost, "### FAILED: not reached within 3 hops"],
    [trace, "nonsense", "### FAILED: 198.51.100.1 has no address, or there is no route to it"],
  ];
  for (const [check, output, says] of cases) assert.equal(formatVerdict(judge(check, { kind: "ended", code: 0, output })), says);
  assert.equal(formatVerdict(judge(trace, { kind: "missing" })), "### FAILED: traceroute is not installed (package traceroute)");
});

test("ping really runs, and its output and verdict are shown", async () => {
  const [loopback] = makeChecks({ outerLocal: "127.0.0.1", outerPop: "", innerLocal: "", innerPop: "", hosts: ["", ""] });
  assert.ok(loopback !== undefined);
  let shown = "";
  const run = await runCheck(loopback, (text) => (shown += text));
  assert.match(shown, /3 packets transmitted/);
  assert.deepEqual(judge(loopback, run), { worked: true, text: "3 of 3 echo requests answered" });
});

test("autotest asks nothing and runs all eight; what lies beyond the PoP does not count", async () => {
  const talk = conversation([]);
  const ran: string[] = [];
  const run = (check: Check) => {
    ran.push(check.target);
    const output = check.isBeyond ? "" : answers(check);
    return Promise.resolve({ kind: "ended", code: 0, output } as const);
  };
  assert.equal(await runChecks(checks, { mode: "automatic", run, io: talk.io }), true);
  assert.deepEqual([ran.length, talk.questions], [8, []]);
  const silent = await runChecks(checks, { mode: "automatic", run: () => Promise.resolve({ kind: "missing" }), io: talk.io });
  assert.equal(silent, false);
});

test("test asks after each check, takes Return for a yes, and ends at a no", async () => {
  const talk = conversation(["", "y", "n"]);
  let runs = 0;
  const run = (check: Check) => {
    runs += 1;
    return Promise.resolve({ kind: "ended", code: 0, output: answers(check) } as const);
  };
  assert.equal(await runChecks(checks, { mode: "asks", run, io: talk.io }), false);
  assert.deepEqual([runs, talk.questions], [3, Array<string>(3).fill("Did this work? [Y/n] ")]);
});

function answers(check: Check): string {
  return check.program === "ping"
    ? "3 packets transmitted, 3 received"
    : `traceroute to x (${check.target}), 20\n 1  ${check.target}  1 ms`;
}

function conversation(answersGiven: string[]) {
  const questions: string[] = [];
  const io = {
    out: () => {},
    write: () => {},
    log: () => {},
    ask: (question: string) => {
      questions.push(question);
      return Promise.resolve(answersGiven.shift());
    },
  };
  return { io, questions };
}
