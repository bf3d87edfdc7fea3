import { encodeLatin1, formatHex, formatIpv4, isIpv4Endpoint, type Random, type WallClock } from "@tombolo/base";
import type { Pops } from "../broker.ts";
import { parsePopName } from "../domain/pop-name.ts";
import { isPopToken, makePopToken } from "../domain/secrets.ts";
import type { BrokerSettings } from "../domain/settings.ts";
import { isPlainName } from "../domain/text.ts";
import type { Pop } from "../domain/types.ts";
import { BrokerError } from "../errors.ts";
import type { Sha256 } from "../ports/sealer.ts";
import type { Store } from "../ports/store.ts";
import { getPop, quote, raiseRevision } from "./refusals.ts";

export interface PopsNeeds {
  readonly store: Store;
  readonly sha256: Sha256;
  readonly random: Random;
  readonly clock: WallClock;
  readonly settings: BrokerSettings;
}

const longestMessage = 500;

export function makePops(needs: PopsNeeds): Pops {
  const { store, random, clock, settings } = needs;
  // The token has 256 random bits: a plain digest can't be guessed back, and it can be looked up.
  const digest = (token: string): string => formatHex(needs.sha256(encodeLatin1(token)));
  return {
    async add(wish) {
      const now = clock.nowSec();
      const pop: Pop = { ...wish, state: "up", stateMessage: "", stateSince: now, createdAt: now };
      refuseMalformed(pop);
      const token = makePopToken(random);
      await store.write(async ({ pops, audit }) => {
        if (!(await pops.insert(pop, digest(token)))) throw new BrokerError("pop-taken", `there is a PoP ${pop.name} already`);
        await audit.add({ at: now, event: "pop.added", pop: pop.name, detail: formatIpv4(pop.outerIpv4) });
      });
      return { pop, token };
    },

    list: () => store.read(({ pops }) => pops.list()),

    get: (name) => store.read(({ pops }) => getPop(pops, name)),

    async setState(name, state, message) {
      if (message !== "" && (message.length > longestMessage || /\p{Control}/u.test(message))) {
        throw new BrokerError("name-malformed", `a state message is one line of at most ${longestMessage} characters`);
      }
      return store.write(async ({ pops, revisions, audit, events }) => {
        await raiseRevision(revisions, name, settings.changesKept);
        const pop = await getPop(pops, name);
        const at = clock.nowSec();
        const change = { state, stateMessage: message, stateSince: pop.state === state ? pop.stateSince : at };
        await pops.setState(name, change);
        await audit.add({ at, event: "pop.state", pop: name, detail: message === "" ? state : `${state}: ${message}` });
        if (pop.state !== state) await events.addForOwners(name, { at, kind: `pop.${state}`, detail: message });
        return { ...pop, ...change };
      });
    },

    async renewToken(name) {
      const token = makePopToken(random);
      await store.write(async ({ pops, audit }) => {
        await getPop(pops, name);
        await pops.setTokenDigest(name, digest(token));
        await audit.add({ at: clock.nowSec(), event: "pop.token", pop: name, detail: "renewed" });
      });
      return token;
    },

    async findByToken(token) {
      if (!isPopToken(token)) return undefined;
      return store.read(({ pops }) => pops.findByTokenDigest(digest(token)));
    },
  };
}

function refuseMalformed(pop: Pop): void {
  if (!parsePopName(pop.name).ok) {
    throw new BrokerError(
      "pop-name-malformed",
      `${quote(pop.name)} is not a PoP's name; one looks like nlams01, at most 14 of a-z and 0-9`,
    );
  }
  if (!isPlainName(pop.city) || !isPlainName(pop.country)) {
    throw new BrokerError("name-malformed", "a PoP's city and country have 1 to 100 printable characters each");
  }
  if (!isIpv4Endpoint(pop.outerIpv4)) {
    throw new BrokerError("endpoint-malformed", `clients can't reach a PoP at ${formatIpv4(pop.outerIpv4)}`);
  }
}
