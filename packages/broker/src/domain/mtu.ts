/** IPv6 asks for 1280 of every link (RFC 8200 section 5); it fits through every encapsulation, so it is what a tunnel gets. */
export const defaultMtuBytes = 1280;
export const minMtuBytes = 1280;
/** An Ethernet's 1500 less one IPv4 header (RFC 4213 section 3.2); encapsulations with larger headers fragment above their own room. */
export const maxMtuBytes = 1480;

export function isMtu(mtuBytes: number): boolean {
  return Number.isInteger(mtuBytes) && mtuBytes >= minMtuBytes && mtuBytes <= maxMtuBytes;
}
