/** Tensors: what an iteration leaves in memory, what BLAS multiplies, and a GPU that fails. */

import assert from "node:assert/strict";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { TENSOR_BACKENDS } from "../lib/backends/tensors.ts";
import { findAdapter } from "../lib/backends/tensors_webgpu.ts";
import { readLosses } from "../lib/losses.ts";
import { draw, train } from "../tensor_neural_network.ts";
import { availableBackends } from "./available.ts";

const SMALL = { N: 8, D_in: 20, H: 6, D_out: 3 };

const backends = await availableBackends();

for (const backend of backends) {
  Deno.test(`${backend}: an iteration leaves its loss behind, and nothing else`, async () => {
    await TENSOR_BACKENDS[backend](true);
    const before = tf.memory();
    const network = draw(SMALL);
    const { numTensors, numBytes } = tf.memory();
    const dataIds = tf.backend().numDataIds();
    assert.equal(numTensors - before.numTensors, 4);
    assert.equal(numBytes - before.numBytes, 4 * (8 * 20 + 8 * 3 + 20 * 6 + 6 * 3));
    for (const { t, loss } of train(network, { steps: 30, learningRate: 1e-3 })) {
      const memory = tf.memory();
      assert.deepEqual([memory.numTensors, memory.numBytes], [numTensors + 1, numBytes + 4]);
      assert.equal(tf.backend().numDataIds(), dataIds + 1);
      loss.dispose();
      // One that is left early leaves nothing behind either.
      if (t === 20) break;
    }
    tf.dispose(Object.values(network));
    assert.equal(tf.memory().numTensors, before.numTensors);
  });
}

Deno.test("targets of another shape are refused, not repeated", async () => {
  await TENSOR_BACKENDS.wasm();
  const network = draw(SMALL);
  const targets: [number, number][] = [[SMALL.N, 1], [1, SMALL.D_out]];
  for (const shape of targets) {
    const training = train({ ...network, y: tf.ones(shape) }, { steps: 1 });
    assert.throws(() => training.next(), /Cannot train, y:/);
  }
});

Deno.test({
  name: "blas: WebAssembly keeps the package's product, and blas has another one",
  ignore: !backends.includes("blas"),
  async fn() {
    await TENSOR_BACKENDS.wasm();
    const before = tf.getKernel(tf.BatchMatMul, "wasm").kernelFunc;
    await TENSOR_BACKENDS.blas();
    assert.equal(tf.getKernel(tf.BatchMatMul, "wasm").kernelFunc, before);
    assert.notEqual(tf.getKernel(tf.BatchMatMul, "blas").kernelFunc, before);
    assert.equal(tf.getBackend(), "blas");
  },
});

for (const backend of ["wasm", "blas"] as const) {
  const ignore = !backends.includes(backend);

  Deno.test({ name: `${backend}: products of every kind are right`, ignore }, async () => {
    await TENSOR_BACKENDS[backend]();
    const a = tf.tensor2d([[1, 2, 3], [4, 5, 6]]);
    const b = tf.tensor2d([[1, 0], [0, 1], [1, 1]]);
    const batch = tf.ones<tf.Rank.R3>([2, 3, 3]);
    const products = [
      tf.matMul(a, b),
      tf.matMul(a, tf.cast(b, "int32")),
      tf.matMul(a, tf.transpose(a)),
      tf.matMul(a, a, false, true),
      tf.matMul(b, b, true, false),
      tf.matMul(b, a, true, true),
    ];
    assert.deepEqual(await Promise.all(products.map((product) => product.array())), [
      [[4, 5], [10, 11]],
      [[4, 5], [10, 11]],
      [[14, 32], [32, 77]],
      [[14, 32], [32, 77]],
      [[2, 1], [1, 2]],
      [[4, 10], [5, 11]],
    ]);
    assert.deepEqual([...await tf.matMul(batch, batch).data()], Array(18).fill(3));
    // Both matrices of the second factor are multiplied by the first one.
    const both = await tf.matMul(b, tf.ones([2, 2, 1])).data();
    assert.deepEqual([...both], [1, 1, 2, 1, 1, 2]);
    assert.throws(() => tf.matMul(a, a), /inner shapes/);
  });

  Deno.test({ name: `${backend}: a product makes the memory grow`, ignore }, async () => {
    await TENSOR_BACKENDS[backend]();
    const { byteLength } = (tf.backend() as BackendWasm).typedArrayFromHeap(tf.scalar(0)).buffer;
    // The product is larger than all the memory that there is so far.
    const side = Math.ceil(Math.sqrt(byteLength / 4));
    const product = tf.matMul(tf.ones([side, 3]), tf.ones([3, side]));
    const extremes = tf.stack([tf.min(product), tf.max(product)]);
    assert.deepEqual([...await extremes.data()], [3, 3]);
    product.dispose();
  });
}

Deno.test("a GPU in software is used only if it may be slow", async () => {
  const find = (description: string, mayBeSlow: boolean) => {
    const gpu = { requestAdapter: () => Promise.resolve({ info: { description } }) };
    Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
    return findAdapter(mayBeSlow);
  };
  await find("NVIDIA H100", false);
  await find("llvmpipe (LLVM 15)", true);
  await assert.rejects(find("llvmpipe (LLVM 15)", false), /only a software adapter/);
  delete (navigator as { gpu?: unknown }).gpu; // the prototype's is left
});

const ignore = !backends.includes("webgpu");

Deno.test({ name: "after an error of the GPU, every read fails with it", ignore }, async () => {
  await TENSOR_BACKENDS.webgpu(true);
  const { device } = tf.backend() as unknown as { device: GPUDevice };
  const failure = { message: /^Cannot go on: the GPU failed, .+$/ };
  // The error is reported while the first loss is being read.
  for (const steps of [1, 30]) {
    const training = { steps, logEvery: 1, learningRate: 1e-3 };
    const losses = train(draw(SMALL), training);
    // Larger than any buffer may be.
    device.createBuffer({ size: 2 ** 50, usage: GPUBufferUsage.STORAGE });
    await assert.rejects(Array.fromAsync(readLosses(losses, training, 16)), failure);
  }
});
