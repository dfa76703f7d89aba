/** Losses are read while the training goes on, and come out in order. */

import assert from "node:assert/strict";
import { type Report, report } from "../lib/report.ts";

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
  const reports = await Array.fromAsync(report(training, { steps: 40, logEvery: 1 }));
  assert.deepEqual(numbers(reports), Array.from({ length: 40 }, (_, t) => [t, t]));
  assert.ok(reading.most > 1 && reading.most <= 16, `${reading.most} at once`);
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
  for await (const { t } of report(training, { steps: 20, logEvery: 1 })) {
    assert.equal(started, t + 1);
  }
});

Deno.test("the time of the last report has the whole last iteration in it", async () => {
  function* losses() {
    yield { t: 0, loss: 1 };
    const end = performance.now() + 30;
    while (performance.now() < end);
  }
  const training = losses();
  const [{ elapsed }] = await Array.fromAsync(report(training, { steps: 1, logEvery: 1 }));
  assert.ok(elapsed >= 30, `${elapsed}`);
});

Deno.test("losses that are not reported are not read, but freed", async () => {
  const { reading, training } = slowLosses(10, () => 1);
  const reports = await Array.fromAsync(report(training, { steps: 10, logEvery: 4 }));
  assert.deepEqual(numbers(reports), [[0, 0], [4, 4], [8, 8], [9, 9]]);
  assert.equal(reading.disposed, 10);
});

Deno.test("a read that fails is told of in its turn, and no other failure gets loose", async () => {
  const { reading, training } = slowLosses(20, (t) => t === 2 ? 30 : 0, 2);
  const seen: number[] = [];
  await assert.rejects(async () => {
    for await (const { t } of report(training, { steps: 20, logEvery: 1 })) seen.push(t);
  }, { message: "no loss 2" });
  assert.deepEqual(seen, [0, 1]);
  await new Promise((resolve) => setTimeout(resolve, 40));
  assert.equal(reading.disposed, reading.started);
});
