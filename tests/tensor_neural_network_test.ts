/** The tensor script keeps its memory: of an iteration, only the loss outlives it. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { draw, train } from "../tensor_neural_network.ts";
import { availableBackends, useBackend } from "./available.ts";

const SMALL = { N: 8, D_in: 20, H: 6, D_out: 3 };

for (const backend of await availableBackends()) {
  Deno.test(`${backend}: an iteration leaves its loss behind, and nothing else`, async () => {
    await useBackend(backend);
    const before = tf.memory();
    const network = draw(SMALL);
    const { numTensors, numBytes } = tf.memory();
    const dataIds = tf.backend().numDataIds();
    assert.equal(numTensors - before.numTensors, 4);
    assert.equal(numBytes - before.numBytes, 4 * (8 * 20 + 8 * 3 + 20 * 6 + 6 * 3));
    const allocated: (number | undefined)[] = [];
    for (const { t, loss } of train(network, { steps: 102, learningRate: 1e-3 })) {
      assert.deepEqual([loss.shape, loss.dtype], [[], "float32"]);
      const memory: tf.MemoryInfo & { numBytesAllocatedInGPU?: number } = tf.memory();
      assert.deepEqual([memory.numTensors, memory.numBytes], [numTensors + 1, numBytes + 4]);
      assert.equal(tf.backend().numDataIds(), dataIds + 1);
      if (t % 20 === 0) {
        await loss.data();
        allocated.push(memory.numBytesAllocatedInGPU);
      }
      loss.dispose();
      // One that is left early leaves nothing behind either.
      if (t === 100) break;
    }
    // A GPU keeps what it has allocated for the first iterations, and uses it again.
    assert.deepEqual(allocated.slice(2), Array(4).fill(allocated[1]));
    tf.dispose(Object.values(network));
    assert.equal(tf.memory().numTensors, before.numTensors);
  });
}

Deno.test("targets of another shape are refused, not repeated", async () => {
  await useBackend("wasm");
  const network = draw(SMALL);
  for (const shape of [[SMALL.N, 1], [1, SMALL.D_out]] as [number, number][]) {
    const training = train({ ...network, y: tf.ones(shape) as tf.Tensor2D });
    assert.throws(() => training.next(), /^Error: Cannot train, y: .* must match/);
  }
});
