import type { Ipv4Address, Ipv6Address, Ipv6Prefix } from "@tombolo/base";
import type { LogLevel } from "../log/log.ts";

/** What the programs run with; `table.ts` says what each key means and what it is by default. */
export interface Settings {
  readonly broker: {
    readonly database: string;
    readonly masterKey: string;
    readonly handleSuffix: string;
    readonly quarantineDays: number;
    readonly heartbeatSec: number;
  };
  readonly requests: {
    readonly approveTunnels: "all" | "none" | "first";
    readonly firstTunnels: number;
    readonly approveDelegations: "all" | "none";
    readonly waitingPerAccount: number;
  };
  readonly credits: {
    readonly enabled: boolean;
    readonly signup: number;
    readonly goodWeek: number;
    readonly requestTunnel: number;
    readonly approveTunnel: number;
    readonly requestDelegation: number;
    readonly approveDelegation: number;
    readonly changeTunnel: number;
    readonly removeTunnel: number;
    readonly removeDelegation: number;
    readonly deadDay: number;
    readonly deadWeek: number;
    readonly mayRequestFrom: number;
    readonly disableDeadStatic: boolean;
  };
  readonly tic: {
    readonly enabled: boolean;
    readonly listen: string;
    readonly port: number;
    readonly name: string;
    readonly maxConnections: number;
    readonly maxConnectionsPerSource: number;
    readonly loginsPerMinutePerSource: number;
    readonly loginsPerMinutePerAccount: number;
    readonly sessionsPerMinutePerSource: number;
    readonly sessionsPerMinutePerAccount: number;
    readonly tls: boolean;
    readonly tlsCertificate: string | undefined;
    readonly tlsKey: string | undefined;
    readonly showNeedsTls: boolean;
  };
  readonly http: {
    readonly listen: string;
    readonly port: number;
  };
  readonly pop: {
    readonly enabled: boolean;
    readonly name: string;
    readonly outerIpv4: Ipv4Address | undefined;
    readonly bindIpv4: Ipv4Address | undefined;
    readonly brokerUrl: string;
    readonly insecure: boolean;
    readonly token: string | undefined;
    readonly tokenFile: string | undefined;
    readonly state: string;
    readonly dataPlane: "userspace" | "memory";
    readonly device: string;
    readonly ayiyaPort: number;
    readonly udpPort: number;
    readonly proto41: boolean;
    readonly heartbeatPort: number;
    readonly controlSocket: string | undefined;
    readonly workers: number;
    readonly capacity: number;
    readonly addresses: readonly Ipv6Address[];
  };
  readonly start: {
    readonly tunnelPool: Ipv6Prefix;
    readonly delegationPool: Ipv6Prefix;
  };
  readonly log: {
    readonly level: LogLevel;
    readonly format: "auto" | "json" | "text";
  };
}
