import { makeClient } from "../island/subscriber-client.ts";
import { keepUp, takeDown } from "./ending.ts";
import { bringUp, openTombolo, showIsland } from "./opening.ts";
import { killBroker, moveClient, restartPop } from "./outages.ts";
import { prove } from "./proof.ts";
import type { Stage } from "./stage.ts";

/** Chapters 2 to 7; the network of chapter 1 stands already. Throws at the first step that fails. */
export async function tellStory(stage: Stage): Promise<void> {
  await showIsland(stage);
  const { operator, subscriber } = await openTombolo(stage);
  const client = makeClient(stage.lab, { node: "laptop", subscriber });
  const running = { operator, subscriber, client, tunnel: await bringUp(stage, client, subscriber) };
  await prove(stage, subscriber);
  await killBroker(stage, running);
  await restartPop(stage, running);
  await moveClient(stage);
  if (stage.keep) await keepUp(stage, running);
  else await takeDown(stage, running);
}
