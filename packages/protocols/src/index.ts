export * from "./ayiya/accept.ts";
export * from "./ayiya/client-session.ts";
export * from "./ayiya/codec.ts";
export type { AyiyaEndpoint, HeldEndpoint, SeenSignature } from "./ayiya/endpoint.ts";
export {
  ayiyaAt,
  ayiyaHeaderBytes,
  ayiyaLengths,
  ayiyaMethods,
  ayiyaOpcodes,
  ayiyaOverheadBytes,
  ayiyaSharedSecret,
  clockSkewSec,
  withinClockWindow,
  type AyiyaOpcode,
} from "./ayiya/header.ts";
export * from "./ayiya/server-session.ts";
export * from "./ayiya/sign.ts";
export * from "./digest/digest.ts";
export * from "./heartbeat/accept.ts";
export { decodeBeat, formatBeatHead, heartbeatLimits, type Beat, type BeatFault, type BeatSender } from "./heartbeat/codec.ts";
export { beatDigestIsRight, makeBeat } from "./heartbeat/sign.ts";
export { checksumIsRight, writeIcmpv6Checksum } from "./icmpv6/checksum.ts";
export * from "./icmpv6/echo.ts";
export * from "./icmpv6/error.ts";
export * from "./icmpv6/message.ts";
export {
  icmpv6At,
  icmpv6HeaderBytes,
  icmpv6Types,
  neighbourTypes,
  parameterProblemCodes,
  timeExceededCodes,
  unreachableCodes,
} from "./icmpv6/types.ts";
export * from "./ipv6/checksum.ts";
export * from "./ipv6/extension.ts";
export {
  decodeIpv6Header,
  encodeIpv6Header,
  encodeIpv6HeaderInto,
  findIpv6Fault,
  ipv6At,
  ipv6HeaderBytes,
  ipv6MinimumMtuBytes,
  ipv6PacketBytes,
  nextHeaders,
  type Ipv6Fault,
  type Ipv6Header,
} from "./ipv6/header.ts";
export * from "./lines/splitter.ts";
export * from "./session/session.ts";
export * from "./sixinfour/checks.ts";
export * from "./sixinfour/ecn.ts";
export * from "./sixinfour/header.ts";
export * from "./sixinfour/mtu.ts";
export * from "./tic/client-session.ts";
export { ticClientLimits, type TicClientNote, type TicClientOptions, type TicClientStage, type TicOutcome } from "./tic/client-state.ts";
export * from "./tic/commands.ts";
export { md5Response, responseMatches } from "./tic/login.ts";
export { formatPopShow, type TicPop } from "./tic/pop.ts";
export { formatList, formatReply, paceLines, parseReply } from "./tic/reply.ts";
export type { TicRoute, TicRouteId } from "./tic/route.ts";
export * from "./tic/server-session.ts";
export {
  ticServerLimits,
  type TicAnswer,
  type TicQuestion,
  type TicServerEnd,
  type TicServerNote,
  type TicServerOptions,
  type TicServerState,
} from "./tic/server-state.ts";
export { formatRefusal, ticRefusals, type TicRefusal } from "./tic/status.ts";
export * from "./tic/tunnel.ts";
export { cleanText, findTicTunnelId, formatTicUsername, parseTicUsername, type TicTunnelId, type TicUsername } from "./tic/values.ts";
