import type { Lab } from "../lab/open-lab.ts";
import type { IslandNode } from "./island.ts";

/** The fibre line fails and the home router falls back to mobile: the NAT's public address changes, the laptop notices nothing. */
export async function failFibre(lab: Lab<IslandNode>): Promise<void> {
  const home = lab.node("home");
  // Taking the device down also forgets its masqueraded flows, as it does on a real router.
  await home.must(["ip", "link", "set", "fibre", "down"]);
  await home.must(["ip", "route", "replace", "default", "via", "198.51.100.1"]);
}

export async function restoreFibre(lab: Lab<IslandNode>): Promise<void> {
  const home = lab.node("home");
  await home.must(["ip", "link", "set", "fibre", "up"]);
  await home.must(["ip", "route", "replace", "default", "via", "203.0.113.1"]);
}

/** The laptop leaves home: its own address changes, and there is no NAT where it goes. */
export async function walkToCafe(lab: Lab<IslandNode>): Promise<void> {
  const laptop = lab.node("laptop");
  await laptop.must(["ip", "link", "set", "eth0", "down"]);
  await laptop.must(["ip", "link", "set", "wlan0", "up"]);
  await laptop.must(["ip", "route", "replace", "default", "via", "198.51.100.129"]);
}

export async function walkHome(lab: Lab<IslandNode>): Promise<void> {
  const laptop = lab.node("laptop");
  await laptop.must(["ip", "link", "set", "wlan0", "down"]);
  await laptop.must(["ip", "link", "set", "eth0", "up"]);
  await laptop.must(["ip", "route", "replace", "default", "via", "192.168.1.1"]);
}
