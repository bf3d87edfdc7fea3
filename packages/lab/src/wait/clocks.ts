/** Milliseconds since 1970: what `ping -D` prints is counted so too. */
export function wallMs(): number {
  return Date.now();
}

/** Milliseconds since some moment, never going back: for how long things take. */
export function monotonicMs(): number {
  return performance.now();
}
