/** What trains, how it is timed, and how it is compared in figures. */

import assert from "node:assert/strict";
import { AVAILABLE } from "./bench.ts";
import seed42 from "./numpy_losses/seed42_64x1000x100x10.json" with { type: "json" };
import { DEFAULTS, figures, iterationTime, notes, startTraining } from "./trainings.ts";

Deno.test("startTraining() starts what a trainer is called, and yields NumPy's losses", async () => {
  assert.ok(AVAILABLE.length >= 4);
  for (const [name, { script, backend }] of AVAILABLE) {
    const started = await startTraining(script!, { ...DEFAULTS, seed: 42, steps: 2 }, backend);
    const [what, how] = name.split(/ in | on | with /);
    const device = new RegExp(`^${what}( of arrays$|, with ${how}\\b)`);
    assert.match(started.backend.device, device);
    for await (const { t, loss } of started.losses) {
      assert.ok(Math.abs(loss / seed42.numpy[t] - 1) < 1e-5, `${name}: ${loss}`);
    }
  }
});

/** When iterations that take so long end, the first one beginning at 1000. */
const ends = (durations: number[]) =>
  durations.reduce((ends, ms) => [...ends, ends.at(-1)! + ms], [1000]);

Deno.test("iterationTime() is the median of all iterations but the first fifth", () => {
  assert.equal(iterationTime(ends([900, 900, 30, 30, 30, 200, 30, 30, 30, 40])), 30);
  assert.equal(iterationTime(ends([900, 900, 30, 30, 40, 100, 30, 50, 60, 70])), 45);
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
  for (const other of [{ seed: 7 }, { learningRate: 2e-6 }, { H: 99 }]) {
    const shown = { "iteration": "12.0 ms", "speed": "1x", "last loss": "0.001235" };
    assert.deepEqual(figures({ ...options, ...other }, [1, 0.0012345678], 12, 12), shown);
    assert.equal(notes({ ...options, ...other }).length, 1);
  }
});
