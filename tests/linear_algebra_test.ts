/** Linear algebra against the naive script's, over views of every kind, by BLAS and without. */

import assert from "node:assert/strict";
// @ts-types="@types/ndarray"
import ndarray from "ndarray";
import { linearAlgebra, type Matrix, zeros } from "../lib/linear_algebra.ts";
import { seededNormal } from "../lib/random.ts";
import { matrixMultiply } from "../naive_neural_network.ts";
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

function assertIsNaive(product: Matrix, a: Matrix, b: Matrix) {
  const expected = matrixMultiply(fromNdarray(a), fromNdarray(b));
  assert.deepEqual(product.shape, [a.shape[0], b.shape[1]]);
  const depth = a.shape[1];
  for (const [i, row] of fromNdarray(product).entries()) {
    for (const [j, value] of row.entries()) {
      const error = Math.abs(value - expected[i][j]);
      assert.ok(error <= 1e-14 * depth, `[${i}][${j}]: ${value} is not ${expected[i][j]}`);
    }
  }
}

for (const blas of BLAS ? [undefined, BLAS] : [undefined]) {
  const { dot, subtractScaled } = linearAlgebra(blas ? { blas } : {});
  const test = (name: string, body: () => void) =>
    Deno.test(`with ${blas ? "blas" : "loops"}: ${name}`, body);

  const assertDotIsNaive = (a: Matrix, b: Matrix) => assertIsNaive(dot(a, b), a, b);

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
  });

  test("float32 numbers", () => {
    const a = ndarray(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]) as unknown as Matrix;
    const b = ndarray(Float64Array.of(1, 0, 0, 1, 1, 1), [3, 2]);
    assert.deepEqual([...dot(a, b).data], [4, 5, 10, 11]);
  });

  test("dot leaves its arguments as they are", () => {
    const [a, b] = [randn(5, 6), randn(6, 7)];
    const before = [a.data.slice(), b.data.slice()];
    dot(a, b);
    assert.deepEqual([a.data, b.data], before);
  });

  test("dot refuses shapes that do not fit", () => {
    assert.throws(() => dot(zeros(2, 3), zeros(4, 5)), {
      name: "RangeError",
      message: "Cannot multiply matrices: shapes (2, 3) and (4, 5) do not fit",
    });
    assert.throws(() => dot(ndarray(new Float64Array(6), [1, 2, 3]), zeros(2, 5)), {
      name: "RangeError",
      message: "Cannot multiply matrices: shapes (1, 2, 3) and (2, 5) do not fit",
    });
  });

  test("dot refuses a view that reaches outside its data", () => {
    const whole = randn(2, 2);
    const data = new Float64Array(4);
    const gone = randn(2, 2);
    structuredClone(gone.data, { transfer: [gone.data.buffer] });
    const outside = [
      ndarray(new Float64Array(3), [2, 2]),
      ndarray(data, [2, 2], [2, 1], 1),
      ndarray(data, [2, 2], [2, 1], -1),
      ndarray(data, [2, 2], [3, 1]),
      ndarray(data, [2, 2], [1, 3]),
      ndarray(data, [2, 2], [-2, 1], 0),
      ndarray(data, [2, 2], [2 ** 40, 1]),
      ndarray(data, [2, 2], [NaN, 1]),
      ndarray(data, [2, 2], [1.5, 1]),
      Object.assign(randn(2, 2), { offset: 0.5 }),
      ndarray(new Float64Array(0), [2, 2]),
      gone,
    ];
    for (const view of outside) {
      for (const [a, b] of [[view, whole], [whole, view]]) {
        assert.throws(() => dot(a, b), {
          name: "RangeError",
          message: "Cannot multiply matrices: a view reaches outside its data",
        });
      }
    }
  });

  test("dot is right or refuses, whatever the view: 20000 at random", () => {
    const data = Float64Array.from({ length: 12 }, normal);
    const any = (least: number, most: number) =>
      least + Math.floor(Math.abs(normal()) * 1e6) % (most - least + 1);
    const view = () =>
      ndarray(data, [any(0, 4), any(0, 4)], [any(-4, 5), any(-4, 5)], any(-1, 12)) as Matrix;
    let right = 0;
    for (let i = 0; i < 20_000; i++) {
      const [a, b] = [view(), view()];
      let product: Matrix;
      try {
        product = dot(a, b);
      } catch (error) {
        assert.match((error as Error).message, /^Cannot multiply matrices: /);
        continue;
      }
      right++;
      for (let i = 0; i < a.shape[0]; i++) {
        for (let j = 0; j < b.shape[1]; j++) {
          let expected = 0;
          for (let k = 0; k < a.shape[1]; k++) expected += a.get(i, k) * b.get(k, j);
          assert.ok(Math.abs(product.get(i, j) - expected) <= 1e-13);
        }
      }
    }
    assert.ok(right > 1000, `${right}`);
  });

  test("subtractScaled changes its first argument, and nothing else", () => {
    const data = Float64Array.from({ length: 9 }, (_, i) => i);
    const [a, b] = [ndarray(data, [2, 3], [3, 1], 2), randn(2, 3)];
    const before = [data.slice(), b.data.slice()];
    subtractScaled(a, 0.5, b);
    const expected = before[0].map((value, i) =>
      i >= 2 && i < 8 ? value - 0.5 * before[1][i - 2] : value
    );
    assert.deepEqual([data, b.data], [expected, before[1]]);
  });

  test("subtractScaled takes one row of a matrix, and one column alone", () => {
    const matrix = ndarray(Float64Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    subtractScaled(matrix.lo(1, 0), 1, matrix.hi(1, 3));
    assert.deepEqual([...matrix.data], [1, 2, 3, 3, 3, 3]);
    const column = ndarray(Float64Array.of(1, 2), [2, 1]);
    subtractScaled(column, 2, column);
    assert.deepEqual([...column.data], [-1, -2]);
  });

  test("dot refuses a shape that is none, empty or not", () => {
    for (const side of [Infinity, 0.5, -1, NaN]) {
      const [a, b] = [[side, 0], [0, 0]].map((shape) => Object.assign(zeros(0, 0), { shape }));
      assert.throws(() => dot(a, b), { name: "RangeError" });
    }
  });

  test("subtractScaled takes two views of the same memory", () => {
    const data = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const [a, b] = [2, 0].map((offset) => ndarray(data, [2, 3], [3, 1], offset));
    subtractScaled(a, 1, b);
    assert.deepEqual([...data], [1, 2, 2, 2, 2, 2, 2, 2]);
    subtractScaled(a, 2, a);
    assert.deepEqual([...data], [1, 2, -2, -2, -2, -2, -2, -2]);
  });

  test("subtractScaled refuses what it can't do, and changes nothing", () => {
    const whole = randn(2, 2);
    const before = whole.data.slice();
    const others = [
      randn(2, 4).step(1, 2),
      randn(2, 4).hi(2, 2),
      randn(2, 2).transpose(1, 0),
      randn(2, 2).step(-1, 1),
      ndarray(new Float64Array(3), [2, 2]),
      ndarray(new Float64Array(9), [2, 2], [2, 1], -1),
      Object.assign(randn(2, 3).hi(2, 2), { stride: [2, 1], offset: 0.5 }),
    ];
    for (const other of others) {
      for (const [a, b] of [[whole, other], [other, whole]]) {
        assert.throws(() => subtractScaled(a, 2, b), {
          name: "RangeError",
          message: "Cannot subtract matrices: the rows of one do not lie in one run",
        });
      }
    }
    for (const shape of [[2, 3], [4, 1], [2, 2, 1], [1, 2, 2], [4]]) {
      const other = ndarray(new Float64Array(6), shape);
      for (const [a, b] of [[whole, other], [other, whole]]) {
        assert.throws(() => subtractScaled(a, 2, b), {
          name: "RangeError",
          message: "Cannot subtract matrices: the shapes differ",
        });
      }
    }
    const [a, b] = [0, 1].map(() => ndarray(new Float64Array(4), [2, 2, 1]));
    assert.throws(() => subtractScaled(a, 2, b), { name: "RangeError" });
    assert.deepEqual(whole.data, before);
  });
}
