/** Losses are read while the training goes on, and come out in order. */

import assert from "node:assert/strict";
import { UserError } from "../lib/errors.ts";
import { explain, readLosses, type Report, report } from "../lib/run.ts";
import { SIZES, TRAINING } from "../naive_neural_network.ts";

/** A loss that takes some milliseconds to read. */
function slowLosses(steps: number, delay: (t: number) => number, fails?: number) {
  const reading = { now: 0, most: 0, disposed: 0, started: 0 };
  function* losses() {
    for (let t = 0; t < steps; t++) {
      reading.started++;
      yield {
        t,
        loss: {
          async data() {
            reading.most = Math.max(reading.most, ++reading.now);
            await new Promise((resolve) => setTimeout(resolve, delay(t)));
            reading.now--;
            if (t === fails) throw new Error(`no loss ${t}`);
            return Float32Array.of(t);
          },
          dispose: () => reading.disposed++,
        },
      };
    }
  }
  return { reading, training: losses() };
}

const numbers = (reports: Report[]) => reports.map(({ t, loss }) => [t, loss]);

Deno.test("losses come in order, whichever is read first, a few at a time", async () => {
  const { reading, training } = slowLosses(40, (t) => (t * 7) % 11);
  const reports = await Array.fromAsync(readLosses(training, { steps: 40, logEvery: 1 }));
  assert.deepEqual(numbers(reports), Array.from({ length: 40 }, (_, t) => [t, t]));
  assert.equal(reading.most, 16);
  assert.equal(reading.disposed, 40);
});

Deno.test("a loss that is there at once is reported before the next iteration", async () => {
  let started = 0;
  function* losses() {
    for (let t = 0; t < 20; t++) {
      started++;
      const loss = { data: () => Promise.resolve(Float32Array.of(t)), dispose: () => {} };
      yield { t, loss: t % 2 ? t : loss };
    }
  }
  const training = losses();
  for await (const { t } of readLosses(training, { steps: 20, logEvery: 1 })) {
    assert.equal(started, t + 1);
  }
});

/** Calls a function while stderr is collected, and a clock shows what it is set to. */
async function observed(run: (clock: { ms: number }) => Promise<void>): Promise<string[]> {
  const { now } = performance;
  const { error } = console;
  const [clock, lines]: [{ ms: number }, string[]] = [{ ms: 1000 }, []];
  performance.now = () => clock.ms;
  console.error = (line) => lines.push(line);
  try {
    await run(clock);
  } finally {
    performance.now = now;
    console.error = error;
  }
  return lines;
}

const OPTIONS = { ...SIZES, ...TRAINING, seed: 0, logEvery: 1, backend: "auto" };

Deno.test("the whole of each iteration is timed, and told for all and for one", async () => {
  for (
    const [steps, summary] of [
      [1, "1 iteration in 30.0 ms, 30.0 ms each, on paper"],
      [4, "4 iterations in 120 ms, 30.0 ms each, on paper"],
    ] as const
  ) {
    const elapsed: number[] = [];
    const lines = await observed(async (clock) => {
      function* losses() {
        for (let t = 0; t < steps; t++) {
          clock.ms += 20;
          yield { t, loss: t };
          clock.ms += 10;
        }
      }
      const backend = { device: "paper", hint: "A pen would be faster" };
      for await (const loss of report(losses(), { ...OPTIONS, steps }, backend)) {
        elapsed.push(loss.elapsed);
      }
    });
    assert.deepEqual(lines, ["Training on paper", "A pen would be faster", summary]);
    // All but the last are reported before the iteration goes on.
    assert.deepEqual(elapsed, steps === 1 ? [30] : [20, 50, 80, 120]);
  }
});

Deno.test("a loss that is not finite is reported, and ends the training", async () => {
  for (const loss of [Infinity, NaN]) {
    const seen: number[] = [];
    const lines = await observed(async () => {
      const losses = [{ t: 0, loss: 1 }, { t: 1, loss }, { t: 2, loss: 3 }];
      const run = async () => {
        for await (const { t } of report(losses, OPTIONS, { device: "paper" })) seen.push(t);
      };
      await assert.rejects(run(), {
        name: "UserError",
        message: `Cannot go on: the loss is ${loss} at iteration 1, ` +
          "try a --learning-rate below 0.000001",
      });
    });
    assert.deepEqual(seen, [0, 1]);
    assert.deepEqual(lines, ["Training on paper"]);
  }
});

Deno.test("losses that are not reported are not read, but freed", async () => {
  const { reading, training } = slowLosses(10, () => 1);
  const reports = await Array.fromAsync(readLosses(training, { steps: 10, logEvery: 4 }));
  assert.deepEqual(numbers(reports), [[0, 0], [4, 4], [8, 8], [9, 9]]);
  assert.equal(reading.disposed, 10);
});

Deno.test("a read that fails is told of in its turn, and no other failure gets loose", async () => {
  const { reading, training } = slowLosses(20, (t) => t === 2 ? 30 : 0, 2);
  const seen: number[] = [];
  await assert.rejects(async () => {
    for await (const { t } of readLosses(training, { steps: 20, logEvery: 1 })) seen.push(t);
  }, { message: "no loss 2" });
  assert.deepEqual(seen, [0, 1]);
  await new Promise((resolve) => setTimeout(resolve, 40));
  assert.equal(reading.disposed, reading.started);
});

Deno.test("an error that is no mistake in the code becomes one line", () => {
  const lines: [Error, string][] = [
    [new UserError("Cannot do: it"), "Cannot do: it"],
    [
      new DOMException("the device\nwas lost", "OperationError"),
      "Cannot go on: the GPU failed, the device",
    ],
    [
      new RangeError("Invalid array length"),
      "Cannot go on: Invalid array length, try smaller matrices",
    ],
    [
      new RangeError("Array buffer allocation failed."),
      "Cannot go on: Array buffer allocation failed, try smaller matrices",
    ],
    [
      new WebAssembly.RuntimeError("unreachable"),
      "Cannot go on: unreachable, try smaller matrices",
    ],
    [
      new Error("Dispatch size exceeds WebGPU limits"),
      "Cannot go on: Dispatch size exceeds WebGPU limits, try smaller matrices",
    ],
  ];
  for (const [error, message] of lines) {
    const told = explain(error);
    assert.deepEqual([told.message, told.exitCode], [message, 1]);
  }
  const mistake = new TypeError("x is not a function");
  assert.throws(() => explain(mistake), mistake);
});
