/** What both ends of the probe measurement are told. */
export interface ProbeEndArguments {
  /** The PoP asks, and its process is the one that is measured. */
  readonly role: "asks" | "answers";
  readonly ownIpv4: string;
  readonly peerIpv4: string;
  /** UDP, at both ends. */
  readonly port: number;
  readonly tunnels: number;
  /** A round is asked in so many parts, as the PoP's agent does: one a second. */
  readonly parts: number;
  /** Between two parts here, which is less than that second. */
  readonly partMs: number;
  readonly rounds: number;
}
