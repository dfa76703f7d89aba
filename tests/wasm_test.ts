/** Products and sums of tensors in WebAssembly's memory, by BLAS and without. */

import assert from "node:assert/strict";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import type { Blas } from "../lib/blas.ts";
import { seededNormal } from "../lib/random.ts";
import { registerWasm } from "../lib/wasm.ts";
import { type Matrix, matrixMultiply, transpose } from "../naive_neural_network.ts";
import { BLAS, useBackend } from "./available.ts";

const SIZES = [1, 2, 3, 5, 7, 8, 9, 13, 15, 16, 17, 31, 33, 63, 65, 127, 129];
const FLAGS = [[false, false], [false, true], [true, false], [true, true]];

/** Fails unless a product is that of plain arrays. */
function assertProduct(actual: Matrix, a: Matrix, b: Matrix, [transposeA, transposeB]: boolean[]) {
  const expected = matrixMultiply(transposeA ? transpose(a) : a, transposeB ? transpose(b) : b);
  assert.deepEqual([actual.length, actual[0].length], [expected.length, expected[0].length]);
  for (const [i, row] of expected.entries()) {
    for (const [j, value] of row.entries()) {
      const error = Math.abs(actual[i][j] - value);
      assert.ok(
        error < 1e-6 * (b.length + a.length),
        `[${i}][${j}]: ${actual[i][j]} is not ${value}`,
      );
    }
  }
}

/** Multiplies random matrices of these sizes, and fails unless the product is right. */
async function multiply(
  [rows, depth, columns]: number[],
  flags: boolean[],
  normal = seededNormal(8),
) {
  const randn = (rows: number, columns: number): Matrix =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, normal));
  const a = flags[0] ? randn(depth, rows) : randn(rows, depth);
  const b = flags[1] ? randn(columns, depth) : randn(depth, columns);
  const product = tf.tidy(() => tf.matMul(tf.tensor2d(a), tf.tensor2d(b), ...flags));
  assertProduct(await product.array() as Matrix, a, b, flags);
  product.dispose();
}

/** A test in a memory of its own, that leaves as many tensors and as much data as before. */
function test(
  backend: "blas" | "wasm",
  name: string,
  body: (wasm: BackendWasm) => Promise<void> | void,
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
  test(backend, "products of random shapes, and of batches", async () => {
    const normal = seededNormal(9);
    const size = () => SIZES[Math.floor(Math.abs(normal()) * 1e6) % SIZES.length];
    for (const flags of FLAGS) {
      for (let i = 0; i < 40; i++) await multiply([size(), size(), size()], flags, normal);
      const [a, b] = [tf.randomNormal([4, 3, 3]), tf.randomNormal([4, 3, 3])];
      const product = tf.matMul(a, b, ...flags);
      const [as, bs, products] = await Promise.all(
        [a, b, product].map((t) => t.array()),
      ) as Matrix[][];
      for (const [n, batch] of products.entries()) assertProduct(batch, as[n], bs[n], flags);
      tf.dispose([a, b, product]);
    }
  });

  test(backend, "where there is nothing to add up, products and sums are zeros", async () => {
    /** The shape, the type and the numbers of a tensor. */
    const given = async (make: () => tf.Tensor) => {
      // Where there was something before, so that nothing may stay of it.
      tf.fill([6], 7).dispose();
      const result = tf.tidy(make);
      const all = [result.shape, result.dtype, ...await result.data()];
      result.dispose();
      return all;
    };
    for (const flags of FLAGS) {
      const product = (a: number[], b: number[]) => () =>
        tf.matMul(
          tf.ones(flags[0] ? a.toReversed() : a),
          tf.ones(flags[1] ? b.toReversed() : b),
          ...flags,
        );
      assert.deepEqual(await given(product([2, 0], [0, 2])), [[2, 2], "float32", 0, 0, 0, 0]);
      for (const [a, b] of [[[2, 0], [3, 2]], [[2, 3], [5, 4]]]) {
        assert.throws(() => tf.tidy(product(a, b)), /inner shapes/);
      }
      assert.deepEqual(await given(product([0, 2], [2, 2])), [[0, 2], "float32"]);
    }
    const rows = [[1, 2, 3], [4, 5, 6]];
    const sums: [() => tf.Tensor, ...unknown[]][] = [
      [() => tf.sum(rows, 0), [3], "float32", 5, 7, 9],
      [() => tf.sum(rows, 1), [2], "float32", 6, 15],
      [() => tf.sum(rows, undefined, true), [1, 1], "float32", 21],
      [() => tf.sum(4), [], "float32", 4],
      [() => tf.sum(tf.tensor1d([1, 2, 3], "int32")), [], "int32", 6],
      [() => tf.sum(tf.zeros([0, 3])), [], "float32", 0],
      [() => tf.sum(tf.zeros([0, 3]), 0), [3], "float32", 0, 0, 0],
      [() => tf.sum(tf.zeros([0, 3]), 0, true), [1, 3], "float32", 0, 0, 0],
      [() => tf.sum(tf.zeros([0, 3]), 1), [0], "float32"],
      [() => tf.sum(tf.zeros([0, 3], "int32")), [], "int32", 0],
      [() => tf.sum(tf.zeros([2, 3, 0]), [1, 2]), [2], "float32", 0, 0],
      [() => tf.matMul(tf.ones([1, 2, 0]), tf.ones([0, 1])), [1, 2, 1], "float32", 0, 0],
      [() => tf.matMul(tf.ones([0, 2, 3]), tf.ones([1, 3, 2])), [0, 2, 2], "float32"],
    ];
    for (const [make, ...expected] of sums) assert.deepEqual(await given(make), expected);
  });

  test(backend, "products while WebAssembly's memory grows", async (wasm) => {
    const probe = tf.scalar(0);
    const memory = () => wasm.typedArrayFromHeap(probe).buffer.byteLength;
    for (const flags of FLAGS) {
      const before = memory();
      const [a, b] = [tf.ones([17, 17]), tf.ones([17, 17])];
      const kept: tf.Tensor[] = [];
      while (memory() === before) {
        const product = tf.matMul(a, b, ...flags);
        assert.ok((await product.data()).every((value) => value === 17));
        kept.push(product, tf.zeros([2 ** 20]));
      }
      // The result alone makes it grow once more.
      const side = Math.ceil(Math.sqrt(memory() / 16));
      const extremes = tf.tidy(() => {
        const left = tf.ones(flags[0] ? [3, side] : [side, 3]);
        const product = tf.matMul(left, tf.ones([3, side]), flags[0], false);
        return tf.stack([tf.min(product), tf.max(product)]);
      });
      assert.deepEqual([...await extremes.data()], [3, 3]);
      tf.dispose([kept, a, b, extremes]);
    }
    probe.dispose();
  });

  test(backend, "sums keep float32's digits, however many numbers there are", async () => {
    const length = 2 ** 25;
    const numbers = Float32Array.from({ length }, (_, i) => 0.1 + (i % 10));
    const expected = numbers.reduce((sum, value) => sum + value, 0);
    const tensor = tf.tensor(numbers, [length / 4, 2, 2]);
    for (const sum of [tf.sum(tensor), tf.sum(tensor, [0, 1, 2], true)]) {
      const [value] = await sum.data();
      assert.ok(Math.abs(value / expected - 1) < 1e-7, `${value} is not ${expected}`);
      sum.dispose();
    }
    tensor.dispose();
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
    // Once it has been full, the package's own malloc gives blocks that end beyond it.
    const blocks: tf.TensorInfo[] = [];
    assert.throws(() => {
      while (blocks.length < 99) {
        blocks.push(wasm.makeOutput([2 ** 26 - 1000], "float32"));
        wasm.typedArrayFromHeap(blocks.at(-1)!);
      }
    }, /allocation failed/);
    for (const { dataId } of blocks) wasm.disposeData(dataId);
    assert.deepEqual([...await probe.data()], [1, 2, 3]);
    probe.dispose();
    await multiply([17, 5, 9], [true, false]);
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
      const sides = [a, b].map((
        { leadingDimension, transposed },
      ) => [leadingDimension, transposed]);
      products.push([shape, ...sides]);
      result.fill(5);
    },
    axpy: () => {},
  };
  await registerWasm("wasm");
  await registerWasm("blas", counting);
  await tf.setBackend("wasm");
  const [a, b] = [tf.ones([3, 2]), tf.ones([4, 3])];
  for (const [backend, value] of [["blas", 5], ["wasm", 3]] as const) {
    await tf.setBackend(backend);
    const product = tf.matMul(a, b, true, true);
    assert.deepEqual(await product.array(), [1, 2].map(() => Array(4).fill(value)));
    product.dispose();
  }
  assert.deepEqual(products, [[{ rows: 2, depth: 3, columns: 4 }, [2, true], [3, true]]]);
  tf.dispose([a, b]);
});

Deno.test("both share one memory, however they are opened, removed and opened again", async () => {
  const backends = BLAS ? ["wasm", "blas"] as const : ["wasm"] as const;
  await useBackend("wasm");
  tf.removeBackend("wasm");
  assert.equal(tf.findBackend("blas"), null);
  await Promise.all(backends.map(useBackend));
  assert.equal(tf.findBackend(backends[0]), tf.findBackend(backends.at(-1)!));
  for (const removed of backends) {
    await useBackend(removed);
    tf.removeBackend(removed);
    for (const backend of backends.toReversed()) {
      await useBackend(backend);
      await multiply([5, 4, 3], [true, true]);
    }
  }
});
