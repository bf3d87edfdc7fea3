/**
 * The error classes of sixxsd's live tunnel status, as operators of old know them (service sheet, section 9), by our reasons. Beats
 * have a `beat-` before theirs. Reasons without an entry had no class there.
 */
const classNames: ReadonlyMap<string, string> = new Map([
  ["too-big", "Encap.Pkt Too Big"],
  ["send-error", "Encap.Pkt Send Error"],
  ["tunnel-disabled", "Disabled tunnel"],
  ["beat-tunnel-disabled", "Disabled tunnel"],
  ["clock-off", "Clock Off"],
  ["beat-clock-off", "Clock Off"],
  ["same-interface", "Same In&Out Interface"],
  ["wrong-source", "Wrong Source IPv6"],
  ["wrong-endpoint", "Wrong Source IPv4"],
  ["not-ipv6", "Non-IPv6 Payload"],
  ["inner-length", "Wrong Payload"],
  ["bad-signature", "AYIYA Hash Fail"],
  ["wrong-encapsulation", "AYIYA-non-AYIYA"],
  ["beat-digest-wrong", "Heartbeat Hash Fail"],
  ["beat-digest-missing", "Heartbeat Hash Fail"],
  ["beat-digest-malformed", "Heartbeat Hash Fail"],
  ["beat-tunnel-not-heartbeat", "HB-non-HB"],
  ["beat-sender-missing", "HB Missing sender"],
  ["beat-sender-malformed", "HB Sender Mismatch"],
  ["beat-sender-mismatch", "HB Sender Mismatch"],
  ["beat-time-missing", "HB Missing Time"],
  ["beat-time-malformed", "HB Missing Time"],
]);

export function findClassName(reason: string): string | undefined {
  return classNames.get(reason);
}
