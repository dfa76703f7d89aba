/** Losses are read in order, while the training goes on. */

import assert from "node:assert/strict";
import { readLosses } from "../lib/losses.ts";

/** Losses that take some milliseconds to read, and what is being done with them. */
function slowLosses(steps: number, fails = Infinity) {
  const reading = { begun: [] as number[], now: 0, most: 0, disposed: 0 };
  const loss = (t: number) => ({
    async data() {
      reading.begun.push(t);
      reading.now++;
      reading.most = Math.max(reading.most, reading.now);
      await new Promise((resolve) => setTimeout(resolve, (t * 7) % 11));
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
    const { reading, losses } = slowLosses(40);
    const options = { steps: 40, logEvery, learningRate: 1 };
    const read = await Array.fromAsync(readLosses(losses, options, 15));
    const printed = [...Array(40).keys()].filter((t) => t % logEvery === 0 || t === 39);
    assert.deepEqual(read, printed.map((t) => ({ t, loss: t })));
    assert.deepEqual(reading, { begun: printed, now: 0, most, disposed: 40 });
  }
});

Deno.test("readLosses() fails in its turn with what a read failed with", async () => {
  const { losses, reading } = slowLosses(20, 2);
  const seen: number[] = [];
  const options = { steps: 20, logEvery: 1, learningRate: 1 };
  await assert.rejects(async () => {
    for await (const { t } of readLosses(losses, options, 19)) seen.push(t);
  }, { message: "no loss 2" });
  assert.deepEqual(seen, [0, 1]);
  await new Promise((resolve) => setTimeout(resolve, 20)); // until all reads have ended
  assert.equal(reading.disposed, 20);
});

Deno.test("readLosses() ends after a loss that is not finite", async () => {
  for (const value of [Infinity, NaN]) {
    const losses = [4, value, 4].map((loss, t) => ({ t, loss }));
    const seen: number[] = [];
    await assert.rejects(async () => {
      const options = { steps: 3, logEvery: 1, learningRate: 0.5 };
      for await (const { loss } of readLosses(losses, options)) seen.push(loss);
    }, {
      message: `Cannot go on: the loss is ${value} at iteration 1, try a --learning-rate below 0.5`,
    });
    assert.deepEqual(seen, [4, value]);
  }
});
