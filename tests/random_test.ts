/** Our draws against NumPy's, printed by `np.random.seed(seed); np.random.randn(n)`. */

import assert from "node:assert/strict";
import { seededNormal } from "../lib/random.ts";

// deno-fmt-ignore
const FIRST_DRAWS: [seed: number, draws: number[]][] = [
  [0, [1.764052345967664, 0.4001572083672233, 0.9787379841057392, 2.240893199201458]],
  [1, [1.6243453636632417, -0.6117564136500754, -0.5281717522634557, -1.0729686221561705]],
  [42, [0.4967141530112327, -0.13826430117118466, 0.6476885381006925, 1.5230298564080254]],
  [4294967295, [0.6484086742306527, 0.6693235306338161, -1.0805437227474493, 0.2845010447986309]],
];

for (const [seed, draws] of FIRST_DRAWS) {
  Deno.test(`seed ${seed} draws NumPy's first numbers`, () => {
    const normal = seededNormal(seed);
    assert.deepEqual(draws.map(normal), draws);
  });
}

// seed, the draws of 0-based index 199998 and 199999, and the sum of all 200000.
const LONG_RUNS: [seed: number, last: [number, number], sum: number][] = [
  [0, [-1.0211945186463551, -0.3453731589687475], 666.9941831421074],
  [42, [0.8556730868477477, -1.0649479678840703], 194.7902176997362],
  [123456789, [-0.5659214121167144, -0.021684021757952886], 174.89271863772362],
];

for (const [seed, last, sum] of LONG_RUNS) {
  Deno.test(`seed ${seed} draws NumPy's first 200000 numbers`, () => {
    const normal = seededNormal(seed);
    const draws = Array.from({ length: 200_000 }, normal);
    // The logarithms of two libraries may differ in the last bit.
    for (const [i, expected] of last.entries()) {
      assert.ok(Math.abs(draws.at(i - 2)! - expected) <= 4e-16 * Math.abs(expected));
    }
    const total = draws.reduce((total, draw) => total + draw, 0);
    assert.ok(Math.abs(total - sum) < 1e-9, `the sum is ${total}, not ${sum}`);
  });
}

for (const seed of [-1, 0.5, 4294967296, NaN, Infinity]) {
  Deno.test(`seed ${seed} is refused`, () => {
    assert.throws(() => seededNormal(seed), {
      name: "RangeError",
      message: `Cannot seed with ${seed}: a seed is a whole number from 0 to 4294967295`,
    });
  });
}
