/** How long an iteration takes, by one method for everything that is shown. @module */

const SAMPLE_MS = 20; // so long that neither a coarse clock nor losses read together matter

export function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The time of an iteration: the median of averages over at least 20 ms each. The first fifth of
 * the iterations, in which V8 is still compiling, does not count.
 *
 * @param times When the training began, and when each iteration ended, in milliseconds.
 */
export function iterationTime(times: number[]): number {
  const averages: number[] = [];
  let start = Math.floor((times.length - 1) / 5);
  for (let i = start + 1; i < times.length; i++) {
    const isLast = averages.length === 0 && i === times.length - 1;
    if (times[i] - times[start] < SAMPLE_MS && !isLast) continue;
    averages.push((times[i] - times[start]) / (i - start));
    start = i;
  }
  return median(averages);
}
