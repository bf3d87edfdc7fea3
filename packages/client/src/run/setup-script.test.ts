import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { encodeLatin1, makeIpv4, makeIpv6 } from "@tombolo/base";
import type { TunnelGrant } from "../tic/grant.ts";
import { runSetupScript } from "./setup-script.ts";

test("the setup script learns device, tunnel and both ends, and no secret", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "tombolo-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "seen");
  const script = `printenv | grep -c hartslag >${file}; echo "$TOMBOLO_DEVICE $TOMBOLO_TUNNEL $TOMBOLO_ADDRESS $TOMBOLO_GATEWAY" >>${file}`;
  assert.equal(await runSetupScript(script, "sixxs", grant), undefined);
  assert.equal(readFileSync(file, "utf8"), "0\nsixxs T1001 2001:db8:1::2 2001:db8:1::1\n");
});

test("a setup script that fails says how", async () => {
  assert.equal(await runSetupScript("exit 3", "sixxs", grant), "it ended with 3");
  assert.equal(await runSetupScript("kill -KILL $$", "sixxs", grant), "signal SIGKILL ended it");
});

const grant: TunnelGrant = {
  id: 1001,
  type: "ayiya",
  pop: "nlams01",
  popIpv4: makeIpv4(0xc0000201),
  popAddress: makeIpv6(0x20010db8000100000000000000000001n),
  clientAddress: makeIpv6(0x20010db8000100000000000000000002n),
  prefixLengthBits: 64,
  ipv4Endpoint: "ayiya",
  mtuBytes: 1280,
  beatSec: 60,
  secret: encodeLatin1("hartslag"),
  delegations: [],
};
