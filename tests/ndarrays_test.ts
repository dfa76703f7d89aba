/** The products of ndarrays, by loops, WebAssembly and BLAS, against those of arrays. */

import assert from "node:assert/strict";
// @ts-types="@types/ndarray"
import ndarray from "ndarray";
import { memory } from "../lib/backends/multiply.wasm";
import { NDARRAY_BACKENDS } from "../lib/backends/ndarrays.ts";
import { seededNormal } from "../lib/random.ts";
import { fromRows, type Matrix, subtractScaled, toRows, zeros } from "../lib/matrices.ts";
import { matrixMultiply } from "../naive_neural_network.ts";
import { draw, train } from "../ndarray_neural_network.ts";
import { BLAS } from "./available.ts";

const normal = seededNormal(7);

function randn(rows: number, columns: number): Matrix {
  return ndarray(Float64Array.from({ length: rows * columns }, normal), [rows, columns]);
}

function ones(rows: number, columns: number): Matrix {
  return ndarray(new Float64Array(rows * columns).fill(1), [rows, columns]);
}

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
function ofOtherTypes(rows: number, columns: number): Matrix[] {
  const numbers = Array.from({ length: rows * columns }, (_, i) => (i * 37) % 100);
  const types = [Float32Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint32Array];
  return [numbers, ...types.map((type) => type.from(numbers))]
    .map((data) => ndarray(data, [rows, columns]) as unknown as Matrix);
}

/** What is no matrix of numbers, or reaches outside of its data. */
const REFUSED = [
  [[1, 2, 3], [4, 5, 6]],
  ndarray(new Float64Array(3)),
  ndarray(new Float64Array(6), [3, 2, 1]),
  ndarray(new BigInt64Array(9), [3, 3]),
  ndarray({ get: () => 1, set: () => 1, length: 9 }, [3, 3]),
  ndarray(new Float64Array(9), [4, 3]),
  ndarray(new Float64Array(9), [3, 3], [3, 1], 1),
  ndarray(new Float64Array(9), [3, 3], [3, 1], -1),
  ndarray(new Float64Array(9), [3, 3], [1, 3], 1),
  ndarray(new Float64Array(9), [3, 3], [-3, 1], 5),
  ndarray(new Float64Array(9), [3, 3], [3, -1], 1),
] as unknown as Matrix[];

/** Every kind of matrix that has these sizes, one of them a row that is repeated. */
const matrices = (rows: number, columns: number): Matrix[] => [
  ...views(rows, columns),
  ...ofOtherTypes(rows, columns),
  ...ofOtherTypes(columns, rows).map((matrix) => matrix.transpose(1, 0).step(1, -1)),
  ndarray(randn(1, columns).data, [rows, columns], [0, 1]),
];

for (const name of ["blas", "wasm", "typescript"] as const) {
  const ignore = name === "blas" && !BLAS;
  const test = (what: string, fn: () => void) =>
    Deno.test({ name: `${name}: ${what}`, ignore, fn });
  const dot = (a: Matrix, b: Matrix) => NDARRAY_BACKENDS[name]().dot(a, b);

  /** Fails if a product is not that of arrays bit for bit: for BLAS but for rounding. */
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
    for (const left of matrices(5, 7)) {
      for (const right of matrices(7, 9)) assertProduct(left, right);
    }
  });

  test("dot() multiplies matrices without rows, columns or numbers to add", () => {
    for (const [rows, depth, columns] of [[0, 3, 2], [3, 0, 2], [3, 2, 0], [0, 0, 0]]) {
      const { shape, data } = dot(zeros(rows, depth), zeros(depth, columns));
      assert.deepEqual([shape, data], [[rows, columns], new Float64Array(rows * columns)]);
    }
  });

  test("dot() multiplies every remainder of the block, small after large", () => {
    assertProduct(randn(40_000, 2), randn(2, 3));
    for (let size = 0; size < 5 * 3 * 9; size++) {
      const rows = 1 + size % 5;
      const depth = 1 + size % 3;
      const columns = 1 + Math.floor(size / 15);
      assertProduct(randn(rows, depth), randn(depth, columns));
      assertProduct(randn(depth, rows).transpose(1, 0), randn(columns, depth).transpose(1, 0));
    }
  });

  test("dot() refuses shapes that do not fit, and what is no matrix of numbers", () => {
    const message = "Cannot multiply matrices: shapes (2, 3) and (4, 5) do not fit";
    assert.throws(() => dot(zeros(2, 3), zeros(4, 5)), { name: "RangeError", message });
    for (const matrix of REFUSED) {
      const error = { name: "RangeError", message: /^Cannot use a matrix: / };
      assert.throws(() => dot(zeros(2, 3), matrix), error);
      assert.throws(() => dot(matrix, zeros(3, 2)), error);
    }
  });

  test("a product stays as it is when the next one is computed", () => {
    const first = dot(ones(8, 8), ones(8, 8));
    dot(zeros(40, 40), zeros(40, 40));
    assert.deepEqual(first.data, new Float64Array(64).fill(8));
  });
}

Deno.test({ name: "blas: BLAS multiplies, and not WebAssembly", ignore: !BLAS }, () => {
  const { dot } = NDARRAY_BACKENDS.blas();
  const { byteLength } = memory.buffer;
  // WebAssembly's memory would have to grow for it.
  const tall = ones(byteLength / 8, 2);
  assert.deepEqual([...dot(tall.transpose(1, 0), tall).data], Array(4).fill(byteLength / 8));
  assert.equal(memory.buffer.byteLength, byteLength);
});

Deno.test("wasm: matrices that do not fit into its memory are refused", () => {
  const large: Matrix = ndarray(new Float64Array(1), [70_000, 70_000], [0, 0]);
  const column: Matrix = ndarray(new Float64Array(1), [70_000, 1], [0, 0]);
  const error = { name: "RangeError", message: /^Cannot multiply matrices: WebAssembly's memory/ };
  assert.throws(() => NDARRAY_BACKENDS.wasm().dot(large, column), error);
});

Deno.test("subtractScaled() subtracts every kind of view and type of numbers", () => {
  const weights = () => [...views(5, 7), ...ofOtherTypes(5, 7).slice(0, 2)];
  for (const i of weights().keys()) {
    for (const b of matrices(5, 7)) {
      const a = weights()[i];
      const round = a.dtype as string === "float32" ? Math.fround : (value: number) => value;
      const others = toRows(b);
      const expected = toRows(a).map((row, i) => row.map((x, j) => round(x - 0.25 * others[i][j])));
      subtractScaled(a, 0.25, b);
      assert.deepEqual(toRows(a), expected);
    }
  }
});

Deno.test("fromRows() and toRows() refuse what is no matrix", () => {
  for (const rows of [[[1, 2], [3]], [[1], [2, 3], [4]], [[1], [2, 3]]]) {
    assert.throws(() => fromRows(rows), /^RangeError: Cannot make a matrix: its rows/);
  }
  for (const matrix of REFUSED) {
    assert.throws(() => toRows(matrix), /^RangeError: Cannot use a matrix: /);
  }
});

Deno.test("subtractScaled() subtracts views of one array", () => {
  const { buffer } = Float64Array.from({ length: 7 }, normal);
  const first: Matrix = ndarray(new Float64Array(buffer as ArrayBuffer, 0, 6), [2, 3]);
  const second: Matrix = ndarray(new Float64Array(buffer as ArrayBuffer, 8, 6), [2, 3]);
  const expected = [...second.data].map((value, i) => value - 0.25 * first.data[i]);
  subtractScaled(second, 0.25, first);
  assert.deepEqual([...second.data], expected);
});

Deno.test("subtractScaled() refuses what it can't change in place, and shapes that differ", () => {
  for (const bytes of ofOtherTypes(2, 3).slice(2)) {
    assert.throws(() => subtractScaled(bytes, 1, zeros(2, 3)), /has no fractions/);
  }
  for (const stride of [[0, 1], [1, 0], [1, 1], [4, 2]]) {
    const shared: Matrix = ndarray(new Float64Array(12), [2, 3], stride);
    assert.throws(() => subtractScaled(shared, 1, zeros(2, 3)), /elements share a number/);
  }
  for (const other of [zeros(3, 2), zeros(2, 4)]) {
    assert.throws(() => subtractScaled(zeros(2, 3), 1, other), /shapes .* differ/);
  }
  for (const matrix of REFUSED) {
    assert.throws(() => subtractScaled(matrix, 1, zeros(3, 3)), /^RangeError: Cannot use a matrix/);
    assert.throws(() => subtractScaled(zeros(3, 3), 1, matrix), /^RangeError: Cannot use a matrix/);
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
