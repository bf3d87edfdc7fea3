import type { LabNode } from "../lab/node.ts";
import { words } from "../process/words.ts";
import { readGoodput } from "../island/proofs.ts";

export interface IperfOptions {
  readonly from: LabNode;
  readonly to: LabNode;
  readonly toAddress: string;
  readonly seconds: number;
  /** Not counted, so that TCP's slow start is over. */
  readonly warmUpSec: number;
}

let port = 5_300;

/** TCP goodput in bits per second, as the receiver saw it. */
export async function measureTcp(options: IperfOptions): Promise<number> {
  port += 1;
  const server = options.to.start(words(`iperf3 --server --one-off --forceflush --port ${port} --bind ${options.toAddress}`));
  try {
    await server.waitFor(/Server listening/, 5_000);
    const text = await options.from.must(
      words(`iperf3 --json --client ${options.toAddress} --port ${port} --time ${options.seconds} --omit ${options.warmUpSec}`),
      { timeoutMs: (options.seconds + options.warmUpSec + 10) * 1_000 },
    );
    return readGoodput(text);
  } finally {
    await server.end();
  }
}
