import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeLatin1 } from "@tombolo/base";
import { drillDecoder } from "@tombolo/testkit";
import fc from "fast-check";
import { formatTicCommand, parseTicCommand, type TicCommand } from "./commands.ts";
import { cleanText, findTicTunnelId, formatTicUsername, parseTicUsername } from "./values.ts";

const faults = [
  "empty",
  "not-printable",
  "unknown-command",
  "argument-missing",
  "argument-surplus",
  "method-unknown",
  "username-malformed",
  "tunnel-malformed",
  "pop-malformed",
];

const ids = fc.integer({ min: 1, max: 0x7fff_ffff }).map((n): `T${number}` => `T${n}`);
const handles = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
const usernames = fc.record({ handle: handles, tunnel: fc.option(ids, { nil: undefined }) }, { noNullPrototype: true });
const words = fc.stringMatching(/^[!-~]{1,40}$/);
const methods = fc.constantFrom("clear" as const, "md5" as const, "cookie" as const);

const commands: fc.Arbitrary<TicCommand> = fc.oneof(
  fc.constantFrom<TicCommand>({ kind: "get-unixtime" }, { kind: "starttls" }, { kind: "tunnel-list" }, { kind: "pop-list" }),
  words.map((identification): TicCommand => ({ kind: "client", identification })),
  usernames.map((username): TicCommand => ({ kind: "username", username })),
  methods.map((method): TicCommand => ({ kind: "challenge", method })),
  fc.tuple(methods, words).map(([method, response]): TicCommand => ({ kind: "authenticate", method, response })),
  ids.map((tunnel): TicCommand => ({ kind: "tunnel-show", tunnel })),
  fc.stringMatching(/^[a-z0-9-]{1,14}$/).map((pop): TicCommand => ({ kind: "pop-show", pop })),
  fc.option(words, { nil: "" }).map((text): TicCommand => ({ kind: "quit", text })),
);

test("every command survives the round trip", () => {
  fc.assert(fc.property(commands, (command) => assert.deepEqual(parseTicCommand(formatTicCommand(command)), { ok: true, value: command })));
});

test("the words of a command are read in either case, arguments as they are", () => {
  for (const text of ["QUIT bye", "Quit bye", "exit bye"])
    assert.deepEqual(parseTicCommand(text), { ok: true, value: { kind: "quit", text: "bye" } });
  assert.deepEqual(parseTicCommand("TUNNEL Show T7"), { ok: true, value: { kind: "tunnel-show", tunnel: "T7" } });
  const username = { handle: "aBc1-Tmb", tunnel: undefined };
  assert.deepEqual(parseTicCommand("UserName aBc1-Tmb"), { ok: true, value: { kind: "username", username } });
});

test("any bytes on a line are a command or a listed fault", () => {
  const samples = ["client TIC/draft-00 AICCU/2007.01.15", "authenticate md5 00112233", "tunnel show T1001", "username ABC1-TMB/T1"];
  drillDecoder({
    samples: samples.map((text) => new TextEncoder().encode(text)),
    decode: (bytes) => parseTicCommand(decodeLatin1(bytes)),
    reasons: faults,
    // Arguments have no length of their own: most cuts leave a shorter one.
    mayCutTo: (sample, length) => parseTicCommand(decodeLatin1(sample.subarray(0, length))).ok,
  });
});

test("control characters are refused wherever they stand", () => {
  for (const bad of ["\u0000", "\u0007", "\u001b", "\u007f", "\r", "\u000b"]) {
    assert.deepEqual(parseTicCommand(`tunnel${bad} list`), { ok: false, reason: "not-printable" });
  }
});

test("a tunnel id is T and a number of 31 bits without leading zeros", () => {
  assert.equal(findTicTunnelId("T1"), "T1");
  assert.equal(findTicTunnelId("t2147483647"), "T2147483647");
  for (const bad of ["", "T", "T0", "T01", "T2147483648", "T99999999999", "1001", "T1 ", "T1e3", "T-1", "T1.5", "R1"]) {
    assert.equal(findTicTunnelId(bad), undefined, bad);
  }
});

test("a username is a handle, or a handle, a slash and a tunnel id", () => {
  fc.assert(
    fc.property(usernames, (username) => assert.deepEqual(parseTicUsername(formatTicUsername(username)), { ok: true, value: username })),
  );
  for (const bad of ["", "/", "/T1", "A/", "A/T0", "A/T1/T2", "A B", ".hidden", "-x", "a".repeat(65), "a'b", "A/1001"]) {
    assert.equal(parseTicUsername(bad).ok, false, bad);
  }
});

test("cleaned text is one line of printable ASCII", () => {
  assert.equal(cleanText("  Zürich\r\n\tœuvre\u0000 ", 80), "Zurich ?uvre?");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(50), (text, length) =>
      assert.match(cleanText(text, length), new RegExp(`^[ -~]{0,${length}}$`)),
    ),
  );
});
