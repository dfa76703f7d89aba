/** What is compared, in figures. */

import assert from "node:assert/strict";
import seed42 from "./numpy_losses/seed42_64x1000x100x10.json" with { type: "json" };
import { DEFAULTS, figures, notes } from "./trainings.ts";

Deno.test("figures() compares the losses of iterations 0 to 100, and no others, with NumPy's", () => {
  const options = { ...DEFAULTS, seed: 42, steps: 600 };
  const losses = [...seed42.numpy, 7];
  losses[100] *= 1 - 3e-5;
  losses[101] *= 2;
  assert.deepEqual(figures(options, losses, 2.5, 12), {
    "iteration": "2.50 ms",
    "speed": "4.8x",
    "last loss": "7",
    "from NumPy": "3e-5",
  });
  assert.match(notes(options)[1], /^from NumPy: .+, iterations 0 to 100$/);
  assert.match(notes({ ...options, steps: 5 })[1], /, iterations 0 to 4$/);
  const unrecorded = { ...options, seed: 7 };
  const shown = { "iteration": "12.0 ms", "speed": "1x", "last loss": "0.001235" };
  assert.deepEqual(figures(unrecorded, [1, 0.0012345678], 12, 12), shown);
  assert.equal(notes(unrecorded).length, 1);
});
