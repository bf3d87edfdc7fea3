import assert from "node:assert/strict";
import { test } from "node:test";
import { concatBytes, decodeLatin1, encodeLatin1 } from "@tombolo/base";
import { aiccuTakesReply, makeAiccuLineReader, md5 } from "@tombolo/testkit";
import fc from "fast-check";
import { md5Response, responseMatches } from "./login.ts";
import { formatList, formatReply, maxListLines, maxPieceBytes, paceLines, parseReply } from "./reply.ts";
import { formatRefusal, ticRefusals } from "./status.ts";

test("pieces have at most 900 bytes, end at line ends, keep every byte, and all but the last are followed by a pause", () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[ -~]{0,300}$/), { minLength: 1, maxLength: 60 }), (lines) => {
      const pieces = paceLines(lines);
      assert.equal(decodeLatin1(concatBytes(...pieces.map(({ bytes }) => bytes))), lines.map((line) => `${line}\n`).join(""));
      for (const [i, { bytes, pauseMs }] of pieces.entries()) {
        assert.ok(bytes.length <= maxPieceBytes && bytes.at(-1) === 10);
        if (i < pieces.length - 1) assert.ok(pauseMs !== undefined && pauseMs >= 50);
        else assert.equal(pauseMs, undefined);
      }
    }),
  );
});

test("aiccu aborts when 1014 bytes are buffered, newlines or not: 983 in one segment work and 1023 do not", () => {
  const reply = (length: number): Uint8Array => encodeLatin1(`${"a line of data\n".repeat(80).slice(0, length - 1)}\n`);
  assert.equal(makeAiccuLineReader().receive(reply(983)), "taken");
  assert.equal(makeAiccuLineReader().receive(reply(1013)), "taken");
  assert.equal(makeAiccuLineReader().receive(reply(1014)), "overflow");
  assert.equal(makeAiccuLineReader().receive(reply(1023)), "overflow");
});

test("a long list reaches aiccu whole when each piece is read before the next one comes", () => {
  const lines = Array.from({ length: 60 }, (_, i) => `T${1000 + i} 2001:db8:2ff:${i.toString(16)}::2 ayiya nlams01`);
  const reader = makeAiccuLineReader();
  const read: string[] = [];
  for (const { bytes } of paceLines(formatList({ title: "Listing tunnels", lines, end: "Done" }))) {
    assert.equal(reader.receive(bytes), "taken");
    for (let line = reader.line(); line !== undefined; line = reader.line()) read.push(line);
  }
  assert.deepEqual(read, ["201 Listing tunnels", ...lines, "202 Done"]);
});

test("a list of more lines than any client can want is cut, and says so", () => {
  const lines = Array.from({ length: maxListLines + 5 }, (_, i) => `line ${i}`);
  const list = formatList({ title: "Listing", lines, end: "Done" });
  assert.equal(list.length, maxListLines + 2);
  assert.equal(list.at(-1), "202 1000 of 1005 shown");
});

test("aiccu tests only the first byte of a reply: every refusal begins with 4 or 5, and its text at offset 4", () => {
  for (const refusal of ticRefusals) {
    const line = formatRefusal(refusal);
    assert.match(line, /^[45]00 \S/);
    assert.equal(aiccuTakesReply(line), false);
    // aiccu puts a full stop behind what it prints.
    assert.doesNotMatch(line, /\.$/);
  }
  assert.equal(aiccuTakesReply(formatReply(200, "bye")), true);
});

test("an operator's detail is cleaned, and a page is something to see", () => {
  assert.equal(formatRefusal("pop-down", "https://x.example/p"), "500 This PoP is unfortunately currently down, see https://x.example/p");
  assert.equal(formatRefusal("pop-down", "new disks\r\n202 Done"), "500 This PoP is unfortunately currently down: new disks 202 Done");
  assert.equal(formatRefusal("pop-down", ""), "500 This PoP is unfortunately currently down");
  assert.ok(formatRefusal("busy", "x".repeat(5000)).length <= maxPieceBytes);
});

test("a reply's text begins at offset 4 and is verbatim, since a trailing blank of a challenge is hashed", () => {
  assert.deepEqual(parseReply("200 abc "), { ok: true, value: { code: 200, text: "abc " } });
  assert.deepEqual(parseReply("200"), { ok: true, value: { code: 200, text: "" } });
  for (const bad of ["", "20", "2000", "abc", "200-x", " 200 x", "-20 x"]) assert.equal(parseReply(bad).ok, false, bad);
});

test("the sheet's vectors: the challenge comes before the password's digest", () => {
  assert.equal(md5Response("0123456789abcdef0123456789abcdef", "hartslag", md5), "f662152e2241ce9b2b4721e8562e96f1");
  assert.equal(md5Response("3a1b".repeat(8), "hartslag", md5), "bacf3c2e9a99d2453de9003d41c83c81");
});

test("any of the account's keys logs in, and nothing else does", () => {
  const challenge = "3a1b".repeat(8);
  const right = md5Response(challenge, "hartslag", md5);
  const matches = (response: string, keys: readonly string[]): boolean =>
    responseMatches({ method: "md5", challenge, response, keys }, md5);
  assert.equal(matches(right, ["hartslag"]), true);
  assert.equal(matches(right, ["hartslag", "x", "y"]), true);
  assert.equal(matches(right, ["x", "y", "hartslag"]), true);
  assert.equal(matches(right.toUpperCase(), ["hartslag"]), true);
  assert.equal(matches(right, ["x"]), false);
  assert.equal(matches(right, []), false);
  assert.equal(matches("", []), false);
  assert.equal(matches(right.slice(1), ["hartslag"]), false);
  assert.equal(matches(md5Response(challenge, "", md5), []), false);
});
