/**
 * How times are written.
 *
 * @module
 */

const UNITS = [["s", 1000], ["ms", 1], ["µs", 1e-3]] as const;

/**
 * Writes a time with three significant digits, in the unit that suits it.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatTime } from "./format_time.ts";
 *
 * assert.equal(formatTime(9420), "9.42 s");
 * assert.equal(formatTime(18.84), "18.8 ms");
 * ```
 *
 * @param milliseconds The time, 0 or more.
 */
export function formatTime(milliseconds: number): string {
  const [unit, size] = UNITS.find(([, size]) => milliseconds >= size) ?? UNITS[2];
  const amount = milliseconds / size;
  return `${amount < 100 ? amount.toPrecision(3) : Math.round(amount)} ${unit}`;
}
