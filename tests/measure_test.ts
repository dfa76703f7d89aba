/** What is timed, how, and what is said of it. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { type Measurements, PRODUCTS } from "../images/tables.ts";
import { AVAILABLE, BENCHMARKS } from "./bench.ts";
import { toRows } from "./convert.ts";
import { keepTimes } from "./measure.ts";
import seed42 from "./numpy_losses/seed42_64x1000x100x10.json" with { type: "json" };
import { OPERATIONS } from "./operations_bench.ts";
import "./products_bench.ts";
import { DEFAULTS, figures, iterationTime, notes, STARTS } from "./trainings.ts";

Deno.test("the five products of an iteration are the same, whatever multiplies them", async () => {
  let expected: number[] | undefined;
  for (const { name, start } of BENCHMARKS.filter(({ group }) => group === PRODUCTS)) {
    const products = await (await start())() as (number[][] | Parameters<typeof toRows>[0])[];
    const numbers = products.flatMap((one) => "data" in one ? toRows(one) : one).flat();
    expected ??= numbers;
    assert.equal(numbers.length, 64 * 100 + 64 * 10 + 100 * 10 + 64 * 100 + 1000 * 100);
    for (const [i, number] of numbers.entries()) {
      assert.ok(Math.abs(number - expected[i]) < 1e-9, `${name}: ${number} is not ${expected[i]}`);
    }
  }
});

Deno.test("the operations compute what they are called", async () => {
  await tf.setBackend("wasm");
  const last = 999_999.5;
  const results = { creation: last, squaring: last ** 2, sine: Math.sin(last), summation: 5e11 };
  for (const [kind, operations] of Object.entries(OPERATIONS)) {
    for (const [operation, expected] of Object.entries(results)) {
      const result = operations[operation]();
      const numbers = kind.startsWith("tensors") ? await (result as tf.Tensor).data() : result;
      const actual = typeof numbers === "number" ? numbers : (numbers as number[]).at(-1)!;
      assert.ok(Math.abs(actual / expected - 1) < 1e-6, `${kind}, ${operation}: ${actual}`);
    }
  }
  const { numTensors } = tf.memory();
  for (const { group, start } of BENCHMARKS) if (group.endsWith("numbers")) (await start())();
  assert.equal(tf.memory().numTensors, numTensors);
});

Deno.test("STARTS start what a trainer is called, and yield NumPy's losses", async () => {
  assert.ok(AVAILABLE.length >= 4);
  for (const [name, { script, backend }] of AVAILABLE) {
    const started = await STARTS[script!]({ ...DEFAULTS, seed: 42, steps: 2 }, backend);
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

Deno.test("keepTimes() keeps the shortest time of a name and group, in six digits", () => {
  const measured: Measurements = { date: "", machine: "", versions: [], memory: {}, times: [] };
  const line = (name: string, group: string, ms: number) =>
    JSON.stringify({ name, group, ends: ends(Array(6).fill(ms)) });
  keepTimes(measured, `${line("arrays", "sine", 30.45678901)}\n${line("NumPy", "sine", 44)}\n`);
  for (const ms of [50, 25, 35]) keepTimes(measured, `${line("NumPy", "sine", ms)}\n`);
  keepTimes(measured, line("arrays", "creation", 99));
  assert.deepEqual(measured.times, [
    { name: "arrays", group: "sine", ms: 30.4568 },
    { name: "NumPy", group: "sine", ms: 25 },
    { name: "arrays", group: "creation", ms: 99 },
  ]);
});

Deno.test("figures() compares the losses of iterations 0 to 100, and no others, with NumPy's", () => {
  const options = { ...DEFAULTS, seed: 42, steps: 600 };
  const losses = [...seed42.numpy, 7];
  losses[100] *= 1 - 3e-5;
  losses[101] *= 2;
  const compared = ["2.50 ms", "4.8x", "7", "3e-5"];
  assert.deepEqual(Object.values(figures(options, losses, 2.5, 12)), compared);
  assert.match(notes(options)[1], /^from NumPy: .+, iterations 0 to 100$/);
  assert.match(notes({ ...options, steps: 5 })[1], /, iterations 0 to 4$/);
  for (const other of [{ seed: 7 }, { learningRate: 2e-6 }, { H: 99 }]) {
    const shown = { "iteration": "12.0 ms", "speed": "1x", "last loss": "0.001235" };
    assert.deepEqual(figures({ ...options, ...other }, [1, 0.0012345678], 12, 12), shown);
    assert.equal(notes({ ...options, ...other }).length, 1);
  }
});
