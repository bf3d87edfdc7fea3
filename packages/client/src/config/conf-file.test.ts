import assert from "node:assert/strict";
import { test } from "node:test";
import { makeSeededRandom } from "@tombolo/base";
import { formatExampleConf } from "../cli/help.ts";
import { parseConfFile } from "./conf-file.ts";
import { fields, isSettingName, settingNames } from "./fields.ts";

test("names, values, comments, blanks, quotes and both line ends are read", () => {
  const text = '# a comment\r\n\nserver = tic.example.net\r\n  user=ABC1-TMB  \nkey = " with blanks and # "\n\tdevice\t=\ttmb0';
  assert.deepEqual(parse(text), {
    ok: true,
    value: [
      { name: "server", value: "tic.example.net", line: 3 },
      { name: "user", value: "ABC1-TMB", line: 4 },
      { name: "key", value: " with blanks and # ", line: 5 },
      { name: "device", value: "tmb0", line: 6 },
    ],
  });
});

test("a line that is no setting is refused with its number, the field and what to do, and is never quoted", () => {
  const cases: readonly [string, number, string, RegExp][] = [
    ["server tic.example.net", 1, "the line", /name = value/],
    ["a = 1\nb = 2\na = 3", 3, "a", /line 1/],
    ["\nserver =", 2, "server", /no value/],
    ['key = "open', 1, "key", /double quote/],
    ["Server = x", 1, "the line", /name = value/],
    ["server = a\u0007b", 1, "the line", /control character/],
    [`x = ${"y".repeat(1000)}`, 1, "the line", /1000/],
    ["my-secret-key-without-a-name", 1, "the line", /name = value/],
  ];
  for (const [text, line, field, fix] of cases) {
    const parsed = parse(text);
    assert.ok(!parsed.ok, text);
    assert.deepEqual([parsed.reason.line, parsed.reason.field], [line, field]);
    assert.match(parsed.reason.fix, fix);
    assert.ok(!JSON.stringify(parsed).includes("my-secret-key"));
  }
});

test("what is too long or not UTF-8 is refused", () => {
  assert.ok(!parseConfFile(new Uint8Array(65_537)).ok);
  assert.ok(!parseConfFile(Uint8Array.of(0x61, 0xff, 0xfe)).ok);
});

test("random bytes and every cut of a good file give entries or a fault, never a throw", () => {
  const random = makeSeededRandom(11);
  for (let round = 0; round < 2000; round += 1) parseConfFile(random(round % 200));
  const good = new TextEncoder().encode('server = "x"\nuser = ü\n');
  for (let length = 0; length <= good.length; length += 1) parseConfFile(good.subarray(0, length));
});

test("the example file is itself right, and so is every value in it", () => {
  const parsed = parse(formatExampleConf(settingNames).replace(/^#(?=[a-z-]+ = )/gm, ""));
  assert.ok(parsed.ok);
  assert.deepEqual(
    parsed.value.map((entry) => entry.name),
    settingNames,
  );
  for (const { name, value } of parsed.value) assert.ok(isSettingName(name) && fields[name].parse(value).ok, `${name} = ${value}`);
});

function parse(text: string): ReturnType<typeof parseConfFile> {
  return parseConfFile(new TextEncoder().encode(text));
}
