import assert from "node:assert/strict";
import { test } from "node:test";
import { listBrokers } from "./brokers.ts";

test("brokers come from the search domains and the global name, strings joined, comments left out", async () => {
  const zone: Readonly<Record<string, string[][]>> = {
    "_aiccu.example.net": [["Example", "tic://tic.example.net", "https://example.net", "nl"], ["# a comment"]],
    "_aiccu.sixxs.net": [["SixXS", "tic://tic.sixxs.net", "http://www.sixxs.net", "be\u001b de"]],
  };
  const listed = await listBrokers(["example.net"], (name) => Promise.resolve(zone[name] ?? []));
  assert.deepEqual(listed, {
    lines: ["Example|tic://tic.example.net|https://example.net|nl|", "SixXS|tic://tic.sixxs.net|http://www.sixxs.net|be? de|"],
    warning: undefined,
  });
});

test("without the global list the built-in broker is shown, with aiccu's warning", async () => {
  assert.deepEqual(await listBrokers([], () => Promise.resolve([])), {
    lines: ["SixXS|tic://tic.sixxs.net|http://www.sixxs.net|be de ee fi gb ie it nl pl pt si se us"],
    warning: "Warning: Couldn't find global Tunnel Brokers List, please check your DNS settings and read the FAQ.",
  });
});

test("an endless list of records and domains is cut", async () => {
  let asked = 0;
  const flood = () => {
    asked += 1;
    return Promise.resolve(Array.from({ length: 1000 }, () => Array<string>(1000).fill("x")));
  };
  const { lines } = await listBrokers(Array<string>(100).fill("example.net"), flood);
  assert.ok(asked <= 7 && lines.length <= 7 * 64 + 1 && lines.every((line) => line.length < 200));
});
