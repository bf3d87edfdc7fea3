/** What the load generator is told. */
export interface TicLoad {
  readonly host: string;
  readonly port: number;
  readonly handle: string;
  readonly key: string;
  /** `T1001` */
  readonly tunnel: string;
  /** At once. */
  readonly clients: number;
  readonly seconds: number;
}

export function readTicLoad(text: string): TicLoad {
  return JSON.parse(text) as TicLoad;
}
