/** Products and sums of tensors in WebAssembly's memory, by BLAS and without. */

import assert from "node:assert/strict";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { useBackend } from "../lib/backend.ts";
import type { Blas } from "../lib/blas.ts";
import { seededNormal } from "../lib/random.ts";
import { prepareWasm } from "../lib/wasm.ts";
import { type Matrix, matrixMultiply, transpose } from "../naive_neural_network.ts";
import { BLAS } from "./available.ts";

const normal = seededNormal(8);
const SIZES = [1, 2, 3, 5, 7, 8, 9, 13, 15, 16, 17, 31, 33, 63, 65, 127, 129];
const size = () => SIZES[Math.floor(Math.abs(normal()) * 1e6) % SIZES.length];
const randn = (rows: number, columns: number): Matrix =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, normal));

/** The product of two random matrices as a tensor, and as plain arrays have it. */
async function assertProduct(
  [rows, depth, columns]: number[],
  transposeA: boolean,
  transposeB: boolean,
) {
  const a = transposeA ? randn(depth, rows) : randn(rows, depth);
  const b = transposeB ? randn(columns, depth) : randn(depth, columns);
  const [tensorA, tensorB] = [tf.tensor2d(a), tf.tensor2d(b)];
  const product = tf.matMul(tensorA, tensorB, transposeA, transposeB);
  const actual = await product.array() as Matrix;
  tf.dispose([tensorA, tensorB, product]);
  const expected = matrixMultiply(transposeA ? transpose(a) : a, transposeB ? transpose(b) : b);
  assert.deepEqual(product.shape, [rows, columns]);
  for (const [i, row] of expected.entries()) {
    for (const [j, value] of row.entries()) {
      assert.ok(
        Math.abs(actual[i][j] - value) < 1e-6 * (depth + 4),
        `(${rows}, ${depth}, ${columns}), [${i}][${j}]: ${actual[i][j]} is not ${value}`,
      );
    }
  }
}

const FLAGS = [[false, false], [false, true], [true, false], [true, true]];

for (const backend of BLAS ? ["wasm", "blas"] : ["wasm"]) {
  for (const [transposeA, transposeB] of FLAGS) {
    const name = `${backend}: matMul(a, b, ${transposeA}, ${transposeB})`;

    Deno.test(`${name} of random shapes`, async () => {
      await useBackend(backend);
      const { numDataIds } = tf.backend();
      const held = () => [tf.memory(), numDataIds.call(tf.backend())];
      const before = held();
      for (let i = 0; i < 60; i++) {
        await assertProduct([size(), size(), size()], transposeA, transposeB);
      }
      assert.deepEqual(held(), before);
    });

    Deno.test(`${name} of batches, and of nothing`, async () => {
      await useBackend(backend);
      const [a, b] = [tf.randomNormal([4, 3, 3]), tf.randomNormal([4, 3, 3])];
      const batches = await tf.matMul(a, b, transposeA, transposeB).array() as Matrix[];
      const [as, bs] = [await a.array() as Matrix[], await b.array() as Matrix[]];
      for (const [i, batch] of batches.entries()) {
        const left = transposeA ? transpose(as[i]) : as[i];
        const right = transposeB ? transpose(bs[i]) : bs[i];
        for (const [j, row] of matrixMultiply(left, right).entries()) {
          for (const [k, value] of row.entries()) {
            assert.ok(Math.abs(batch[j][k] - value) < 1e-5);
          }
        }
      }
      const [tall, wide] = [[2, 0], [0, 3]];
      const zeros = tf.matMul(
        tf.zeros(transposeA ? tall.toReversed() : tall),
        tf.zeros(transposeB ? wide.toReversed() : wide),
        transposeA,
        transposeB,
      );
      assert.deepEqual(await zeros.array(), [[0, 0, 0], [0, 0, 0]]);
      const [none, few] = [tf.zeros(transposeA ? [2, 0] : [0, 2]), tf.ones([2, 2])];
      assert.deepEqual(tf.matMul(none, few, transposeA, transposeB).shape, [0, 2]);
    });
  }

  Deno.test(`${backend}: matMul while WebAssembly's memory grows`, async () => {
    await useBackend(backend);
    const backendWasm = tf.backend() as BackendWasm;
    const probe = tf.scalar(0);
    const memory = () => backendWasm.typedArrayFromHeap(probe).buffer.byteLength;
    for (const [transposeA, transposeB] of FLAGS) {
      const before = memory();
      const [a, b] = [tf.ones([17, 17]), tf.ones([17, 17])];
      const kept: tf.Tensor[] = [];
      while (memory() === before) {
        const large = tf.zeros([2 ** 20]);
        const product = tf.matMul(a, b, transposeA, transposeB);
        assert.ok((await product.data()).every((value) => value === 17));
        kept.push(large, product);
      }
      // The result alone makes it grow once more.
      const side = Math.ceil(Math.sqrt(memory() / 16));
      const [c, d] = [tf.ones(transposeA ? [3, side] : [side, 3]), tf.ones([3, side])];
      const product = tf.matMul(c, d, transposeA, false);
      const [least, most] = tf.tidy(() => [tf.min(product), tf.max(product)]);
      assert.deepEqual([await least.data(), await most.data()].map(([value]) => value), [3, 3]);
      tf.dispose([kept, a, b, c, d, product, least, most]);
      await assertProduct([17, 5, 9], transposeA, transposeB);
    }
    probe.dispose();
  });

  Deno.test(`${backend}: a product used as the right-hand side of the next is the new one`, async () => {
    await useBackend(backend);
    const [a, one] = [tf.tensor2d([[2, 0], [0, 2]]), tf.tensor2d([[1, 0], [0, 1]])];
    let power: tf.Tensor = one;
    for (let i = 1; i <= 20; i++) {
      const next = tf.matMul(a, power);
      power.dispose();
      power = next;
      assert.deepEqual([...await power.data()], [2 ** i, 0, 0, 2 ** i]);
    }
  });

  Deno.test(`${backend}: sums keep float32's digits, however many numbers there are`, async () => {
    await useBackend(backend);
    const length = 2 ** 25;
    const numbers = Float32Array.from({ length }, (_, i) => 0.1 + (i % 10));
    const expected = numbers.reduce((sum, value) => sum + value, 0);
    const tensor = tf.tensor(numbers, [length / 4, 2, 2]);
    for (
      const sum of [
        tf.sum(tensor),
        tf.sum(tensor, [0, 1, 2], true),
        tf.sum(tf.reshape(tensor, [-1])),
      ]
    ) {
      const [value] = await sum.data();
      assert.ok(Math.abs(value / expected - 1) < 1e-7, `${value} is not ${expected}`);
    }
    assert.deepEqual(tf.sum(tensor, undefined, true).shape, [1, 1, 1]);
    tensor.dispose();
  });

  Deno.test(`${backend}: sums of rows, of columns, of whole numbers and of nothing`, async () => {
    await useBackend(backend);
    const tensor = tf.tensor2d([[1, 2, 3], [4, 5, 6]]);
    assert.deepEqual([...await tf.sum(tensor, 0).data()], [5, 7, 9]);
    assert.deepEqual([...await tf.sum(tensor, 1).data()], [6, 15]);
    const whole = tf.sum(tf.tensor1d([1, 2, 3], "int32"));
    assert.deepEqual([whole.dtype, ...await whole.data()], ["int32", 6]);
    assert.deepEqual([...await tf.sum(tf.zeros([0, 3])).data()], [0]);
    assert.deepEqual([...await tf.sum(tf.scalar(4)).data()], [4]);
  });
}

Deno.test("the kernels are the package's own again where BLAS is not asked for", async () => {
  let calls = 0;
  const counting: Blas = {
    library: "a test",
    gemm: (_shape, _a, _b, result) => {
      calls++;
      result.fill(calls);
    },
    axpy: () => {},
  };
  await useBackend("wasm");
  const one = tf.ones([2, 2]);
  await prepareWasm(counting);
  assert.deepEqual([...await tf.matMul(one, one).data()], [1, 1, 1, 1]);
  assert.equal(calls, 1);
  await useBackend("wasm");
  assert.deepEqual([...await tf.matMul(one, one, true, true).data()], [2, 2, 2, 2]);
  assert.equal(calls, 1);
});

Deno.test({
  name: "a product too large for WebAssembly's memory is refused, and spoils nothing there",
  ignore: !BLAS,
  async fn() {
    await useBackend("blas");
    const before = tf.memory();
    for (const side of [30_000, 60_000]) {
      const [a, b] = [tf.ones([side, 1]), tf.ones([1, side])];
      assert.throws(() => tf.matMul(a, b), /allocation failed|array length/);
      tf.dispose([a, b]);
    }
    // Where WebAssembly finds no memory, the product would be at its very start.
    const backend = tf.backend() as BackendWasm;
    const one = tf.ones([2, 2]);
    backend.getMemoryOffset = () => 0;
    assert.throws(() => tf.matMul(one, one), { message: /allocation failed/ });
    Reflect.deleteProperty(backend, "getMemoryOffset");
    one.dispose();
    await assertProduct([17, 5, 9], false, false);
    assert.deepEqual(tf.memory(), before);
  },
});
