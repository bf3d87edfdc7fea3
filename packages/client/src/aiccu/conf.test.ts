import assert from "node:assert/strict";
import { test } from "node:test";
import { aiccuDefaults, formatConfWarning, parseAiccuConf } from "./conf.ts";

test("the sample file of aiccu reads without a warning", () => {
  const text = [
    "# AICCU Configuration",
    "",
    "# Login information (defaults: none)",
    "username ABC1-SIXXS",
    "password secret words",
    "",
    "# Protocol and server to use for setting up the tunnel (defaults: none)",
    "protocol tic",
    "server tic.sixxs.net",
    "ipv6_interface sixxs",
    "tunnel_id T15039",
    "daemonize true",
    "automatic true",
    "requiretls false",
    "; a comment",
    "// another",
    "#pidfile /var/run/other.pid",
    "makebeats no",
    "",
  ].join("\r\n");
  const { conf, warnings } = parseAiccuConf(text);
  assert.deepEqual(warnings, []);
  assert.deepEqual(conf, {
    ...aiccuDefaults,
    username: "ABC1-SIXXS",
    password: "secret words",
    ipv6_interface: "sixxs",
    tunnel_id: "T15039",
    daemonize: true,
    automatic: true,
    makebeats: false,
  });
});

test("keys match by prefix and case, values run to the end of the line or to the closing quote, the last of equal keys counts", () => {
  const cases: readonly [string, string | undefined][] = [
    ["username ABC1-TMB", "ABC1-TMB"],
    ["username   ABC1-TMB \t ", "ABC1-TMB"],
    ["usernames ABC1-TMB", "ABC1-TMB"],
    ["user ABC1-TMB", undefined],
    ["Username ABC1-TMB", undefined],
    [" username ABC1-TMB", undefined],
    ['username "A B" C', "A B"],
    ["username 'A\"B'", 'A"B'],
    ['username "A B', "A B"],
    ["username A # B", "A # B"],
    ["username A\nusername B", "B"],
    ["username", ""],
    ["username\tABC1-TMB", ""],
  ];
  for (const [text, value] of cases) assert.equal(parseAiccuConf(text).conf.username, value, JSON.stringify(text));
});

test("what cannot be read is a warning in aiccu's words, and shows no more of the line than its first word", () => {
  const path = "/etc/aiccu.conf";
  const { conf, warnings } = parseAiccuConf(`passwrd hunter2\nverbose Yes\ndaemonize 1\nserver ${"x".repeat(1000)}\nverbose true`);
  assert.deepEqual(
    warnings.map((warning) => formatConfWarning(warning, path)),
    [
      'Unknown configuration statement on line 1 of /etc/aiccu.conf: "passwrd"',
      'Unknown boolean value "Yes" for option "verbose"',
      'Unknown boolean value "1" for option "daemonize"',
      "Line 4 of /etc/aiccu.conf is longer than 999 bytes and was passed over",
    ],
  );
  assert.deepEqual([conf.server, conf.verbose, conf.daemonize], ["tic.sixxs.net", true, false]);
});
