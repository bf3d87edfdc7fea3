import assert from "node:assert/strict";
import { test } from "node:test";
import { describeIsland } from "../island/island.ts";
import type { LabDescription } from "./description.ts";
import { formatMasquerade, planLab } from "./plan.ts";

const two: LabDescription<"a" | "b"> = {
  nodes: {
    a: { about: "a router", forwards: [4], bridges: { lan: ["10.0.0.1/24"] } },
    b: { about: "a host", routes: [{ to: "default", via: "10.0.0.1" }] },
  },
  links: [
    {
      ends: [
        { node: "a", device: "p1", bridge: "lan" },
        { node: "b", device: "eth0", addresses: ["10.0.0.2/24", "2001:db8::2/64"], down: true },
      ],
    },
  ],
};

function linesOf(node: string, description: LabDescription = two): readonly string[] {
  const plan = planLab(description, (name) => `ns-${name}`);
  return [...plan.devices, ...plan.routes].filter((part) => part.node === node).flatMap((part) => part.lines);
}

test("a cable is born with its far end in the other node's namespace", () => {
  assert.ok(linesOf("a").includes("link add name p1 type veth peer name eth0 netns ns-b"));
});

test("an end that is a bridge's port joins it before it goes up", () => {
  const lines = linesOf("a");
  assert.ok(lines.indexOf("link set p1 master lan") > lines.indexOf("link add name lan type bridge forward_delay 0"));
  assert.ok(lines.indexOf("link set p1 master lan") < lines.indexOf("link set p1 up"));
});

test("a cable that is not plugged in has addresses and stays down", () => {
  const lines = linesOf("b");
  assert.ok(lines.includes("address add 10.0.0.2/24 dev eth0"));
  assert.ok(lines.includes("address add 2001:db8::2/64 dev eth0 nodad"));
  assert.ok(!lines.includes("link set eth0 up"));
});

test("routes come after every device", () => {
  assert.equal(linesOf("b").at(-1), "route add default via 10.0.0.1");
});

test("only a router forwards, and only its families", () => {
  const { sysctls } = planLab(two, String);
  assert.deepEqual(new Map(sysctls.get("a")).get("ipv4/ip_forward"), "1");
  assert.deepEqual(new Map(sysctls.get("a")).get("ipv6/conf/all/forwarding"), "0");
  assert.deepEqual(new Map(sysctls.get("b")).get("ipv4/ip_forward"), "0");
});

test("switched-off offloads name both ends of the cable", () => {
  const [link] = two.links;
  assert.ok(link !== undefined);
  const plan = planLab({ ...two, links: [{ ...link, offloads: false, mtuBytes: 1400 }] }, String);
  assert.deepEqual(
    plan.plain.map(({ node, device }) => `${node} ${device}`),
    ["a p1", "b eth0"],
  );
  assert.ok(plan.devices.some(({ lines }) => lines.includes("link add name p1 mtu 1400 type veth peer name eth0 mtu 1400 netns b")));
});

test("the home router hides what leaves by either line and lets nobody in unasked", () => {
  const ruleset = formatMasquerade(["fibre", "mobile"]);
  assert.match(ruleset, /oifname \{ "fibre", "mobile" \} masquerade/);
  assert.match(ruleset, /iifname \{ "fibre", "mobile" \} drop$/);
});

test("on the island no node left of the PoP has an IPv6 address or forwards IPv6", () => {
  const description = describeIsland();
  const right = new Set<string>(["pop", "six", "web"]);
  for (const end of description.links.flatMap((link) => link.ends)) {
    if (!right.has(end.node)) assert.ok(!(end.addresses ?? []).some((address) => address.includes(":")), `${end.node} ${end.device}`);
  }
  for (const [name, node] of Object.entries(description.nodes)) {
    if (!right.has(name)) assert.ok(node.forwards?.includes(6) !== true, name);
  }
});
