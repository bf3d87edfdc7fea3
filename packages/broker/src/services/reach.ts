import { formatIpv4, isIpv4Endpoint, type Ipv4Address } from "@tombolo/base";
import { needsStaticEndpoint } from "../domain/encapsulation.ts";
import type { Encapsulation } from "../domain/types.ts";
import { BrokerError } from "../errors.ts";

export interface Reach {
  readonly encapsulation: Encapsulation;
  readonly staticEndpoint: Ipv4Address | undefined;
}

/** How a tunnel is to be reached, once the two fit each other. */
export function chooseReach(encapsulation: Encapsulation, staticEndpoint: Ipv4Address | undefined): Reach {
  if (!needsStaticEndpoint(encapsulation)) {
    if (staticEndpoint === undefined) return { encapsulation, staticEndpoint };
    throw new BrokerError("endpoint-malformed", `${encapsulation} finds its endpoint by itself; leave the endpoint out, or use 6in4`);
  }
  if (staticEndpoint === undefined) {
    throw new BrokerError("encapsulation-needs-endpoint", `${encapsulation} needs the client's public IPv4 address`);
  }
  if (!isIpv4Endpoint(staticEndpoint)) {
    throw new BrokerError("endpoint-malformed", `${formatIpv4(staticEndpoint)} can't be a tunnel's endpoint`);
  }
  return { encapsulation, staticEndpoint };
}
