/** Products and sums of tensors in WebAssembly's memory, by BLAS and without. */

import assert from "node:assert/strict";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import type { Blas } from "../lib/blas.ts";
import { seededNormal } from "../lib/random.ts";
import { registerBlas, registerWasm } from "../lib/wasm.ts";
import { type Matrix, matrixMultiply, transpose } from "../naive_neural_network.ts";
import { BLAS, useBackend } from "./available.ts";

const SIZES = [1, 2, 3, 5, 7, 8, 9, 13, 15, 16, 17, 31, 33, 63, 65, 127, 129];

/** Draws sizes and matrices, the same in every test. */
function random() {
  const normal = seededNormal(8);
  const size = () => SIZES[Math.floor(Math.abs(normal()) * 1e6) % SIZES.length];
  const randn = (rows: number, columns: number): Matrix =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, normal));
  return { size, randn };
}

/** Compares the product of two random matrices with that of plain arrays. */
async function assertProduct(
  [rows, depth, columns]: number[],
  [transposeA, transposeB]: boolean[],
  { randn } = random(),
) {
  const a = transposeA ? randn(depth, rows) : randn(rows, depth);
  const b = transposeB ? randn(columns, depth) : randn(depth, columns);
  const product = tf.tidy(() => tf.matMul(tf.tensor2d(a), tf.tensor2d(b), transposeA, transposeB));
  const actual = await product.array() as Matrix;
  product.dispose();
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

/** A test in a memory of its own, that leaves as many tensors and as much data as before. */
function test(
  backend: "blas" | "wasm",
  name: string,
  body: (backend: BackendWasm) => Promise<void> | void,
) {
  Deno.test({
    name: `${backend}: ${name}`,
    ignore: backend === "blas" && !BLAS,
    async fn() {
      await useBackend(backend);
      tf.removeBackend(backend);
      await useBackend(backend);
      const wasm = tf.backend() as BackendWasm;
      const held = () => [tf.memory(), wasm.numDataIds()];
      const before = held();
      await body(wasm);
      assert.deepEqual(held(), before);
    },
  });
}

for (const backend of ["wasm", "blas"] as const) {
  test(backend, "products of random shapes", async () => {
    const draws = random();
    const { size } = draws;
    for (const flags of FLAGS) {
      for (let i = 0; i < 40; i++) await assertProduct([size(), size(), size()], flags, draws);
    }
  });

  test(backend, "products of batches, and of nothing", async () => {
    for (const [transposeA, transposeB] of FLAGS) {
      const [a, b] = [tf.randomNormal([4, 3, 3]), tf.randomNormal([4, 3, 3])];
      const product = tf.matMul(a, b, transposeA, transposeB);
      const [as, bs, batches] = await Promise.all([a, b, product].map((t) => t.array()));
      tf.dispose([a, b, product]);
      for (const [n, batch] of (batches as Matrix[]).entries()) {
        const [left, right] = [(as as Matrix[])[n], (bs as Matrix[])[n]];
        const expected = matrixMultiply(
          transposeA ? transpose(left) : left,
          transposeB ? transpose(right) : right,
        );
        for (const [i, row] of expected.entries()) {
          for (const [j, value] of row.entries()) assert.ok(Math.abs(batch[i][j] - value) < 1e-5);
        }
      }
      // Where there was something before, so that nothing may stay of it.
      tf.fill([2, 3], 7).dispose();
      const empty = tf.tidy(() => {
        const [tall, wide] = [[2, 0], [0, 3]];
        const left = tf.zeros(transposeA ? tall.toReversed() : tall);
        const right = tf.zeros(transposeB ? wide.toReversed() : wide);
        return tf.matMul(left, right, transposeA, transposeB);
      });
      assert.deepEqual(await empty.array(), [[0, 0, 0], [0, 0, 0]]);
      empty.dispose();
      const none = tf.tidy(() => {
        const few = tf.zeros(transposeA ? [2, 0] : [0, 2]);
        return tf.matMul(few, tf.ones([2, 2]), transposeA, transposeB);
      });
      assert.deepEqual(none.shape, [0, 2]);
      none.dispose();
    }
  });

  test(backend, "products while WebAssembly's memory grows", async (wasm) => {
    const probe = tf.scalar(0);
    const memory = () => wasm.typedArrayFromHeap(probe).buffer.byteLength;
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
      const extremes = tf.tidy(() => {
        const left = tf.ones(transposeA ? [3, side] : [side, 3]);
        const product = tf.matMul(left, tf.ones([3, side]), transposeA, false);
        return tf.stack([tf.min(product), tf.max(product)]);
      });
      assert.deepEqual([...await extremes.data()], [3, 3]);
      tf.dispose([kept, a, b, extremes]);
    }
    probe.dispose();
    await assertProduct([17, 5, 9], [true, true]);
  });

  test(backend, "a product used as the right-hand side of the next is the new one", async () => {
    const [a, one] = [tf.tensor2d([[2, 0], [0, 2]]), tf.tensor2d([[1, 0], [0, 1]])];
    let power: tf.Tensor = one;
    for (let i = 1; i <= 20; i++) {
      const next = tf.matMul(a, power);
      power.dispose();
      power = next;
      assert.deepEqual([...await power.data()], [2 ** i, 0, 0, 2 ** i]);
    }
    tf.dispose([a, power]);
  });

  test(backend, "sums keep float32's digits, however many numbers there are", async () => {
    const length = 2 ** 25;
    const numbers = Float32Array.from({ length }, (_, i) => 0.1 + (i % 10));
    const expected = numbers.reduce((sum, value) => sum + value, 0);
    const tensor = tf.tensor(numbers, [length / 4, 2, 2]);
    const flat = tf.reshape(tensor, [-1]);
    for (const sum of [tf.sum(tensor), tf.sum(tensor, [0, 1, 2], true), tf.sum(flat)]) {
      const [value] = await sum.data();
      assert.ok(Math.abs(value / expected - 1) < 1e-7, `${value} is not ${expected}`);
      sum.dispose();
    }
    tf.dispose([tensor, flat]);
  });

  test(backend, "sums of rows, of columns, of whole numbers and of nothing", async () => {
    const sum = async (...args: Parameters<typeof tf.sum>) => {
      // Where there was something before, so that nothing may stay of it.
      tf.fill([3], 7).dispose();
      const result = tf.tidy(() => tf.sum(...args));
      const given = [result.shape, result.dtype, ...await result.data()];
      result.dispose();
      return given;
    };
    const rows = [[1, 2, 3], [4, 5, 6]];
    assert.deepEqual(await sum(rows, 0), [[3], "float32", 5, 7, 9]);
    assert.deepEqual(await sum(rows, 1), [[2], "float32", 6, 15]);
    assert.deepEqual(await sum(rows, undefined, true), [[1, 1], "float32", 21]);
    assert.deepEqual(await sum(4), [[], "float32", 4]);
    const [whole, nothing] = [tf.tensor1d([1, 2, 3], "int32"), tf.zeros([0, 3])];
    assert.deepEqual(await sum(whole), [[], "int32", 6]);
    assert.deepEqual(await sum(nothing), [[], "float32", 0]);
    assert.deepEqual(await sum(nothing, 0), [[3], "float32", 0, 0, 0]);
    assert.deepEqual(await sum(nothing, 0, true), [[1, 3], "float32", 0, 0, 0]);
    assert.deepEqual(await sum(nothing, 1), [[0], "float32"]);
    tf.dispose([whole, nothing]);
  });

  test(backend, "what its memory has no room for is refused, and spoils nothing", async (wasm) => {
    const probe = tf.tensor1d([1, 2, 3]);
    // So many bytes are 16 to 32 bits.
    assert.throws(() => wasm.makeOutput([2 ** 30 + 4], "float32"), /allocation failed/);
    // Gigabytes, of which there are at most four.
    const large: tf.TensorInfo[] = [];
    assert.throws(() => {
      while (large.length < 5) large.push(wasm.makeOutput([2 ** 28], "float32"));
    }, /allocation failed/);
    for (const side of [20_000, 40_000]) {
      const [a, b] = [tf.ones([side, 1]), tf.ones([1, side])];
      assert.throws(() => tf.add(a, b), /allocation failed/);
      // The package's own product leaves references behind where it throws.
      if (backend === "blas") assert.throws(() => tf.matMul(a, b), /allocation failed/);
      tf.dispose([a, b]);
    }
    for (const { dataId } of large) wasm.disposeData(dataId);
    assert.equal(wasm.typedArrayFromHeap(probe)[2], 3);
    probe.dispose();
    await assertProduct([17, 5, 9], [true, false]);
  });

  test(backend, "a product that throws leaves no transposed copy behind", () => {
    const [a, b] = [tf.ones([2, 3, 4]), tf.ones([5, 6, 7])];
    const product = tf.getKernel(tf.BatchMatMul, backend).kernelFunc;
    const attrs = { transposeA: true, transposeB: true };
    // Past the checks of tf.matMul, as another kernel of TensorFlow.js may call it.
    assert.throws(() => product({ inputs: { a, b }, attrs, backend: tf.backend() }));
    tf.dispose([a, b]);
  });
}

Deno.test("BLAS multiplies on the backend blas and nowhere else, from any tensor", async () => {
  const products: unknown[] = [];
  const counting: Blas = {
    library: "a test",
    gemm: (shape, a, b, result) => {
      products.push([
        shape,
        [a.leadingDimension, a.transposed],
        [b.leadingDimension, b.transposed],
      ]);
      result.fill(5);
    },
    axpy: () => {},
  };
  await registerWasm();
  await registerBlas(counting);
  await tf.setBackend("wasm");
  const [a, b] = [tf.ones([3, 2]), tf.ones([4, 3])];
  await tf.setBackend("blas");
  const byBlas = tf.matMul(a, b, true, true);
  await tf.setBackend("wasm");
  const byWasm = tf.matMul(a, b, true, true);
  assert.deepEqual(await byBlas.array(), [[5, 5, 5, 5], [5, 5, 5, 5]]);
  assert.deepEqual(await byWasm.array(), [[3, 3, 3, 3], [3, 3, 3, 3]]);
  assert.deepEqual(products, [[{ rows: 2, depth: 3, columns: 4 }, [2, true], [3, true]]]);
  tf.dispose([a, b, byBlas, byWasm]);
});

Deno.test("a backend that was removed is registered again at the next opening", async () => {
  for (const removed of BLAS ? ["wasm", "blas"] as const : ["wasm"] as const) {
    await useBackend(removed);
    tf.removeBackend(removed);
    for (const backend of BLAS ? ["blas", "wasm"] as const : ["wasm"] as const) {
      await useBackend(backend);
      await assertProduct([5, 4, 3], [true, true]);
    }
  }
});
