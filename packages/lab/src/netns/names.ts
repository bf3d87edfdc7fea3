/**
 * Names of namespaces tell whose they are: `tmb-PID-N-NODE`, PID being the process that opened the lab and N counting its
 * labs. Two labs never meet, and what a dead process left can be told from what a living one uses.
 */
export interface LabName {
  readonly pid: number;
  readonly serial: number;
}

const scheme = /^tmb-([1-9]\d{0,9})-(\d{1,9})(?:-|$)/;

export function formatLabName(name: LabName): string {
  return `tmb-${name.pid}-${name.serial}`;
}

export function formatNamespace(name: LabName, node: string): string {
  return `${formatLabName(name)}-${node}`;
}

/** The lab that a namespace or a folder belongs to; undefined when it is none of ours. */
export function parseLabName(text: string): LabName | undefined {
  const match = scheme.exec(text);
  return match === null ? undefined : { pid: Number(match[1]), serial: Number(match[2]) };
}
