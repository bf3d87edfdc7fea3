import { formatIpv6 } from "@tombolo/base";
import type { TicOutcome, TicTunnel, TicTunnelLine } from "@tombolo/protocols";
import { formatTicEndpoint } from "../tic/grant.ts";
import { version } from "../version.ts";

// The lines that scripts around aiccu look for, with aiccu's own spelling (TIC sheet, section 12; service sheet, section 11).

export const usage = "aiccu (start|stop|brokers|tunnels|test|autotest|license|version) [<configfile>]";
export const alreadyRunning = "Already running instance HUP'ed, exiting";
export const parametersMissing = "Required parameters missing, make sure that username and password are given";
export const aborting = "Couldn't retrieve first tunnel for the above reason, aborting";
export const tlsMissing = "TIC Server does not support TLS and TLS is required";
export const setupFailed = "Tunnel Setup Failed";

/** Begins as aiccu's does, so that scripts recognise the version they know. */
export const versionLine: string = `AICCU 2007.01.15-console-linux, as spoken by tombolo ${version}`;

export const license: string = [
  `tombolo ${version}, licensed under the Apache License, Version 2.0.`,
  "",
  "You may obtain a copy of the license at",
  "",
  "    http://www.apache.org/licenses/LICENSE-2.0",
  "",
  'It is distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.',
].join("\n");

export function notOpened(path: string): string {
  return `Could not open config file "${path}"`;
}

export function retrieved(tunnel: string): string {
  return `Succesfully retrieved tunnel information for ${tunnel}`;
}

export function formatAiccuLine(line: TicTunnelLine): string {
  return `${line.id} ${formatIpv6(line.clientAddress)} ${formatTicEndpoint(line.ipv4Endpoint)} ${line.popName}`;
}

/** What `verbose` shows of a tunnel; its password is not among it. */
export function formatTunnelInformation(tunnel: TicTunnel): string {
  return [
    `Tunnel Information for ${tunnel.id}:`,
    `POP Id      : ${tunnel.popName}`,
    `IPv6 Local  : ${formatIpv6(tunnel.clientAddress)}/${tunnel.prefixLengthBits}`,
    `IPv6 Remote : ${formatIpv6(tunnel.popAddress)}/${tunnel.prefixLengthBits}`,
    `Tunnel Type : ${tunnel.type}`,
    `Adminstate  : ${tunnel.adminState}`,
    `Userstate   : ${tunnel.userState}`,
  ].join("\n");
}

/** `lastLine`: the server's last, whole, as aiccu shows it where `tunnel show` fails. */
interface About {
  readonly server: string;
  readonly tunnel: string | undefined;
  readonly lastLine: string;
}

/** What aiccu prints for an outcome of TIC that is no tunnel and no list; several lines where it lists tunnels. */
export function formatOutcome(outcome: TicOutcome, about: About): readonly string[] {
  switch (outcome.kind) {
    case "no-tunnel":
      return ["No tunnel available, request one first"];
    case "several-tunnels":
      return [
        "Multiple tunnels available, please pick one from the following list and configure the aiccu.conf using it",
        ...outcome.tunnels.map(formatAiccuLine),
      ];
    case "tunnel-disabled": {
      const { id, userState, adminState } = outcome.tunnel;
      return [retrieved(id), `Tunnel is not enabled (UserState: ${userState}, AdminState: ${adminState})`];
    }
    case "pop-down":
      return [notShown(about)];
    case "wrong-credentials":
      return [`Response not accepted: ${outcome.text}.`];
    case "clock-off":
      return [`The clock is off by ${Math.abs(outcome.skewSec)} seconds, use NTP to sync it!`];
    case "refused":
      return [formatRefused(outcome, about)];
    case "malformed":
      return [`The TIC server ${about.server} answered something that is not TIC at "${outcome.stage}" (${outcome.what})`];
    case "timed-out":
      return [`The TIC server ${about.server} did not answer at "${outcome.stage}" in time`];
    case "closed-early":
      return [`The TIC server ${about.server} closed the connection at "${outcome.stage}"`];
    case "tunnel":
    case "tunnels":
      return [];
  }
}

function formatRefused(refused: Extract<TicOutcome, { kind: "refused" }>, about: About): string {
  const { stage, text } = refused;
  switch (stage) {
    case "greeting":
      return "TIC Server is currently not available";
    case "client":
      return `Couldn't pass client information: ${text}.`;
    case "unixtime":
      return `Time not available? ${text}`;
    case "username":
      return `Username not accepted: ${text}.`;
    case "challenge":
      return `Challenge not correct: ${text}.`;
    case "authenticate":
      return `Response not accepted: ${text}.`;
    case "list":
      return `Couldn't list tunnels: ${text}.`;
    case "show":
      return notShown(about);
  }
}

function notShown({ tunnel, lastLine }: About): string {
  return `Couldn't show tunnel ${tunnel ?? "(the only one)"}: ${lastLine}.`;
}
