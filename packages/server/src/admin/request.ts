import type { RequestState, RequestWish } from "@tombolo/broker";
import { UsageError, type AdminCommand, type Given } from "../cli/command.ts";
import {
  readEncapsulation,
  readHandle,
  readIpv4,
  readLength,
  readRequestId,
  readRequestState,
  readTunnelId,
  readWhole,
} from "./arguments.ts";
import { itemOutput, listOutput } from "./outputs.ts";
import { viewRequest } from "./request-views.ts";

const columns = ["id", "account", "kind", "pop", "for", "what", "state", "tunnel", "delegation", "created"] as const;

export const requestCommands: readonly AdminCommand[] = [
  {
    kind: "admin",
    words: ["admin", "request", "add"],
    operands: ["HANDLE"],
    about: "Ask for a tunnel, or for a delegation with --tunnel, in an account's name.",
    options: {
      reason: { value: "TEXT", about: "what it is for", required: true },
      pop: { value: "NAME", about: "the PoP of a new tunnel" },
      type: { value: "TYPE", about: "of a new tunnel: ayiya (default), 6in4, heartbeat or udp" },
      endpoint: { value: "ADDRESS", about: "the client's IPv4 address, for 6in4" },
      mtu: { value: "BYTES", about: "1280 (default) to 1480" },
      tunnel: { value: "TUNNEL", about: "the tunnel that a delegation is for" },
      length: { value: "LENGTH", about: "of the delegation; default /48" },
    },
    examples: [
      "admin request add ABC1-TMB --pop nlams01 --reason 'IPv6 at home'",
      "admin request add ABC1-TMB --tunnel T1001 --length /56 --reason 'two networks'",
    ],
    async run(broker, given) {
      const asked = { handle: readHandle(given.operand(0)), wish: readWish(given), reason: given.required("reason") };
      return itemOutput(viewRequest(await broker.requests.add(asked)));
    },
  },
  {
    kind: "admin",
    words: ["admin", "request", "list"],
    operands: [],
    about: "List requests that wait; others with --state.",
    options: {
      account: { value: "HANDLE", about: "of this account only" },
      state: { value: "STATE", about: "requested (default), approved, rejected or all" },
    },
    examples: ["admin request list", "admin request list --state all --account ABC1-TMB --json"],
    async run(broker, given) {
      const account = given.option("account");
      const wanted = given.option("state") ?? "requested";
      const state: RequestState | undefined = wanted === "all" ? undefined : readRequestState(wanted);
      const requests = await broker.requests.list({
        ...(account !== undefined && { handle: readHandle(account) }),
        ...(state !== undefined && { state }),
      });
      return listOutput(requests.map(viewRequest), columns, "No requests.");
    },
  },
  {
    kind: "admin",
    words: ["admin", "request", "show"],
    operands: ["REQUEST"],
    about: "Show a request and its reason.",
    options: {},
    examples: ["admin request show Q1001"],
    async run(broker, given) {
      return itemOutput(viewRequest(await broker.requests.get(readRequestId(given.operand(0)))));
    },
  },
  {
    kind: "admin",
    words: ["admin", "request", "approve"],
    operands: ["REQUEST"],
    about: "Give what was asked for.",
    options: {},
    examples: ["admin request approve Q1001"],
    async run(broker, given) {
      return itemOutput(viewRequest(await broker.requests.approve(readRequestId(given.operand(0)))));
    },
  },
  {
    kind: "admin",
    words: ["admin", "request", "reject"],
    operands: ["REQUEST"],
    about: "Refuse a request; its user is told the reason.",
    options: { reason: { value: "TEXT", about: "what the user is told", required: true } },
    examples: ["admin request reject Q1001 --reason 'Please tell more about yourself and ask again.'"],
    async run(broker, given) {
      return itemOutput(viewRequest(await broker.requests.reject(readRequestId(given.operand(0)), given.required("reason"))));
    },
  },
];

function readWish(given: Given): RequestWish {
  const tunnel = given.option("tunnel");
  const pop = given.option("pop");
  if (tunnel !== undefined) {
    return { kind: "delegation", tunnel: readTunnelId(tunnel), lengthBits: readLength(given.option("length") ?? "48") };
  }
  if (pop === undefined) throw new UsageError("give --pop for a tunnel, or --tunnel for a delegation");
  const endpoint = given.option("endpoint");
  return {
    kind: "tunnel",
    pop,
    encapsulation: readEncapsulation(given.option("type") ?? "ayiya"),
    staticEndpoint: endpoint === undefined ? undefined : readIpv4(endpoint),
    mtuBytes: readWhole(given.option("mtu") ?? "1280", "mtu"),
  };
}
