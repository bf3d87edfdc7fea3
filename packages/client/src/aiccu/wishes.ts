import { failure, parseIpv4, success, type Ipv4Address, type Result } from "@tombolo/base";
import type { LoginSettings } from "../config/login.ts";
import { fields, parseKey } from "../config/fields.ts";
import type { AiccuConf } from "./conf.ts";
import { parametersMissing } from "./words.ts";

/** An aiccu.conf that makes sense: what is typed there, as this client's own settings. */
export interface AiccuSettings {
  readonly login: LoginSettings;
  readonly tunnel: number | undefined;
  readonly device: string;
  readonly localIpv4: Ipv4Address | undefined;
}

/** The failure is a sentence, with aiccu's words where it has some. */
export function readAiccuSettings(conf: AiccuConf): Result<AiccuSettings, string> {
  const { username = "", password = "" } = conf;
  if (username === "" || password === "") return failure(parametersMissing);
  if (conf.protocol.toLowerCase() !== "tic") return failure(`protocol ${conf.protocol} is not known here: only tic is`);
  const user = fields.user.parse(username);
  if (!user.ok) return failure(`username: ${user.reason}`);
  const key = parseKey(password);
  if (!key.ok) return failure(`password: ${key.reason}`);
  const server = fields.server.parse(conf.server);
  if (!server.ok) return failure(`server ${conf.server}: ${server.reason}`);
  const device = fields.device.parse(conf.ipv6_interface);
  if (!device.ok) return failure(`ipv6_interface ${conf.ipv6_interface}: ${device.reason}`);
  const tunnel = conf.tunnel_id === undefined ? success(undefined) : fields.tunnel.parse(conf.tunnel_id);
  if (!tunnel.ok) return failure(`tunnel_id ${conf.tunnel_id}: ${tunnel.reason}`);
  const localIpv4 = conf.local_ipv4_override === undefined ? success(undefined) : parseIpv4(conf.local_ipv4_override);
  if (!localIpv4.ok) return failure(`local_ipv4_override ${conf.local_ipv4_override}: write an IPv4 address of this host`);
  return success({
    login: { server: server.value, user: user.value, key: key.value, tls: conf.requiretls ? "require" : "prefer" },
    tunnel: tunnel.value,
    device: device.value,
    localIpv4: localIpv4.value,
  });
}
