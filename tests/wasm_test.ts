/** Products and sums of tensors in WebAssembly's memory, by BLAS and without. */

import assert from "node:assert/strict";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { seededNormal } from "../lib/random.ts";
import {
  type Matrix,
  matrixMultiply,
  squareMatrix,
  subtractMatrices,
  sumMatrix,
  transpose,
} from "../naive_neural_network.ts";
import { availableBackends, BLAS, type TensorBackend, testIf, useBackend } from "./available.ts";

const SIZES = [[1, 1, 1], [2, 3, 5], [33, 65, 31]];
const FLAGS = [[false, false], [false, true], [true, false], [true, true]];

const normal = seededNormal(8);
const randn = (rows: number, columns: number): Matrix =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, normal));

for (const backend of ["wasm", "blas"] as const) {
  const isAvailable = backend === "wasm" || BLAS !== undefined;

  testIf(isAvailable, `${backend}: products leave nothing else behind`, async () => {
    await useBackend(backend);
    const wasm = tf.backend() as BackendWasm;
    const before = [tf.memory().numTensors, wasm.numDataIds()];
    for (const flags of FLAGS) {
      for (const [rows, depth, columns] of SIZES) {
        const [a, b] = [randn(rows, depth), randn(depth, columns)];
        const tensors = [a, b].map((x, i) => tf.tensor2d(flags[i] ? transpose(x) : x));
        const product = tf.matMul(tensors[0], tensors[1], ...flags);
        const [expected, actual] = [matrixMultiply(a, b), await product.array()];
        assert.ok(sumMatrix(squareMatrix(subtractMatrices(actual as Matrix, expected))) < 1e-6);
        tf.dispose([tensors, product]);
      }
      // A batch is multiplied by the package.
      const batch = tf.tidy(() => tf.matMul(tf.ones([2, 3, 3]), tf.ones([2, 3, 3]), ...flags));
      assert.ok((await batch.data()).every((value) => value === 3));
      batch.dispose();
    }
    for (const [a, b] of [[[2, 3], [4, 5]], [[2, 4], [3, 5]]]) {
      assert.throws(() => tf.tidy(() => tf.matMul(tf.ones(a), tf.ones(b))), /inner shapes/);
    }
    assert.deepEqual([tf.memory().numTensors, wasm.numDataIds()], before);
  });

  testIf(isAvailable, `${backend}: products while WebAssembly's memory grows`, async () => {
    await useBackend(backend);
    const probe = tf.scalar(0);
    const { byteLength } = (tf.backend() as BackendWasm).typedArrayFromHeap(probe).buffer;
    probe.dispose();
    // The product is larger than all the memory that there is so far.
    const side = Math.ceil(Math.sqrt(byteLength / 4));
    const product = tf.tidy(() => tf.matMul(tf.ones([3, side]), tf.ones([3, side]), true));
    const extremes = tf.tidy(() => tf.stack([tf.min(product), tf.max(product)]));
    assert.deepEqual([...await extremes.data()], [3, 3]);
    tf.dispose([product, extremes]);
  });
}

Deno.test("sums keep float32's digits, however many numbers there are", async () => {
  await useBackend("wasm");
  const numbers = Float32Array.from({ length: 2 ** 20 }, (_, i) => 0.1 + (i % 10));
  const expected = numbers.reduce((sum, value) => sum + value, 0);
  const sums = tf.tidy(() => {
    const all = tf.sum(tf.tensor(numbers, [2 ** 18, 2, 2]));
    const whole = tf.sum(tf.tensor1d([1, 2], "int32"));
    return [all, tf.sum([[1, 2], [3, 4]], 0), tf.sum([[1, 2]], undefined, true), whole];
  });
  const [[total], columns, , whole] = await Promise.all(sums.map((sum) => sum.data()));
  assert.ok(Math.abs(total / expected - 1) < 1e-7, `${total} is not ${expected}`);
  assert.deepEqual([...columns, ...whole], [4, 6, 3]);
  assert.deepEqual(sums.map(({ shape }) => shape), [[], [2], [1, 1], []]);
  assert.deepEqual(sums.map(({ dtype }) => dtype), ["float32", "float32", "float32", "int32"]);
  tf.dispose(sums);
});

testIf(BLAS !== undefined, "WebAssembly multiplies after BLAS has, and not BLAS", async () => {
  await useBackend("blas");
  await useBackend("wasm");
  const [a, b] = [randn(70, 130), randn(130, 50)].map((rows) => tf.tensor2d(rows));
  // BLAS adds up in another order, which the last digits show.
  const wasm = await tf.tidy(() => tf.matMul(a, b)).data();
  await useBackend("blas");
  const blas = await tf.tidy(() => tf.matMul(a, b)).data();
  assert.notDeepEqual(wasm, blas);
  tf.dispose([a, b]);
});

const REASONS = {
  wasm: "Cannot use WebAssembly: no such processor",
  webgpu: "Cannot use webgpu: TensorFlow.js can't start it",
};
const backends = await availableBackends();

for (const [name, message] of Object.entries(REASONS) as [TensorBackend, string][]) {
  testIf(backends.includes(name), `${name}: it is refused if it does not start`, async () => {
    await useBackend("wasm");
    const factory = tf.findBackendFactory(name);
    tf.removeBackend(name);
    tf.registerBackend(name, () => Promise.reject(new Error("no such processor")));
    await assert.rejects(useBackend(name), { message });
    tf.removeBackend(name);
    tf.registerBackend(name, factory);
    assert.match((await useBackend(name)).device, /^tensors, with Web/);
  });
}
