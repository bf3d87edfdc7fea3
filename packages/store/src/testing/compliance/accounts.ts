import assert from "node:assert/strict";
import type { OpenFreshStore } from "../fresh.ts";
import { addAccount, addPop, startSec } from "../world.ts";
import { inWorld, refuses } from "./in-world.ts";

const email = "ann@example.org";

export function testAccounts(openFreshStore: OpenFreshStore): void {
  const test = inWorld(openFreshStore);

  test("an account gets a handle of its initials and the next number", async ({ broker }) => {
    const first = await broker.accounts.add({ fullName: "Ann B. Clark", email });
    assert.deepEqual(first.account, { handle: "ABC1-TMB", fullName: "Ann B. Clark", email, state: "enabled", createdAt: startSec });
    const second = await broker.accounts.add({ fullName: "Arno Bert Cox", email });
    assert.equal(second.account.handle, "ABC2-TMB");
    await broker.accounts.add({ fullName: "A B C Dunne", email });
    assert.deepEqual(
      (await broker.accounts.list()).map((account) => account.handle),
      ["ABC1-TMB", "ABC2-TMB", "ABCD1-TMB"],
    );
  });

  test("many accounts of the same initials at once get a handle each", async ({ broker }) => {
    const added = await Promise.all(Array.from({ length: 8 }, () => broker.accounts.add({ fullName: "Ann B. Clark", email })));
    assert.equal(new Set(added.map(({ account }) => account.handle)).size, 8);
  });

  test("a handle of a registry is taken as it is, in any case of letters, and only once", async ({ broker }) => {
    const { account } = await broker.accounts.add({ fullName: "Jan M.", email, handle: "jrm1-ripe" });
    assert.equal(account.handle, "JRM1-RIPE");
    assert.deepEqual(await broker.accounts.get("Jrm1-Ripe"), account);
    await refuses(broker.accounts.add({ fullName: "Jan M.", email, handle: "JRM1-RIPE" }), "handle-taken");
    assert.equal((await broker.accounts.list()).length, 1);
  });

  test("what can't be an account is refused with its reason", async ({ broker }) => {
    await refuses(broker.accounts.add({ fullName: "Ann", email, handle: "no handle" }), "handle-malformed");
    await refuses(broker.accounts.add({ fullName: "Ann", email: "ann at example.org" }), "email-malformed");
    await refuses(broker.accounts.add({ fullName: "Ann\nb", email }), "name-malformed");
    await refuses(broker.accounts.add({ fullName: "", email }), "name-malformed");
    await refuses(broker.accounts.get("ABC9-TMB"), "account-not-found");
    await refuses(broker.accounts.get("\u0000"), "account-not-found");
    assert.deepEqual(await broker.accounts.list(), []);
  });

  test("the first key lets its account in, and rests sealed", async ({ broker, store }) => {
    const { account, accessKey } = await broker.accounts.add({ fullName: "Ann B. Clark", email });
    assert.match(accessKey, /^[0-9a-hjkmnp-tv-z]{26}$/);
    const { handle } = account;
    assert.deepEqual(await broker.accounts.readKeysForChallenge(handle.toLowerCase(), undefined), [accessKey]);
    const [sealed] = await store.read(({ accessKeys }) => accessKeys.listSealed({ handle, tunnel: undefined, limit: 9 }));
    assert.equal(sealed, `access-key:${Array.from(accessKey).toReversed().join("")}`);
    assert.ok(!JSON.stringify(await broker.accounts.listKeys(handle)).includes(accessKey));
  });

  test("a tunnel's key opens that tunnel only, the account's key all of them", async ({ broker }) => {
    await addPop(broker);
    const { account, accessKey } = await broker.accounts.add({ fullName: "Ann B. Clark", email });
    const { handle } = account;
    const one = await broker.tunnels.add({ handle, pop: "nlams01", encapsulation: "ayiya" });
    const two = await broker.tunnels.add({ handle, pop: "nlams01", encapsulation: "ayiya" });
    const added = await broker.accounts.addKey({ handle, tunnel: one.id, label: "router" });
    assert.deepEqual(added.key, { id: added.key.id, handle, tunnel: one.id, label: "router", createdAt: startSec });
    assert.deepEqual(await broker.accounts.readKeysForChallenge(handle, one.id), [added.accessKey, accessKey]);
    assert.deepEqual(await broker.accounts.readKeysForChallenge(handle, two.id), [accessKey]);
    assert.deepEqual(await broker.accounts.readKeysForChallenge(handle, undefined), [accessKey]);

    await broker.tunnels.remove(one.id);
    assert.deepEqual(
      (await broker.accounts.listKeys(handle)).map((key) => key.label),
      ["first key"],
    );
  });

  test("nobody gets in through another's tunnel, an unknown tunnel or an unknown handle", async ({ broker }) => {
    await addPop(broker);
    const ann = await addAccount(broker);
    const bob = await addAccount(broker, "Bob Dunne");
    const { id } = await broker.tunnels.add({ handle: ann, pop: "nlams01", encapsulation: "ayiya" });
    assert.deepEqual(await broker.accounts.readKeysForChallenge(bob, id), []);
    assert.deepEqual(await broker.accounts.readKeysForChallenge(bob, "T99"), []);
    assert.deepEqual(await broker.accounts.readKeysForChallenge("XX1-TMB", undefined), []);
    await refuses(broker.accounts.addKey({ handle: bob, tunnel: id, label: "mine?" }), "tunnel-not-found");
    await refuses(broker.accounts.addKey({ handle: "XX1-TMB", label: "x" }), "account-not-found");
  });

  test("a removed key lets nobody in", async ({ broker }) => {
    const { account, accessKey } = await broker.accounts.add({ fullName: "Ann B. Clark", email });
    const bob = await addAccount(broker, "Bob Dunne");
    const { key } = await broker.accounts.addKey({ handle: account.handle, label: "lost" });
    assert.equal(await broker.accounts.removeKey(bob, key.id), false, "only its own account removes it");
    assert.equal(await broker.accounts.removeKey(account.handle, key.id), true);
    assert.equal(await broker.accounts.removeKey(account.handle, key.id), false);
    assert.deepEqual(await broker.accounts.readKeysForChallenge(account.handle, undefined), [accessKey]);
  });

  test("a disabled account's keys let nobody in until it is enabled again", async ({ broker }) => {
    await addPop(broker);
    const { account, accessKey } = await broker.accounts.add({ fullName: "Ann B. Clark", email });
    const { handle } = account;
    assert.equal((await broker.accounts.setState(handle, "disabled")).state, "disabled");
    assert.deepEqual(await broker.accounts.readKeysForChallenge(handle, undefined), []);
    await refuses(broker.accounts.addKey({ handle, label: "x" }), "account-disabled");
    await refuses(broker.tunnels.add({ handle, pop: "nlams01", encapsulation: "ayiya" }), "account-disabled");
    await broker.accounts.setState(handle, "enabled");
    assert.deepEqual(await broker.accounts.readKeysForChallenge(handle, undefined), [accessKey]);
  });
}
