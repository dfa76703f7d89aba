/** The tensor script keeps its memory: no tensor outlives the iteration that made it. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { useBackend } from "../lib/backend.ts";
import { draw, train } from "../tensor_neural_network.ts";
import { availableBackends } from "./available.ts";

/** What a GPU backend has allocated in all; nothing on the others. */
function gpuBytes(memory: tf.MemoryInfo & { numBytesAllocatedInGPU?: number }) {
  return memory.numBytesAllocatedInGPU;
}

for (const backend of await availableBackends()) {
  Deno.test(`${backend}: as many tensors after each iteration, and none in the end`, async () => {
    await useBackend(backend);
    const before = tf.memory().numTensors;
    const network = draw({ N: 8, D_in: 20, H: 6, D_out: 3 }, 0);
    const { numTensors, numBytes } = tf.memory();
    assert.equal(numTensors, before + 4);
    assert.equal(numBytes, 4 * (8 * 20 + 8 * 3 + 20 * 6 + 6 * 3));

    for await (const _ of train(network, { steps: 20, learningRate: 1e-3, logEvery: 1 })) {
      assert.equal(tf.memory().numTensors, numTensors);
      assert.equal(tf.memory().numBytes, numBytes);
    }
    assert.equal(tf.memory().numTensors, numTensors);

    tf.dispose(Object.values(network));
    assert.equal(tf.memory().numTensors, before);
  });

  Deno.test(`${backend}: as much memory after 500 iterations, few of them read`, async () => {
    await useBackend(backend);
    const network = draw({ N: 8, D_in: 20, H: 6, D_out: 3 }, 0);
    const used: tf.MemoryInfo[] = [];
    for await (const _ of train(network, { steps: 501, learningRate: 1e-3, logEvery: 100 })) {
      used.push(tf.memory());
    }
    const [, first] = used;
    for (const memory of used.slice(2)) {
      assert.deepEqual(
        [memory.numTensors, memory.numBytes, gpuBytes(memory)],
        [first!.numTensors, first!.numBytes, gpuBytes(first!)],
      );
    }
    tf.dispose(Object.values(network));
  });

  Deno.test(`${backend}: a training that is left early leaves no tensor behind`, async () => {
    await useBackend(backend);
    const network = draw({ N: 2, D_in: 3, H: 4, D_out: 1 }, 0);
    const { numTensors } = tf.memory();
    for await (const { t } of train(network, { steps: 20, learningRate: 1e-3, logEvery: 1 })) {
      if (t === 3) break;
    }
    assert.equal(tf.memory().numTensors, numTensors);
    tf.dispose(Object.values(network));
  });
}
