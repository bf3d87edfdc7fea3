import {
  describeIsland,
  findObstacle,
  openLab,
  openOperator,
  startWebServer,
  type IslandNode,
  type Lab,
  type Operator,
} from "@tombolo/lab";

/** The reason why these tests cannot run here, or false. */
export const skip: string | false = findObstacle() ?? false;

/** The island with a web server, a broker and a PoP on it. */
export interface World extends AsyncDisposable {
  readonly lab: Lab<IslandNode>;
  readonly operator: Operator;
}

/** `await using world = await openWorld()` closes it at the end of the test, however that ends. */
export async function openWorld(): Promise<World> {
  const lab = await openLab(describeIsland());
  try {
    const [operator] = await Promise.all([openOperator(lab), startWebServer(lab)]);
    return { lab, operator, [Symbol.asyncDispose]: () => lab.close() };
  } catch (error) {
    await lab.close();
    throw error;
  }
}
