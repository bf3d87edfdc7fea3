/** Twice, because what the first collection finds dead may have held more. Needs `--expose-gc`. */
export function collectGarbage(): void {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("resident memory is measured under --expose-gc");
  gc();
  gc();
}
