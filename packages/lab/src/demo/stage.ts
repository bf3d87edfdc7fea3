import type { IslandNode } from "../island/island.ts";
import type { Operator, Subscriber } from "../island/operator.ts";
import type { Client } from "../island/subscriber-client.ts";
import type { Lab } from "../lab/open-lab.ts";
import type { LabProcess } from "../process/process.ts";
import type { Figures } from "./figures.ts";
import type { Reporter } from "./reporter.ts";

export interface Stage {
  readonly lab: Lab<IslandNode>;
  readonly reporter: Reporter;
  readonly figures: Figures;
  /** True: the last chapter leaves everything running. */
  readonly keep: boolean;
}

/** What the opening chapters have brought up. */
export interface Running {
  readonly operator: Operator;
  readonly subscriber: Subscriber;
  readonly client: Client;
  readonly tunnel: LabProcess;
}
