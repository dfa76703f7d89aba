/** Losses are read while the training goes on, and errors become one line. */

import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { UserError } from "../lib/errors.ts";
import { explain, readLosses, type Report, report } from "../lib/run.ts";
import { SIZES, TRAINING } from "../naive_neural_network.ts";

/** Losses that take some milliseconds to read, and what is being done with them. */
function slowLosses(steps: number, delay: (t: number) => number, fails = Infinity) {
  const reading = { now: 0, most: 0, disposed: 0, started: 0 };
  const loss = (t: number) => ({
    async data() {
      reading.most = Math.max(reading.most, ++reading.now);
      await new Promise((resolve) => setTimeout(resolve, delay(t)));
      reading.now--;
      if (t >= fails) throw new Error(`no loss ${t}`);
      return [t];
    },
    dispose: () => reading.disposed++,
  });
  function* losses() {
    for (let t = 0; t < steps; t++) {
      reading.started++;
      yield { t, loss: loss(t) };
    }
  }
  return { reading, losses: losses() };
}

const numbers = (reports: Report[]) => reports.map(({ t, loss }) => [t, loss]);

Deno.test("losses come in order, whichever is read first, a few at a time", async () => {
  const { reading, losses } = slowLosses(40, (t) => (t * 7) % 11);
  const reports = await Array.fromAsync(readLosses(losses, { steps: 40, logEvery: 1 }));
  assert.deepEqual(numbers(reports), Array.from({ length: 40 }, (_, t) => [t, t]));
  assert.deepEqual([reading.most, reading.disposed], [16, 40]);
});

Deno.test("losses that are not reported are not read, but freed", async () => {
  const { reading, losses } = slowLosses(10, () => 1);
  const reports = await Array.fromAsync(readLosses(losses, { steps: 10, logEvery: 4 }));
  assert.deepEqual(numbers(reports), [[0, 0], [4, 4], [8, 8], [9, 9]]);
  assert.equal(reading.disposed, 10);
});

Deno.test("a read that fails is told of in its turn, and no other failure gets loose", async () => {
  const { reading, losses } = slowLosses(20, (t) => t === 2 ? 30 : 0, 2);
  const seen: number[] = [];
  await assert.rejects(async () => {
    for await (const { t } of readLosses(losses, { steps: 20, logEvery: 1 })) seen.push(t);
  }, { message: "no loss 2" });
  assert.deepEqual(seen, [0, 1]);
  await new Promise((resolve) => setTimeout(resolve, 40));
  assert.equal(reading.disposed, reading.started);
});

Deno.test("a loss that is there at once is reported before the next iteration", async () => {
  let started = 0;
  function* losses() {
    for (let t = 0; t < 20; t++) {
      started++;
      yield { t, loss: t % 2 ? t : { data: () => setImmediate([t]), dispose: () => {} } };
    }
  }
  for await (const { t } of readLosses(losses(), { steps: 20, logEvery: 1 })) {
    assert.equal(started, t + 1);
  }
});

/** Reports losses while stderr is collected; each iteration takes 20 ms, and 10 after its loss. */
async function observed(losses: number[], hint?: string) {
  const options = {
    ...SIZES,
    ...TRAINING,
    seed: 0,
    logEvery: 1,
    backend: "auto",
    steps: losses.length,
  };
  const { now } = performance;
  const { error } = console;
  const lines: string[] = [];
  const elapsed: number[] = [];
  let clock = 1000;
  performance.now = () => clock;
  console.error = (line) => lines.push(line);
  function* training() {
    for (const [t, loss] of losses.entries()) {
      clock += 20;
      yield { t, loss };
      clock += 10;
    }
  }
  try {
    for await (const loss of report(training(), options, { device: "paper", hint })) {
      elapsed.push(loss.elapsed);
    }
  } catch (thrown) {
    lines.push((thrown as UserError).message);
  } finally {
    performance.now = now;
    console.error = error;
  }
  return { lines, elapsed };
}

Deno.test("the whole of each iteration is timed, and told for all and for one", async () => {
  // All losses but the last are reported before the iteration goes on.
  assert.deepEqual(await observed([3, 2, 1, 0], "A pen would be faster"), {
    lines: [
      "Training on paper",
      "A pen would be faster",
      "4 iterations in 0.120 s, 30.0 ms each, on paper",
    ],
    elapsed: [20, 50, 80, 120],
  });
  const { lines } = await observed([1]);
  assert.deepEqual(lines, ["Training on paper", "1 iteration in 0.0300 s, 30.0 ms each, on paper"]);
});

Deno.test("a loss that is not finite is reported, and ends the training", async () => {
  for (const loss of [Infinity, NaN]) {
    const advice = "try a --learning-rate below 0.000001";
    assert.deepEqual(await observed([1, loss, 3]), {
      lines: ["Training on paper", `Cannot go on: the loss is ${loss} at iteration 1, ${advice}`],
      elapsed: [20, 50],
    });
  }
});

Deno.test("an error that is no mistake in the code becomes one line", () => {
  const { RuntimeError } = WebAssembly;
  const lines: [Error, string][] = [
    [new UserError("Cannot do: it"), "Cannot do: it"],
    [new DOMException("it\nwas lost", "OperationError"), "Cannot go on: the GPU failed, it"],
    ...[
      new RangeError("Invalid array length"),
      new RangeError("Array buffer allocation failed."),
      new RangeError("WebAssembly.Memory.grow(): Unable to grow"),
      new RuntimeError("unreachable"),
      new Error("Total dispatch size exceeds WebGPU maximum."),
    ].map((error): [Error, string] => [
      error,
      `Cannot go on: ${error.message.replace(/\.$/, "")}, try smaller matrices`,
    ]),
  ];
  for (const [error, message] of lines) {
    const told = explain(error);
    assert.deepEqual([told.message, told.exitCode], [message, 1]);
  }
  const mistake = new TypeError("x is not a function");
  assert.throws(() => explain(mistake), mistake);
});
