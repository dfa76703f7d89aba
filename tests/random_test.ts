/** Our draws against NumPy's, printed by `np.random.seed(seed); np.random.randn(n)`. */

import assert from "node:assert/strict";
import { seededNormal } from "../lib/random.ts";

// The first four draws, and the sum of 200000.
// deno-fmt-ignore
const DRAWS: [seed: number, first: number[], sum?: number][] = [
  [0, [1.764052345967664, 0.4001572083672233, 0.9787379841057392, 2.240893199201458], 666.9941831421074],
  [42, [0.4967141530112327, -0.13826430117118466, 0.6476885381006925, 1.5230298564080254], 194.7902176997362],
  [4294967295, [0.6484086742306527, 0.6693235306338161, -1.0805437227474493, 0.2845010447986309]],
];

Deno.test("the draws of a seed are NumPy's", () => {
  for (const [seed, first, sum] of DRAWS) {
    const draws = Array.from({ length: 200_000 }, seededNormal(seed));
    assert.deepEqual(draws.slice(0, 4), first);
    const total = draws.reduce((total, draw) => total + draw, 0);
    assert.ok(sum === undefined || Math.abs(total - sum) < 1e-9, `${total} is not ${sum}`);
  }
});
