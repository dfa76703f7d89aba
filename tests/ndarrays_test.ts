/** The products of ndarrays, by loops, WebAssembly and BLAS, against those of arrays. */

import assert from "node:assert/strict";
// @ts-types="@types/ndarray"
import ndarray from "ndarray";
import { memory } from "../lib/kernel/multiply.wasm";
import { type Matrix, NDARRAY_BACKENDS, subtractScaled, zeros } from "../lib/ndarrays.ts";
import { seededNormal } from "../lib/random.ts";
import { matrixMultiply } from "../naive_neural_network.ts";
import { draw, train } from "../ndarray_neural_network.ts";
import { BLAS, testIf } from "./available.ts";

const normal = seededNormal(7);
const randn = (rows: number, columns: number): Matrix =>
  ndarray(Float64Array.from({ length: rows * columns }, normal), [rows, columns]);

/** Copies a view to rows. */
function toRows(view: Matrix): number[][] {
  const row = (i: number) => Array.from({ length: view.shape[1] }, (_, j) => view.get(i, j));
  return Array.from({ length: view.shape[0] }, (_, i) => row(i));
}

/** Views of shape (rows, columns); BLAS reads the first three as they are. */
const VIEWS: Record<string, (rows: number, columns: number) => Matrix> = {
  "rows": randn,
  "columns": (rows, columns) => randn(columns, rows).transpose(1, 0),
  "some rows": (rows, columns) => randn(rows + 2, columns).lo(1, 0).hi(rows, columns),
  "slice": (rows, columns) => randn(rows + 3, columns + 5).lo(2, 1).hi(rows, columns),
  "every second row": (rows, columns) => randn(2 * rows, columns).step(2, 1),
  "every third column": (rows, columns) => randn(rows, 3 * columns).step(1, 3),
  "rows backwards": (rows, columns) => randn(rows, columns).step(-1, 1),
  "one row repeated": (rows, columns) => ndarray(randn(1, columns).data, [rows, columns], [0, 1]),
};

for (const name of ["blas", "wasm", "typescript"] as const) {
  const isAvailable = name !== "blas" || BLAS;
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

  test("every kind of view, on either side", () => {
    for (const left of Object.values(VIEWS)) {
      for (const right of Object.values(VIEWS)) assertProduct(left(5, 7), right(7, 9));
    }
  });

  test("every remainder of the block, small after large", () => {
    // So wide that the product ends where WebAssembly's memory, grown by a page, does.
    assertProduct(randn(4, 2), randn(2, (memory.buffer.byteLength + 2 ** 16 - 128) / 32));
    assertProduct(randn(40_000, 2), randn(2, 3));
    for (let size = 0; size < 5 * 3 * 9; size++) {
      const [rows, depth, columns] = [1 + size % 5, 1 + size % 3, 1 + Math.floor(size / 15)];
      assertProduct(randn(rows, depth), randn(depth, columns));
      assertProduct(randn(depth, rows).transpose(1, 0), randn(columns, depth).transpose(1, 0));
    }
  });

  test("shapes that do not fit, or are not those of matrices, are refused", () => {
    const message = "Cannot multiply matrices: shapes (2, 3) and (4, 5) do not fit";
    assert.throws(() => dot(zeros(2, 3), zeros(4, 5)), { name: "RangeError", message });
    const block = ndarray(new Float64Array(6), [3, 2, 1]);
    assert.throws(() => dot(zeros(2, 3), block), RangeError);
    assert.throws(() => dot(block, zeros(2, 3)), RangeError);
  });
}

Deno.test("subtractScaled changes its first argument alone, and refuses other layouts", () => {
  const [a, b] = [[1, 2, 3, 4], [10, 20, 30, 40]]
    .map((numbers) => ndarray(Float64Array.from(numbers), [2, 2]));
  subtractScaled(a, 0.1, b);
  assert.deepEqual([[...a.data], [...b.data]], [[0, 0, 0, 0], [10, 20, 30, 40]]);
  for (const other of [zeros(1, 4), b.transpose(1, 0)]) {
    const message = /^Cannot subtract matrices: shapes \(2, 2\) and .*, or strides, differ$/;
    assert.throws(() => subtractScaled(a, 1, other), { name: "RangeError", message });
  }
});

Deno.test("train changes the weights that it is given, and multiplies in WebAssembly", () => {
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

Deno.test("loops multiply on the backend typescript, and WebAssembly on wasm", () => {
  for (const [name, grows] of [["typescript", false], ["wasm", true]] as const) {
    const { byteLength } = memory.buffer;
    NDARRAY_BACKENDS[name]().dot(zeros(byteLength / 8 + 1, 1), zeros(1, 1));
    assert.equal(memory.buffer.byteLength > byteLength, grows, name);
  }
});
