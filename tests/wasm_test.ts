/** Products and sums of tensors in WebAssembly's memory, by BLAS and without. */

import assert from "node:assert/strict";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { seededNormal } from "../lib/random.ts";
import { type Matrix, matrixMultiply, transpose } from "../naive_neural_network.ts";
import { BLAS, testIf, useBackend } from "./available.ts";

const SIZES = [[1, 1, 1], [2, 3, 5], [33, 65, 31]];
const FLAGS = [[false, false], [false, true], [true, false], [true, true]];

const normal = seededNormal(8);
const randn = (rows: number, columns: number): Matrix =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, normal));

function assertClose(actual: Matrix, expected: Matrix) {
  assert.deepEqual([actual.length, actual[0].length], [expected.length, expected[0].length]);
  for (const [i, row] of expected.entries()) {
    for (const [j, value] of row.entries()) {
      assert.ok(Math.abs(actual[i][j] - value) < 1e-4, `${actual[i][j]} is not ${value}`);
    }
  }
}

for (const backend of ["wasm", "blas"] as const) {
  const isAvailable = backend === "wasm" || BLAS !== undefined;

  testIf(
    isAvailable,
    `${backend}: products, transposed or not, leave nothing else behind`,
    async () => {
      await useBackend(backend);
      const wasm = tf.backend() as BackendWasm;
      const before = [tf.memory().numTensors, wasm.numDataIds()];
      for (const flags of FLAGS) {
        for (const [rows, depth, columns] of SIZES) {
          const [a, b] = [randn(rows, depth), randn(depth, columns)];
          const tensors = [a, b].map((x, i) => tf.tensor2d(flags[i] ? transpose(x) : x));
          const product = tf.matMul(tensors[0], tensors[1], ...flags);
          assertClose(await product.array() as Matrix, matrixMultiply(a, b));
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
    },
  );

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

Deno.test("a backend of TensorFlow.js that does not start is not announced, and says why", async () => {
  const reason = "no such processor";
  const factory = tf.findBackendFactory("wasm");
  tf.removeBackend("wasm");
  tf.registerBackend("wasm", () => Promise.reject(new Error(reason)));
  await assert.rejects(useBackend("wasm"), { message: `Cannot use WebAssembly: ${reason}` });
  tf.removeBackend("wasm");
  tf.registerBackend("wasm", factory);
  assert.equal((await useBackend("wasm")).device, "tensors, with WebAssembly");
});
