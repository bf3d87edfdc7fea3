/** What the flooder is told. */
export interface FloodWish {
  readonly toIpv4: string;
  readonly toPort: number;
  /** How many places send: consecutive addresses from here on, each with a port of its own. */
  readonly sources: number;
  readonly firstSourceIpv4: string;
  readonly packetsPerSec: number;
  /** The inner address of the tunnel that the packets claim to be of. */
  readonly identity: string;
  /** Of the UDP payload. */
  readonly packetBytes: number;
}
