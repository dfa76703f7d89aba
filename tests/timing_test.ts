/** The time of an iteration, from times made by hand. */

import assert from "node:assert/strict";
import { iterationTime, median } from "./timing.ts";

/** When iterations that take so long end, the first one beginning at 1000. */
const ends = (durations: number[]) =>
  durations.reduce((times, ms) => [...times, times.at(-1)! + ms], [1000]);

Deno.test("median() gives the number in the middle, or the mean of two", () => {
  assert.equal(median([5, 1, 100]), 5);
  assert.equal(median([5, 1, 100, 7]), 6);
});

Deno.test("iterationTime() leaves the first fifth out, and slow iterations that are few", () => {
  assert.equal(iterationTime(ends([900, 900, 30, 30, 30, 200, 30, 30, 30, 30])), 30);
  assert.equal(iterationTime(ends([40])), 40);
});

Deno.test("iterationTime() averages short iterations, which a coarse clock can't time", () => {
  // In steps of 8 ms, for iterations of 1 ms.
  const steps = Array.from({ length: 400 }, (_, t) => 8 * Math.floor(t / 8));
  assert.equal(iterationTime(steps), 1);
  // Losses that are read together, 16 every 16 ms.
  assert.equal(iterationTime(steps.map((ms) => 16 * Math.floor(ms / 16))), 1);
  assert.equal(iterationTime(ends([9, 1, 1, 1, 1])), 1);
});
