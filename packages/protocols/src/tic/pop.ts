import { failure, formatIpv4, formatIpv6, success, type Ipv4Address, type Ipv6Address, type Result } from "@tombolo/base";
import { cleanText, isPlainWord } from "./values.ts";

/** What `pop show` tells; texts are for people, and no client acts on them. */
export interface TicPop {
  readonly name: string;
  readonly city: string;
  readonly country: string;
  readonly ipv4: Ipv4Address;
  readonly ipv6?: Ipv6Address;
  readonly ispShort?: string;
  readonly ispName?: string;
  readonly ispWebsite?: string;
  readonly ispAsn?: string;
  readonly ispLir?: string;
}

const maxTextLength = 80;

/** `Key: value` lines. Clients match keys by prefix, so no key but these may begin with `IPv4` or `IPv6`. */
export function formatPopShow(pop: TicPop): Result<readonly string[], "name"> {
  if (!popNameIsValid(pop.name)) return failure("name");
  const fields: readonly (readonly [string, string | undefined])[] = [
    ["POPId", pop.name],
    ["City", pop.city],
    ["Country", pop.country],
    ["IPv4", formatIpv4(pop.ipv4)],
    ["IPv6", pop.ipv6 === undefined ? undefined : formatIpv6(pop.ipv6)],
    ["ISP Short", pop.ispShort],
    ["ISP Name", pop.ispName],
    ["ISP Website", pop.ispWebsite],
    ["ISP ASN", pop.ispAsn],
    ["ISP LIR", pop.ispLir],
  ];
  return success(fields.flatMap(([key, value]) => (value === undefined ? [] : [`${key}: ${cleanText(value, maxTextLength)}`])));
}

export function popNameIsValid(name: string): boolean {
  return isPlainWord(name, maxTextLength) && !name.startsWith("202");
}
