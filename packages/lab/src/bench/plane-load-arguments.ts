/** What the loader is told. */
export interface PlaneLoad {
  readonly tunnels: number;
  readonly device: string;
}
