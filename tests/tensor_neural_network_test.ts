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
    const network = draw(SMALL, 0);
    const { numTensors, numBytes } = tf.memory();
    assert.equal(numTensors, before + 4);
    assert.equal(numBytes, 4 * (8 * 20 + 8 * 3 + 20 * 6 + 6 * 3));
    for (const { t, loss } of train(network, { steps: 20, learningRate: 1e-3 })) {
      assert.deepEqual([loss.shape, loss.dtype], [[], "float32"]);
      assert.deepEqual([tf.memory().numTensors, tf.memory().numBytes], [
        numTensors + 1,
        numBytes + 4,
      ]);
      loss.dispose();
      // One that is left early leaves nothing behind either.
      if (t === 13) break;
    }
    assert.equal(tf.memory().numTensors, numTensors);
    tf.dispose(Object.values(network));
    assert.equal(tf.memory().numTensors, before);
  });

  for (const logEvery of [1, 100]) {
    Deno.test(`${backend}: as much memory after 500 iterations, every ${logEvery} read`, async () => {
      await useBackend(backend);
      const network = draw(SMALL, 0);
      const { numTensors } = tf.memory();
      const losses = train(network, { steps: 501, learningRate: 1e-3 });
      const used: number[][] = [];
      for await (const { t } of readLosses(losses, { steps: 501, logEvery })) {
        // What a GPU has allocated in all; no other backend tells that.
        const memory: tf.MemoryInfo & { numBytesAllocatedInGPU?: number } = tf.memory();
        // At most 16 losses are being read.
        assert.ok(memory.numTensors <= numTensors + 16);
        if (t % 100 === 0) used.push([memory.numBytes, memory.numBytesAllocatedInGPU ?? 0]);
      }
      assert.equal(tf.memory().numTensors, numTensors);
      const [, [bytes, gpuBytes]] = used;
      for (const [laterBytes, laterGpuBytes] of used.slice(2)) {
        // Give or take the losses being read, and what a GPU reads each with.
        assert.ok(laterBytes <= bytes + 16 * 4);
        assert.ok(laterGpuBytes <= gpuBytes + 16 * 8);
      }
      tf.dispose(Object.values(network));
    });
  }
}
