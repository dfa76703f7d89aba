/** How long a training takes, and one of its iterations. @module */

/** When the loss of iteration `t` was there, in milliseconds. A training starts at `t` = -1. */
export interface Mark {
  t: number;
  ms: number;
}

const SAMPLE_MS = 20; // so long that neither a coarse clock nor a short pause matters

/**
 * The time of an iteration in milliseconds: the median of averages over at least 20 ms each. The
 * first fifth of the training, in which V8 may still be compiling, does not count. A training that
 * is too short for that is averaged as a whole.
 *
 * @param marks The start of the training, and at least one iteration.
 */
export function iterationTime(marks: Mark[]): number {
  const first = marks[0];
  const last = marks[marks.length - 1];
  const warm = marks.filter(({ t }) => t - first.t >= (last.t - first.t) / 5);

  const averages: number[] = [];
  let start = warm[0];
  for (const mark of warm) {
    if (mark.ms - start.ms < SAMPLE_MS) continue;
    averages.push((mark.ms - start.ms) / (mark.t - start.t));
    start = mark;
  }
  if (averages.length === 0) return (last.ms - first.ms) / (last.t - first.t);

  averages.sort((a, b) => a - b);
  return averages[Math.floor(averages.length / 2)];
}

/** What a script prints at its end, such as `Trained in 7.29 s, 12.1 ms an iteration`. */
export function describeTime(marks: Mark[]): string {
  const seconds = (marks[marks.length - 1].ms - marks[0].ms) / 1000;
  const ms = iterationTime(marks);
  return `Trained in ${threeDigits(seconds)} s, ${threeDigits(ms)} ms an iteration`;
}

/** A number in three digits: 7.29, 0.581 or 1230. */
export function threeDigits(number: number): string {
  return String(Number(number.toPrecision(3)));
}
