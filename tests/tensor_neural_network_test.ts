/** The tensor script keeps its memory: of an iteration, only the loss outlives it. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { readLosses } from "../lib/run.ts";
import { draw, train } from "../tensor_neural_network.ts";
import { availableBackends, useBackend } from "./available.ts";

const SMALL = { N: 8, D_in: 20, H: 6, D_out: 3 };

for (const backend of await availableBackends()) {
  Deno.test(`${backend}: an iteration leaves its loss behind, and nothing else`, async () => {
    await useBackend(backend);
    const before = tf.memory().numTensors;
    const network = draw(SMALL);
    const { numTensors, numBytes } = tf.memory();
    assert.equal(numTensors, before + 4);
    assert.equal(numBytes, 4 * (8 * 20 + 8 * 3 + 20 * 6 + 6 * 3));
    for (const { t, loss } of train(network, { steps: 20, learningRate: 1e-3 })) {
      assert.deepEqual([loss.shape, loss.dtype], [[], "float32"]);
      const { numTensors: now, numBytes: bytes } = tf.memory();
      assert.deepEqual([now, bytes], [numTensors + 1, numBytes + 4]);
      loss.dispose();
      // One that is left early leaves nothing behind either.
      if (t === 13) break;
    }
    tf.dispose(Object.values(network));
    assert.equal(tf.memory().numTensors, before);
  });

  Deno.test(`${backend}: as much memory after 100 iterations as after 20`, async () => {
    const { readsBehind = 0 } = await useBackend(backend);
    const network = draw(SMALL);
    const { numTensors } = tf.memory();
    const losses = train(network, { steps: 101, learningRate: 1e-3 });
    const used: number[] = [];
    for await (
      const { t } of readLosses(
        losses,
        { steps: 101, logEvery: 1, learningRate: 1e-3 },
        readsBehind,
      )
    ) {
      // What a GPU has allocated; no other backend says that.
      const memory: tf.MemoryInfo & { numBytesAllocatedInGPU?: number } = tf.memory();
      // The losses that are being read are there too.
      assert.ok(memory.numTensors <= numTensors + readsBehind);
      if (t % 20 === 0) used.push(memory.numBytesAllocatedInGPU ?? memory.numBytes);
    }
    assert.equal(tf.memory().numTensors, numTensors);
    const [, bytes, ...later] = used;
    // Give or take the losses that are being read, and what a GPU reads each with.
    for (const laterBytes of later) assert.ok(laterBytes <= bytes + 16 * (4 + 8), `${used}`);
    tf.dispose(Object.values(network));
  });
}

Deno.test("targets of another shape are refused, not repeated", async () => {
  await useBackend("wasm");
  const { y, ...rest } = draw(SMALL);
  const column = tf.ones([SMALL.N, 1]) as tf.Tensor2D;
  assert.throws(
    () => train({ ...rest, y: column }).next(),
    /^Error: Cannot train, y: .* must match/,
  );
  tf.dispose([y, column, ...Object.values(rest)]);
});
