/** The products of ndarrays, by loops, WebAssembly and BLAS, against those of arrays. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
// @ts-types="@types/ndarray"
import ndarray from "ndarray";
// @ts-types="@types/ndarray-ops"
import ops from "ndarray-ops";
import { memory } from "../lib/kernel/multiply.wasm";
import { type Matrix, NDARRAY_BACKENDS, subtractScaled, zeros } from "../lib/ndarrays.ts";
import { seededNormal } from "../lib/random.ts";
import { matrixMultiply } from "../naive_neural_network.ts";
import { draw, train } from "../ndarray_neural_network.ts";
import { BLAS, testIf } from "./available.ts";
import { toRows } from "./convert.ts";

const normal = seededNormal(7);
const randn = (rows: number, columns: number): Matrix =>
  ndarray(Float64Array.from({ length: rows * columns }, normal), [rows, columns]);

/** Views of random numbers; BLAS reads the first three as they are. */
const views = (rows: number, columns: number): Matrix[] => [
  randn(rows, columns),
  randn(columns, rows).transpose(1, 0),
  randn(rows + 2, columns).lo(1, 0).hi(rows, columns),
  randn(rows + 3, columns + 5).lo(2, 1).hi(rows, columns),
  randn(2 * rows, columns).step(2, 1),
  randn(rows, 3 * columns).step(1, 3),
  randn(rows, columns).step(-1, 1),
  randn(rows, columns).step(1, -1),
];

/** Matrices of whole numbers from 0 to 99, of other types than float64. */
const ofOtherTypes = (rows: number, columns: number): Matrix[] => {
  const numbers = Array.from({ length: rows * columns }, (_, i) => (i * 37) % 100);
  const typed = [Float32Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint32Array]
    .map((type) => type.from(numbers));
  return [numbers, ...typed, Buffer.from(numbers)].map((data) =>
    ndarray(data, [rows, columns]) as unknown as Matrix
  );
};

/** Every kind of matrix that has these sizes, one of them a row that is repeated. */
const operands = (rows: number, columns: number): Matrix[] => [
  ...views(rows, columns),
  ...ofOtherTypes(rows, columns),
  ...ofOtherTypes(columns, rows).map((matrix) => matrix.transpose(1, 0).step(1, -1)),
  ndarray(randn(1, columns).data, [rows, columns], [0, 1]),
];

const view = (shape: number[], stride: number[], offset: number) =>
  ndarray(new Float64Array(9), shape, stride, offset);

const getters = { length: 3, get: () => 1, set: () => 1 };

/** What is no matrix of numbers, or is not within its data, and what is said of it. */
const REFUSED = [
  [ndarray(new Uint8Array(20), [7, 3]), "uint8 of shape (7, 3) reaches outside of its data"],
  [view([2, 3], [3, 1], 6), "float64 of shape (2, 3) reaches outside of its data"],
  [view([3, 3], [-3, 1], 5), "float64 of shape (3, 3) reaches outside of its data"],
  [view([2, 2], [3, -1], 0), "float64 of shape (2, 2) reaches outside of its data"],
  [view([2, 4], [-3, -1], 3), "float64 of shape (2, 4) reaches outside of its data"],
  [ndarray(new BigInt64Array(3), [1, 3]), "bigint64 of shape (1, 3) is no matrix of numbers"],
  [ndarray(getters, [1, 3]), "generic of shape (1, 3) is no matrix of numbers"],
  [ndarray(new Float64Array(3)), "float64 of shape (3) is no matrix of numbers"],
  [ndarray(new Float64Array(6), [3, 2, 1]), "float64 of shape (3, 2, 1) is no matrix of numbers"],
] as unknown as [Matrix, string][];

for (const name of ["blas", "wasm", "typescript"] as const) {
  const isAvailable = name !== "blas" || BLAS !== undefined;
  const test = (what: string, fn: () => void) => testIf(isAvailable, `${name}: ${what}`, fn);
  const dot = (a: Matrix, b: Matrix) => NDARRAY_BACKENDS[name]().dot(a, b);

  /** Fails if a product is not that of arrays: for BLAS but for rounding. */
  const assertProduct = (a: Matrix, b: Matrix) => {
    const product = dot(a, b);
    assert.deepEqual(product.shape, [a.shape[0], b.shape[1]]);
    const expected = matrixMultiply(toRows(a), toRows(b)).flat();
    const tolerance = name === "blas" ? 2e-14 * a.shape[1] : 0;
    for (const [i, value] of expected.entries()) {
      const error = Math.abs(product.data[i] - value);
      assert.ok(error <= tolerance, `${i}: ${product.data[i]} is not ${value}`);
    }
  };

  test("dot() multiplies every kind of view and type of numbers, on either side", () => {
    for (const left of operands(5, 7)) {
      for (const right of operands(7, 9)) assertProduct(left, right);
    }
  });

  test("dot() multiplies matrices without rows, columns or numbers to add", () => {
    for (const [rows, depth, columns] of [[0, 3, 2], [3, 0, 2], [3, 2, 0], [0, 0, 0]]) {
      const { shape, data } = dot(zeros(rows, depth), zeros(depth, columns));
      assert.deepEqual([shape, data], [[rows, columns], new Float64Array(rows * columns)]);
    }
  });

  test("dot() multiplies every remainder of the block, small after large", () => {
    // So wide that the product ends where WebAssembly's memory, grown by a page, does.
    const { byteLength } = memory.buffer;
    assertProduct(randn(4, 2), randn(2, (byteLength + 2 ** 16 - 128) / 32));
    assert.equal(memory.buffer.byteLength > byteLength, name === "wasm"); // only wasm needs it
    assertProduct(randn(40_000, 2), randn(2, 3));
    for (let size = 0; size < 5 * 3 * 9; size++) {
      const [rows, depth, columns] = [1 + size % 5, 1 + size % 3, 1 + Math.floor(size / 15)];
      assertProduct(randn(rows, depth), randn(depth, columns));
      assertProduct(randn(depth, rows).transpose(1, 0), randn(columns, depth).transpose(1, 0));
    }
  });

  test("dot() refuses shapes that do not fit, and what is no matrix of numbers", () => {
    const message = "Cannot multiply matrices: shapes (2, 3) and (4, 5) do not fit";
    assert.throws(() => dot(zeros(2, 3), zeros(4, 5)), { name: "RangeError", message });
    for (const [matrix, reason] of REFUSED) {
      const error = { name: "RangeError", message: `Cannot multiply matrices: ${reason}` };
      assert.throws(() => dot(zeros(2, matrix.shape[0]), matrix), error);
      assert.throws(() => dot(matrix, zeros(3, 2)), error);
    }
  });
}

/** Fails unless `subtractScaled` does to a view what NumPy does, and nothing to what is around it. */
function assertSubtracts(a: Matrix, b: Matrix) {
  const isView = ndarray(new Uint8Array(a.data.length), a.shape, a.stride, a.offset);
  ops.assigns(isView, 1);
  const before = [...a.data];
  const [rows, others] = [toRows(a), toRows(b)];
  subtractScaled(a, 0.25, b);
  const round = a.dtype as string === "float32" ? Math.fround : (value: number) => value;
  const expected = rows.map((row, i) => row.map((x, j) => round(x - 0.25 * others[i][j])));
  assert.deepEqual(toRows(a), expected);
  for (const [i, value] of before.entries()) assert.ok(isView.data[i] || a.data[i] === value);
}

Deno.test("subtractScaled() subtracts every kind of view and type of numbers", () => {
  for (const [rows, columns] of [[5, 7], [1, 4], [4, 1], [3, 3]]) {
    const weights = () => [...views(rows, columns), ...ofOtherTypes(rows, columns).slice(0, 2)];
    for (const i of weights().keys()) {
      for (const b of operands(rows, columns)) assertSubtracts(weights()[i], b);
    }
  }
});

Deno.test("subtractScaled() subtracts views of one array", () => {
  const { buffer } = Float64Array.from({ length: 7 }, normal);
  const [first, second] = [0, 8].map((byte) => ndarray(new Float64Array(buffer, byte, 6), [2, 3]));
  assertSubtracts(second, first);
  const square = randn(3, 3);
  assertSubtracts(square, square.transpose(1, 0));
  assertSubtracts(square, square);
  const rows = randn(4, 3);
  assertSubtracts(rows.hi(3, 3), rows.lo(1, 0));
  assertSubtracts(rows.lo(1, 0), rows.hi(3, 3));
});

Deno.test("subtractScaled() refuses what it can't change in place, and shapes that differ", () => {
  const overlapping = (...stride: number[]) => ndarray(new Float64Array(12), [2, 3], stride);
  const [, , uint8, , , , buffer] = ofOtherTypes(2, 3);
  const refusals: [Matrix, Matrix, string][] = [
    [zeros(2, 3), zeros(3, 2), "matrices: shapes (2, 3) and (3, 2) do not fit"],
    [zeros(2, 3), zeros(2, 4), "matrices: shapes (2, 3) and (2, 4) do not fit"],
    [uint8, zeros(2, 3), "matrices in place: uint8 has no fractions"],
    [buffer, zeros(2, 3), "matrices in place: buffer has no fractions"],
  ];
  for (const stride of [[0, 1], [1, 1], [4, 2]]) {
    const reason = "matrices in place: elements share a number";
    refusals.push([overlapping(...stride), zeros(2, 3), reason]);
  }
  for (const [matrix, reason] of REFUSED) {
    const other = zeros(matrix.shape[0], matrix.shape[1] ?? 1);
    refusals.push([matrix, other, `matrices: ${reason}`], [other, matrix, `matrices: ${reason}`]);
  }
  for (const [a, b, reason] of refusals) {
    const error = { name: "RangeError", message: `Cannot subtract ${reason}` };
    assert.throws(() => subtractScaled(a, 1, b), error);
  }
});

Deno.test("train() changes the weights that it is given, and multiplies in WebAssembly", () => {
  // The inputs alone need more than WebAssembly's memory, which grows for them.
  const { byteLength } = memory.buffer;
  const network = draw({ N: 4, D_in: byteLength / 32 + 1, H: 10, D_out: 1 });
  const before = network.w2.data.slice();
  const training = train(network, { steps: 1 });
  training.next();
  assert.ok(memory.buffer.byteLength > byteLength);
  const { value } = training.next() as { value: Partial<typeof network> };
  assert.ok(value.w1 === network.w1 && value.w2 === network.w2);
  assert.notDeepEqual(network.w2.data, before);
});
