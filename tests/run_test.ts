/** Losses are read while the training goes on, and lines are written whole. */

import assert from "node:assert/strict";
import { print, readLosses } from "../lib/run.ts";

const printing = (steps: number, logEvery = 1) => ({ steps, logEvery, learningRate: 1e-6 });

/** Losses that take some milliseconds to read, and what is being done with them. */
function slowLosses(steps: number, delay: (t: number) => number, fails = Infinity) {
  const reading = { begun: [] as number[], now: 0, most: 0, disposed: 0 };
  const loss = (t: number) => ({
    async data() {
      reading.begun.push(t);
      reading.most = Math.max(reading.most, ++reading.now);
      await new Promise((resolve) => setTimeout(resolve, delay(t)));
      reading.now--;
      if (t >= fails) throw new Error(`no loss ${t}`);
      return [t];
    },
    dispose: () => reading.disposed++,
  });
  return { reading, losses: Array.from({ length: steps }, (_, t) => ({ t, loss: loss(t) })) };
}

Deno.test("readLosses() reads only what is printed, in order, a few at a time", async () => {
  for (const [logEvery, most] of [[1, 16], [4, 4]]) {
    const { reading, losses } = slowLosses(40, (t) => (t * 7) % 11);
    const read = await Array.fromAsync(readLosses(losses, printing(40, logEvery), 15));
    const printed = [...Array(40).keys()].filter((t) => t % logEvery === 0 || t === 39);
    assert.deepEqual(read, printed.map((t) => ({ t, loss: t })));
    assert.deepEqual([reading.begun, reading.most, reading.disposed], [printed, most, 40]);
  }
});

Deno.test("readLosses() throws what a read failed with in its turn, and nothing ends the process", async () => {
  const { reading, losses } = slowLosses(20, (t) => t === 2 ? 30 : 0, 2);
  const seen: number[] = [];
  await assert.rejects(async () => {
    for await (const { t } of readLosses(losses, printing(20), 20)) seen.push(t);
  }, { message: "no loss 2" });
  assert.deepEqual([seen, reading.disposed], [[0, 1], 20]);
});

Deno.test("readLosses() gives a loss that is not finite, and then ends the training", async () => {
  for (const last of [Infinity, NaN]) {
    const losses = [1, last, 3].map((loss, t) => ({ t, loss }));
    const seen: number[] = [];
    const why = `the loss is ${last} at iteration 1, try a --learning-rate below 0.000001`;
    await assert.rejects(async () => {
      for await (const { loss } of readLosses(losses, printing(3))) seen.push(loss);
    }, { message: `Cannot go on: ${why}` });
    assert.deepEqual(seen, [1, last]);
  }
});

Deno.test("print() writes the whole line, however little stdout takes at a time, or says why not", () => {
  const { writeSync } = Deno.stdout;
  const written: number[] = [];
  try {
    Deno.stdout.writeSync = (bytes) =>
      written.push(...bytes.subarray(0, 3)) && Math.min(3, bytes.length);
    print("loss: ½");
    assert.equal(new TextDecoder().decode(Uint8Array.from(written)), "loss: ½\n");
    Deno.stdout.writeSync = () => {
      throw new Error("No space left on device");
    };
    const message = "Cannot write to stdout: No space left on device";
    assert.throws(() => print("loss"), { message, exitCode: 1 });
  } finally {
    Deno.stdout.writeSync = writeSync;
  }
});
