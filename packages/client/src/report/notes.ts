import { formatIpv4, formatIpv6, formatPrefix } from "@tombolo/base";
import { describeFailure } from "../failure/describe.ts";
import type { RunNote } from "../run/client-run.ts";
import { describeTrouble, describeTunnel, roundRtt } from "../run/status.ts";
import { formatWay, type TunnelGrant } from "../tic/grant.ts";
import { formatDamage, formatDuration, formatRtt } from "./units.ts";

/** How much a line matters; only terminals show it, as a colour. */
export type Mood = "plain" | "good" | "bad";

export interface Line {
  readonly text: string;
  readonly mood: Mood;
}

/** What happened, in a sentence for people; `login` names server and user. */
export function formatNote(note: RunNote, login: { readonly server: string; readonly user: string }): Line {
  switch (note.kind) {
    case "login":
      return plain(`Logging in to ${login.server} as ${login.user}${note.attempt > 1 ? ` (attempt ${note.attempt})` : ""}.`);
    case "granted":
      return plain(
        `Tunnel T${note.grant.id} at PoP ${note.grant.pop} (${formatIpv4(note.grant.popIpv4)}), ${typeNames[note.grant.type]}, MTU ${note.grant.mtuBytes}.`,
      );
    case "configured":
      return plain(formatConfigured(note));
    case "checking":
      return plain(`Asking the PoP's end ${formatIpv6(note.grant.popAddress)} by ${formatWay(note.grant)}.`);
    case "proven":
      return { text: `IPv6 is up: ${formatEnds(note.grant)}, round trip ${formatRtt(note.rttMs)}.`, mood: "good" };
    case "silent":
      return { text: formatSilent(note), mood: "bad" };
    case "answers-again":
      return { text: `The PoP answers again after ${formatDuration(note.silentSec)}, round trip ${formatRtt(note.rttMs)}.`, mood: "good" };
    case "moved":
      return formatMoved(note);
    case "clock-jumped":
      return plain(`The clock moved by ${note.bySec} s, or this host slept; asking the PoP.`);
    case "asks-again":
      return plain("Asking the broker whether the tunnel changed.");
    case "unchanged":
      return plain("The broker knows of no change.");
    case "changed":
      return plain(`The broker changed the tunnel: ${formatEnds(note.grant)} (${formatWay(note.grant)}), MTU ${note.grant.mtuBytes}.`);
    case "waiting":
      return { text: `${describeFailure(note.failure)} Next try in ${formatDuration(note.waitSec)}.`, mood: "bad" };
    case "beating":
      return plain(
        note.on ? "Beats are on: telling the PoP, and asking it." : "Beats are off: this host sends the PoP nothing of its own accord.",
      );
    case "repaired":
      return { text: formatRepaired(note), mood: "bad" };
    case "script-failed":
      return { text: `The setup script ${note.script} failed: ${note.message}.`, mood: "bad" };
    case "stopping":
      return plain("Taking the tunnel down.");
  }
}

/** The same for machines, one object a note: `event` is the note's kind. Fields are added, never renamed. */
export function describeNote(note: RunNote): Readonly<Record<string, unknown>> {
  const event = note.kind;
  switch (note.kind) {
    case "granted":
    case "checking":
    case "changed":
      return { event, tunnel: describeTunnel(note.grant) };
    case "configured":
      return {
        event,
        device: note.device,
        defaultRouteMetric: note.metric ?? null,
        outrankedBy: note.outrankedBy ?? null,
        tunnel: describeTunnel(note.grant),
      };
    case "proven":
      return { event, rttMs: roundRtt(note.rttMs), tunnel: describeTunnel(note.grant) };
    case "silent":
      return { event, skewSec: note.skewSec ?? null };
    case "moved":
      return {
        event,
        from: note.from === undefined ? null : formatIpv4(note.from),
        to: note.to === undefined ? null : formatIpv4(note.to),
      };
    case "waiting":
      return { event, waitSec: note.waitSec, failure: describeTrouble(note.failure) };
    case "login":
      return { event, attempt: note.attempt };
    case "answers-again":
      return { event, silentSec: note.silentSec, rttMs: roundRtt(note.rttMs) };
    case "clock-jumped":
      return { event, bySec: note.bySec };
    case "beating":
      return { event, on: note.on };
    case "repaired":
      return {
        event,
        device: note.device,
        damage: note.damage,
        failure: note.failure === undefined ? null : describeTrouble(note.failure),
      };
    case "script-failed":
      return { event, script: note.script, message: note.message };
    default:
      return { event };
  }
}

const typeNames: Readonly<Record<TunnelGrant["type"], string>> = {
  ayiya: "AYIYA",
  "6in4-heartbeat": "6in4 with heartbeat",
  "6in4-static": "static 6in4",
};

function formatConfigured(note: Extract<RunNote, { kind: "configured" }>): string {
  const address = `${formatIpv6(note.grant.clientAddress)}/${note.grant.prefixLengthBits}`;
  const route = note.metric === undefined ? "no default route" : `the default route (metric ${note.metric})`;
  const text = `Interface ${note.device} has ${address} and ${route}.`;
  if (note.outrankedBy === undefined) return text;
  const { device, metric } = note.outrankedBy;
  return `${text} The default route of ${device} (metric ${metric}) comes before it: give --metric a number below ${metric} to prefer the tunnel.`;
}

function formatRepaired({ device, damage, failure }: Extract<RunNote, { kind: "repaired" }>): string {
  const text = `Another program changed interface ${device} (${formatDamage(damage)})`;
  return failure === undefined ? `${text}; put back.` : `${text}, and it could not be put back. ${describeFailure(failure)}`;
}

function formatSilent(note: Extract<RunNote, { kind: "silent" }>): string {
  const text = `PoP ${note.grant.pop} does not answer ${note.grant.type === "ayiya" ? "at" : "by"} ${formatWay(note.grant)}; asking on.`;
  return note.skewSec === undefined ? text : `${text} Its packets are ${Math.abs(note.skewSec)} s off this host's clock: set that.`;
}

function formatMoved(note: Extract<RunNote, { kind: "moved" }>): Line {
  if (note.to === undefined) return { text: "This host lost its IPv4 route to the PoP; waiting for one.", mood: "bad" };
  const to = formatIpv4(note.to);
  if (note.from === undefined) return plain(`This host reaches the PoP again, from ${to}; telling the PoP.`);
  return plain(`This host's address towards the PoP changed from ${formatIpv4(note.from)} to ${to}; telling the PoP.`);
}

function formatEnds(grant: TunnelGrant): string {
  const own = `${formatIpv6(grant.clientAddress)}/${grant.prefixLengthBits} through PoP ${grant.pop}`;
  return grant.delegations.length === 0
    ? own
    : `${own}, ${grant.delegations.map(formatPrefix).join(", ")} for the network behind this host`;
}

function plain(text: string): Line {
  return { text, mood: "plain" };
}
