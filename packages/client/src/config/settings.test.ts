import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { describeFailure } from "../failure/describe.ts";
import type { SettingName } from "./fields.ts";
import { readAccessKey, readConfFile } from "./files.ts";
import { readLoginSettings } from "./login.ts";
import { mergeSettings, type Settings, type SettingSources } from "./settings.ts";

test("flags win over the environment, that over the file, that over the defaults; each knows where it came from", () => {
  const settings = merge({
    flags: { device: "flag0" },
    environment: { TOMBOLO_DEVICE: "env0", TOMBOLO_METRIC: "7" },
    file: { device: "file0", metric: "8", server: "tic.example.net:99" },
  });
  assert.deepEqual(
    [settings.values.device, settings.values.metric, settings.values.server, settings.values["default-route"]],
    ["flag0", 7, { host: "tic.example.net", port: 99 }, true],
  );
  assert.deepEqual(settings.origins.get("device"), { kind: "flag", flag: "--device" });
  assert.deepEqual(settings.origins.get("metric"), { kind: "environment", variable: "TOMBOLO_METRIC" });
  assert.deepEqual(settings.origins.get("server"), { kind: "file", path: "/x.conf", line: 3 });
  assert.deepEqual(settings.origins.get("default-route"), { kind: "default" });
});

test("a key file on the command line replaces a key in the environment, and both in one place are refused", () => {
  const settings = merge({ flags: { "key-file": "-" }, environment: { TOMBOLO_KEY: "k" } });
  assert.deepEqual([settings.values.key, settings.values["key-file"]], [undefined, "-"]);
  const both = mergeSettings(sources({ file: { key: "k", "key-file": "/f" } }));
  assert.ok(!both.ok);
  assert.match(describeFailure(both.reason), /\/x\.conf line 1: key: .*keep one/);
});

test("every wrong value is told with place, field, value and what to write, but never a key", () => {
  const cases: readonly [Partial<Record<SettingName, string>>, RegExp][] = [
    [{ server: "tic.example.net:99999" }, /line 1: server = "tic.example.net:99999": write a host name/],
    [{ server: "::1" }, /server = "::1"/],
    [{ user: "no such user" }, /user = "no such user": write your handle/],
    [{ tunnel: "T0" }, /tunnel = "T0": write a tunnel's number/],
    [{ device: "a/b" }, /device = "a\/b": write at most 15/],
    [{ device: "averyveryverylongname" }, /at most 15/],
    [{ metric: "0" }, /metric = "0": write a whole number/],
    [{ "default-route": "perhaps" }, /write yes or no/],
    [{ "run-dir": "relative" }, /absolute path/],
  ];
  for (const [file, expected] of cases) {
    const merged = mergeSettings(sources({ file }));
    assert.ok(!merged.ok, JSON.stringify(file));
    assert.match(describeFailure(merged.reason), expected);
  }
  const key = mergeSettings(sources({ file: { key: "ünsecret" } }));
  assert.ok(!key.ok);
  assert.ok(!describeFailure(key.reason).includes("ünsecret"));
});

test("an unknown name in the file is refused with the names there are", () => {
  const merged = mergeSettings({ ...sources({}), file: { path: "/x.conf", entries: [{ name: "kee", value: "secret", line: 4 }] } });
  assert.ok(!merged.ok);
  assert.match(describeFailure(merged.reason), /\/x\.conf line 4: kee: there is no such setting; there are server, user, key/);
  assert.ok(!describeFailure(merged.reason).includes("secret"));
});

test("servers are read as names and addresses, with and without port", () => {
  for (const [text, host, port] of [
    ["tic.example.net", "tic.example.net", 3874],
    ["192.0.2.1:4000", "192.0.2.1", 4000],
    ["[2001:db8::1]:4000", "2001:db8::1", 4000],
    ["[::1]", "::1", 3874],
  ] as const) {
    assert.deepEqual(merge({ file: { server: text } }).values.server, { host, port }, text);
  }
});

test("a key file must not be everybody's to read and holds one key; a conf file with a key neither", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "tombolo-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "key");
  const read = (): ReturnType<typeof readAccessKey> => readAccessKey(merge({ flags: { "key-file": path } }));
  writeFileSync(path, "  s3cret key\n", { mode: 0o600 });
  assert.deepEqual(read(), { ok: true, value: "s3cret key" });
  chmodSync(path, 0o604);
  assert.match(complaint(read()), new RegExp(`flag --key-file: key-file: everybody can read .*chmod 600 ${path}`));
  writeFileSync(path, "\n");
  chmodSync(path, 0o600);
  assert.match(complaint(read()), /does not hold a key/);
  rmSync(path);
  assert.match(complaint(read()), /cannot be read \(no such file\)/);

  const conf = join(directory, "tombolo.conf");
  writeFileSync(conf, "# x\nkey = k\n", { mode: 0o644 });
  assert.match(complaint(readConfFile(conf, true)), /line 2: key: everybody can read this file/);
  chmodSync(conf, 0o600);
  assert.ok(readConfFile(conf, true).ok);
  assert.deepEqual(readConfFile(join(directory, "none"), false), { ok: true, value: undefined });
  assert.match(complaint(readConfFile(join(directory, "none"), true)), /cannot be read/);
});

test("a login without server, user or key says which flag, variable and line would give it", () => {
  assert.match(complaint(readLoginSettings(merge({}))), /server: it is not set; use --server, TOMBOLO_SERVER, or a line/);
  assert.match(complaint(readLoginSettings(merge({ file: { server: "x" } }))), /user: it is not set/);
  assert.match(complaint(readLoginSettings(merge({ file: { server: "x", user: "ABC1-TMB" } }))), /--key-file FILE/);
  assert.ok(readLoginSettings(merge({ file: { server: "x", user: "ABC1-TMB", key: "k" } })).ok);
});

interface Texts {
  readonly flags?: Partial<Record<SettingName, string>>;
  readonly environment?: Record<string, string>;
  readonly file?: Partial<Record<SettingName, string>>;
}

function sources(texts: Texts): SettingSources {
  const entries = Object.entries(texts.file ?? {}).map(([name, value], at) => ({ name, value, line: at + 1 }));
  return {
    flags: new Map(Object.entries(texts.flags ?? {}) as [SettingName, string][]),
    environment: texts.environment ?? {},
    file: { path: "/x.conf", entries },
  };
}

function merge(texts: Texts): Settings {
  const merged = mergeSettings(sources(texts));
  assert.ok(merged.ok, JSON.stringify(merged));
  return merged.value;
}

function complaint(result: ReturnType<typeof readAccessKey | typeof readConfFile | typeof readLoginSettings>): string {
  assert.ok(!result.ok);
  return describeFailure(result.reason);
}
