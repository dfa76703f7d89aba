/** `dot` against the naive product, over views of every kind, by BLAS and without. */

import assert from "node:assert/strict";
// @ts-types="@types/ndarray"
import ndarray from "ndarray";
import { closeBlas, openBlas } from "../lib/blas.ts";
import { seededNormal } from "../lib/random.ts";
import { matrixMultiply } from "../naive_neural_network.ts";
import { dot, type Matrix, zeros } from "../ndarray_neural_network.ts";
import { BLAS } from "./available.ts";
import { fromNdarray } from "./networks.ts";

const normal = seededNormal(7);
const randn = (rows: number, columns: number): Matrix =>
  ndarray(Float64Array.from({ length: rows * columns }, normal), [rows, columns]);

/** Views of shape (rows, columns), each laid out in memory in another way. */
const VIEWS: Record<string, (rows: number, columns: number) => Matrix> = {
  "row-major": randn,
  "transposed": (rows, columns) => randn(columns, rows).transpose(1, 0),
  "sliced": (rows, columns) => randn(rows + 3, columns + 5).lo(2, 1).hi(rows, columns),
  "transposed slice": (rows, columns) =>
    randn(columns + 2, rows + 4).lo(1, 3).hi(columns, rows).transpose(1, 0),
  "every second row": (rows, columns) => randn(2 * rows, columns).step(2, 1),
  "every third column": (rows, columns) => randn(rows, 3 * columns).step(1, 3),
  "rows backwards": (rows, columns) => randn(rows, columns).step(-1, 1),
  "columns backwards": (rows, columns) => randn(rows, columns).step(1, -1),
  "one row repeated": (rows, columns) => ndarray(randn(1, columns).data, [rows, columns], [0, 1]),
};

function assertDotIsNaive(a: Matrix, b: Matrix) {
  const product = dot(a, b);
  const expected = matrixMultiply(fromNdarray(a), fromNdarray(b));
  assert.deepEqual(product.shape, [a.shape[0], b.shape[1]]);
  const depth = a.shape[1]!;
  for (const [i, row] of fromNdarray(product).entries()) {
    for (const [j, value] of row.entries()) {
      const error = Math.abs(value - expected[i]![j]!);
      assert.ok(error <= 1e-14 * depth, `[${i}][${j}]: ${value} is not ${expected[i]![j]}`);
    }
  }
}

for (const backend of BLAS ? ["typescript", "blas"] : ["typescript"]) {
  /** A test with the backend open while it runs. */
  const test = (name: string, body: () => void) =>
    Deno.test(`dot with ${backend}: ${name}`, () => {
      if (backend === "blas") openBlas();
      try {
        body();
      } finally {
        closeBlas();
      }
    });

  for (const [aName, makeA] of Object.entries(VIEWS)) {
    for (const [bName, makeB] of Object.entries(VIEWS)) {
      test(`${aName} by ${bName}`, () => {
        assertDotIsNaive(makeA(5, 7), makeB(7, 9));
        assertDotIsNaive(makeA(4, 8), makeB(8, 12));
        assertDotIsNaive(makeA(1, 3), makeB(3, 1));
        assertDotIsNaive(makeA(3, 1), makeB(1, 3));
      });
    }
  }

  test("every remainder of the block", () => {
    for (let rows = 1; rows <= 5; rows++) {
      for (let depth = 1; depth <= 3; depth++) {
        for (let columns = 1; columns <= 9; columns++) {
          assertDotIsNaive(randn(rows, depth), randn(depth, columns));
        }
      }
    }
  });

  test("random shapes", () => {
    const size = () => 1 + Math.floor(Math.abs(normal()) * 30);
    for (let i = 0; i < 50; i++) {
      const [rows, depth, columns] = [size(), size(), size()];
      assertDotIsNaive(randn(rows, depth), randn(depth, columns));
    }
  });

  test("nothing to add up gives zeros", () => {
    assert.deepEqual([...dot(zeros(2, 0), zeros(0, 3)).data], [0, 0, 0, 0, 0, 0]);
    assert.deepEqual(dot(zeros(0, 2), zeros(2, 3)).shape, [0, 3]);
    assert.deepEqual(dot(zeros(2, 3), zeros(3, 0)).shape, [2, 0]);
    const out = ndarray(Float64Array.of(1, 2, 3, 4), [2, 2]);
    assert.deepEqual([...dot(zeros(2, 0), zeros(0, 2), out).data], [0, 0, 0, 0]);
  });

  test("float32 numbers", () => {
    const a = ndarray(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]) as unknown as Matrix;
    const b = ndarray(Float64Array.of(1, 0, 0, 1, 1, 1), [3, 2]);
    assert.deepEqual([...dot(a, b).data], [4, 5, 10, 11]);
  });

  test("the result goes to out", () => {
    const [a, b, out] = [randn(3, 4), randn(4, 5), randn(3, 5)];
    const product = dot(a, b, out);
    assert.equal(product, out);
    assert.deepEqual(out.data, dot(a, b).data);
  });

  test("out that is not the whole result is refused", () => {
    const [a, b] = [zeros(2, 3), zeros(3, 4)];
    for (const out of [zeros(4, 2), zeros(4, 2).transpose(1, 0), zeros(3, 4).hi(2, 4)]) {
      assert.throws(() => dot(a, b, out), {
        name: "RangeError",
        message: "Cannot multiply matrices: out is not a whole (2, 4) matrix",
      });
    }
  });
}

Deno.test("dot leaves its arguments as they are", () => {
  const [a, b] = [randn(5, 6), randn(6, 7)];
  const before = [a.data.slice(), b.data.slice()];
  dot(a, b);
  assert.deepEqual([a.data, b.data], before);
});

Deno.test("dot refuses shapes that do not fit", () => {
  assert.throws(() => dot(zeros(2, 3), zeros(4, 5)), {
    name: "RangeError",
    message: "Cannot multiply matrices: shapes (2, 3) and (4, 5) do not fit",
  });
  assert.throws(() => dot(ndarray(new Float64Array(6), [1, 2, 3]), zeros(2, 5)), {
    name: "RangeError",
    message: "Cannot multiply matrices: shapes (1, 2, 3) and (2, 5) do not fit",
  });
});
