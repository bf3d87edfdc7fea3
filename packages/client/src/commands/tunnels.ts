import type { Command } from "../cli/command.ts";
import { formatTunnelLines } from "../failure/describe.ts";
import { readLoginSettings } from "../config/login.ts";
import { monotonicClock, wallClock } from "../run/clocks.ts";
import { fetchTunnels } from "../tic/login.ts";

export const tunnelsCommand: Command = {
  name: "tunnels",
  summary: "list your tunnels",
  about: "Logs in to the broker and lists the tunnels of this user: number, this end's address, how its far end finds it, PoP.",
  settings: ["server", "user", "key-file", "tls"],
  switches: {},
  examples: [
    ["tombolo tunnels --server tic.example.net --user ABC1-TMB --key-file ~/.tombolo-key", "lists what there is to choose from"],
    ["tombolo tunnels --json", "the same for a script, with the settings of the configuration file"],
  ],
  async run(context) {
    const login = readLoginSettings(context.settings);
    if (!login.ok) return login.reason;
    const clocks = { monotonic: monotonicClock, wall: wallClock };
    const tunnels = await fetchTunnels({ ...login.value, ...clocks }, new AbortController().signal);
    if (!tunnels.ok) return tunnels.reason;
    if (context.json) context.out(JSON.stringify({ tunnels: tunnels.value }));
    else if (tunnels.value.length === 0) context.line({ text: "There are no tunnels; ask the operator for one.", mood: "plain" });
    else context.out(formatTunnelLines(tunnels.value));
    return undefined;
  },
};
