import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnswers } from "./steady-ping.ts";
import { readWatched } from "./watch.ts";

test("the answers of ping -D are read, and its other lines are not", () => {
  const text = [
    "PING 2001:db8::1(2001:db8::1) 56 data bytes",
    "[1700000000.250000] 64 bytes from 2001:db8::1: icmp_seq=1 ttl=62 time=0.500 ms",
    "[1700000000.300000] From 2001:db8::2 icmp_seq=2 Destination unreachable: No route",
    "[1700000000.350000] 64 bytes from 2001:db8::1: icmp_seq=3 ttl=62 time=12.5 ms",
    "[1700000000.360000] 64 bytes from 2001:db8::1: icmp_seq=3 ttl=62 time=22.5 ms (DUP!)",
    "[1700000000.4000",
  ].join("\n");
  assert.deepEqual(readAnswers(text), [
    { atMs: 1_700_000_000_250, sequence: 1, rttMs: 0.5 },
    { atMs: 1_700_000_000_350, sequence: 3, rttMs: 12.5 },
  ]);
});

test("tcpdump's lines are gathered into packets, and UDP over IPv4 gives its payload", () => {
  const text = [
    "IP 192.0.2.2.1000 > 192.0.2.1.5072: UDP, length 6",
    "\t0x0000:  4500 0022 0000 4000 4011 0000 c000 0202",
    "\t0x0010:  c000 0201 03e8 13d0 000e 0000 4152 103b",
    "\t0x0020:  abcd",
    "IP6 fe80::1 > ff02::2: ICMP6, router solicitation, length 8",
    "\t0x0000:  6000 0000",
    "",
  ].join("\n");
  assert.deepEqual(readWatched(text), [
    { summary: "IP 192.0.2.2.1000 > 192.0.2.1.5072: UDP, length 6", payload: "4152103babcd" },
    { summary: "IP6 fe80::1 > ff02::2: ICMP6, router solicitation, length 8", payload: "" },
  ]);
});
