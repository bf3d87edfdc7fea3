import type { TestContext } from "node:test";
import {
  describeIsland,
  findObstacle,
  makeClient,
  openLab,
  openOperator,
  startWebServer,
  type Client,
  type IslandNode,
  type Lab,
  type LabProcess,
  type Operator,
  type Subscriber,
} from "@tombolo/lab";

/** The reason why these tests cannot run here, or false. */
export const skip: string | false = findObstacle() ?? false;

/** The island with a web server, a broker and a PoP on it. */
export interface World {
  readonly lab: Lab<IslandNode>;
  readonly operator: Operator;
  close(): Promise<void>;
}

export async function openWorld(): Promise<World> {
  const lab = await openLab(describeIsland());
  try {
    const [operator] = await Promise.all([openOperator(lab), startWebServer(lab)]);
    return { lab, operator, close: () => lab.close() };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

export interface Connected {
  readonly subscriber: Subscriber;
  readonly client: Client;
  /** `tombolo up`, in the foreground. */
  readonly tunnel: LabProcess;
}

/** A new subscriber whose client is up; taken down when the test ends. */
export async function connect(t: TestContext, { lab, operator }: World, node: "laptop" | "desk" = "laptop"): Promise<Connected> {
  const subscriber = await operator.subscribe("Ada Example");
  const client = makeClient(lab, { node, subscriber });
  t.after(() => client.run(["down"]));
  return { subscriber, client, tunnel: await client.up() };
}
