import assert from "node:assert/strict";
import { isIPv4, isIPv6 } from "node:net";
import { decodeLatin1, formatIpv4, formatIpv6, formatPrefix, parseHex, parseIpv4, parseIpv6, parsePrefix } from "@tombolo/base";
import { textSeeds, type FuzzTarget } from "../target.ts";

/** Address texts: yes and no as the platform says, and what is taken comes back the same. */
export const addressesTarget: FuzzTarget = {
  name: "addresses",
  seeds: textSeeds("192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8", "2001:db8::/32", "::/0", "00ff7f"),
  words: ["::", ":", ".", "/", "ffff", "255", "0", "%eth0"],
  run: (bytes) => {
    const text = decodeLatin1(bytes);
    const [four, six, prefix, hex] = [parseIpv4(text), parseIpv6(text), parsePrefix(text), parseHex(text)];
    assert.equal(four.ok, isIPv4(text));
    // Zones name a link of this host; an address on the wire has none.
    assert.equal(six.ok, isIPv6(text) && !text.includes("%"));
    if (four.ok) assert.deepEqual(parseIpv4(formatIpv4(four.value)), four);
    if (six.ok) assert.deepEqual(parseIpv6(formatIpv6(six.value)), six);
    if (prefix.ok) assert.deepEqual(parsePrefix(formatPrefix(prefix.value)), prefix);
    return [four.ok, six.ok, prefix.ok ? prefix.value.lengthBits : prefix.reason, hex.ok].join(" ");
  },
};
