/**
 * How a time is measured: the median of many calls, after some to warm up.
 *
 * @module
 */

/** Milliseconds to warm up for, and to measure for. */
const WARM_UP = 300;
const MEASURE = 700;

/** The number in the middle of some. */
export function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

/** The median time of a call, in milliseconds. */
export async function medianTime(call: () => unknown): Promise<number> {
  for (const end = performance.now() + WARM_UP; performance.now() < end;) await call();
  const times: number[] = [];
  for (const end = performance.now() + MEASURE; times.length < 3 || performance.now() < end;) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  return median(times);
}
