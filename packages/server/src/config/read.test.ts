import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { formatPrefix } from "@tombolo/base";
import { parse } from "smol-toml";
import { readSettings, type ConfigFault } from "./read.ts";
import type { Settings } from "./settings.ts";

function settingsOf(file: unknown, environment: Record<string, string> = {}): Settings {
  const read = readSettings(file, environment);
  assert.ok(read.ok, read.ok ? "" : JSON.stringify(read.reason));
  return read.value.settings;
}

function faultsOf(file: unknown, environment: Record<string, string> = {}): readonly ConfigFault[] {
  const read = readSettings(file, environment);
  assert.ok(!read.ok, "refused");
  return read.reason;
}

test("everything has a default", () => {
  const settings = settingsOf({});
  assert.equal(settings.tic.port, 3874);
  assert.equal(settings.broker.database, "./var/tombolo.db");
  assert.equal(formatPrefix(settings.start.tunnelPool), "2001:db8:1::/48");
  assert.equal(settings.pop.bindIpv4, undefined);
});

test("the environment wins over the file, and the file over the defaults", () => {
  const file = { tic: { port: 1, listen: "::" }, pop: { addresses: ["2001:db8::1"], proto41: true } };
  const environment = {
    TOMBOLO_TIC_PORT: "2",
    TOMBOLO_POP_ADDRESSES: "2001:db8::2,2001:db8::3",
    TOMBOLO_POP_PROTO41: "false",
    TOMBOLO_POP_BIND_IPV4: "192.0.2.9",
  };
  const settings = settingsOf(file, environment);
  assert.deepEqual([settings.tic.port, settings.tic.listen, settings.pop.proto41, settings.pop.addresses.length], [2, "::", false, 2]);
  assert.equal(settings.pop.bindIpv4?.value, 0xc000_0209);
  const read = readSettings(file, environment);
  assert.ok(read.ok);
  const from = (field: string): string | undefined => read.value.effective.find((item) => item.field === field)?.from;
  assert.deepEqual(["tic.port", "tic.listen", "tic.enabled"].map(from), ["environment", "file", "default"]);
});

test("a wrong value is told with the field, the value and the fix", () => {
  assert.deepEqual(faultsOf({ tic: { port: "38745x" } }), [
    { field: "tic.port", value: '"38745x"', fix: "give a whole number from 0 to 65535" },
  ]);
  assert.deepEqual(faultsOf({ tic: { port: 70_000 } }), [
    { field: "tic.port", value: "70000", fix: "give a whole number from 0 to 65535" },
  ]);
  assert.deepEqual(faultsOf({}, { TOMBOLO_TIC_PORT: "many" }), [
    { field: "TOMBOLO_TIC_PORT", value: '"many"', fix: "give a whole number from 0 to 65535" },
  ]);
  assert.deepEqual(faultsOf({ start: { "tunnel-pool": "2001:db8::1/48" } }), [
    {
      field: "start.tunnel-pool",
      value: '"2001:db8::1/48"',
      fix: 'give an IPv6 prefix with no bits set past its length, such as "2001:db8:1::/48"',
    },
  ]);
  assert.deepEqual(faultsOf({ pop: { device: "a/b" } })[0]?.field, "pop.device");
  assert.deepEqual(faultsOf({ log: { level: "loud" } })[0]?.fix, 'give one of "debug", "info", "warn", "error"');
});

test("all faults are told at once", () => {
  assert.deepEqual(
    faultsOf({ tic: { port: -1, enabled: "yes" }, log: { format: 1 } }).map((fault) => fault.field),
    ["tic.enabled", "tic.port", "log.format"],
  );
});

test("an unknown key is refused, with what was likely meant", () => {
  assert.deepEqual(faultsOf({ tic: { prot: 1 } }), [{ field: "tic.prot", value: undefined, fix: "did you mean tic.port?" }]);
  assert.deepEqual(faultsOf({ tcp: {} }), [{ field: "tcp", value: undefined, fix: "did you mean tic?" }]);
  assert.match(faultsOf({ tic: { elephant: 1 } })[0]?.fix ?? "", /^remove it; known keys: tic\.enabled, /);
  assert.deepEqual(faultsOf({}, { TOMBOLO_TIC_PROT: "1" }), [
    { field: "TOMBOLO_TIC_PROT", value: undefined, fix: "did you mean TOMBOLO_TIC_PORT?" },
  ]);
  assert.deepEqual(faultsOf({ tic: 5 }), [{ field: "tic", value: "5", fix: "write [tic] on a line of its own and its keys below" }]);
  assert.equal(readSettings({}, { TOMBOLO_USERNAME: "of the client", PATH: "/bin" }).ok, true);
  assert.equal(readSettings({ toString: {}, constructor: 1 }, {}).ok, false);
});

test("secrets are never shown, neither in effect nor in a complaint", () => {
  const file = { pop: { token: "too short" }, broker: { database: "postgres://tombolo:hunter2@db.example.net/tombolo" } };
  assert.ok(!JSON.stringify(faultsOf(file)).includes("too short"));
  const read = readSettings({ ...file, pop: { token: "0123456789abcdef0123456789abcdef" } }, {});
  assert.ok(read.ok);
  const shown = JSON.stringify(read.value.effective);
  assert.ok(!shown.includes("0123456789abcdef") && !shown.includes("hunter2"));
  assert.ok(shown.includes("postgres://tombolo:…@db.example.net/tombolo"));
});

test("the example file names every key, with its default", async () => {
  const example = await readFile(new URL("../../../../deploy/tombolo.example.toml", import.meta.url), "utf8");
  assert.deepEqual(Object.keys(parse(example)), Object.keys(settingsOf({})));
  assert.ok(
    Object.values(parse(example)).every((section) => Object.keys(section).length === 0),
    "no key is set",
  );
  const uncommented = parse(example.replace(/^#(?=[a-z0-9-]+ = )/gm, ""));
  const read = readSettings(uncommented, {});
  assert.ok(read.ok, read.ok ? "" : JSON.stringify(read.reason));
  const defaults = readSettings({}, {});
  assert.ok(defaults.ok);
  assert.deepEqual(
    read.value.effective,
    defaults.value.effective.map((item) => ({ ...item, from: "file" })),
  );
});
