/** The time of an iteration is that of compiled code, and an odd pause does not change it. */

import assert from "node:assert/strict";
import { describeTime, iterationTime } from "../lib/timing.ts";

/** The marks of a training whose iterations take so many milliseconds. */
function marksOf(times: number[]) {
  const marks = [{ t: -1, ms: 1000 }];
  times.forEach((time, t) => marks.push({ t, ms: marks[t].ms + time }));
  return marks;
}

Deno.test("the first fifth and a pause do not count", () => {
  const times = Array.from({ length: 100 }, (_, t) => t < 20 ? 50 : t === 60 ? 900 : 4);
  assert.equal(iterationTime(marksOf(times)), 4);
  // The same, if only every tenth loss was read.
  assert.equal(iterationTime(marksOf(times).filter(({ t }) => t % 10 === 0)), 4);
});

Deno.test("short iterations are averaged, also where the clock is coarse", () => {
  const times = Array.from({ length: 1000 }, (_, t) => t % 10 === 0 ? 1 : 0);
  assert.equal(iterationTime(marksOf(times)), 0.1);
});

Deno.test("the averages are sorted as numbers", () => {
  assert.equal(iterationTime(marksOf([5, 5, 30, 120, 220, 100])), 120);
});

Deno.test("a short training is averaged as a whole", () => {
  assert.equal(iterationTime(marksOf([3])), 3);
  assert.equal(describeTime(marksOf([3, 4])), "Trained in 0.007 s, 3.5 ms an iteration");
});
