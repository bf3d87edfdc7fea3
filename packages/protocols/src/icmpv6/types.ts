/** RFC 4443 section 2.1: types below 128 are errors, the others tell or ask something. */
export const icmpv6Types = {
  destinationUnreachable: 1,
  packetTooBig: 2,
  timeExceeded: 3,
  parameterProblem: 4,
  echoRequest: 128,
  echoReply: 129,
} as const;

/** Neighbour discovery types (RFC 4861 section 4) that a tunnel's end meets. */
export const neighbourTypes = {
  routerSolicitation: 133,
  routerAdvertisement: 134,
  neighbourSolicitation: 135,
  neighbourAdvertisement: 136,
  redirect: 137,
} as const;

/** Codes of destination unreachable (RFC 4443 section 3.1). */
export const unreachableCodes = {
  noRoute: 0,
  prohibited: 1,
  beyondScope: 2,
  address: 3,
  port: 4,
  sourcePolicy: 5,
  reject: 6,
} as const;

/** Codes of time exceeded (RFC 4443 section 3.3). */
export const timeExceededCodes = { hopLimit: 0, reassembly: 1 } as const;

/** Codes of parameter problem (RFC 4443 section 3.4). */
export const parameterProblemCodes = { header: 0, nextHeader: 1, option: 2 } as const;

/** Type, code, checksum, and the four bytes whose meaning the type gives. */
export const icmpv6HeaderBytes = 8;

export const icmpv6At = { type: 0, code: 1, checksum: 2, parameter: 4, identifier: 4, sequence: 6, body: 8 } as const;

/** RFC 4443 leaves it to the node; everybody uses 64. */
export const icmpv6HopLimit = 64;
