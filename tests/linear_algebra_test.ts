/** Linear algebra over views of every kind: loops, WebAssembly and BLAS, against each other. */

import assert from "node:assert/strict";
// @ts-types="@types/ndarray"
import ndarray from "ndarray";
import { memory } from "../lib/kernel/multiply.wasm";
import {
  type LinearAlgebra,
  linearAlgebra,
  type Matrix,
  multiplyInTypescript,
  zeros,
} from "../lib/linear_algebra.ts";
import { seededNormal } from "../lib/random.ts";
import { matrixMultiply } from "../naive_neural_network.ts";
import { BLAS } from "./available.ts";

/** Copies a view to rows. */
const fromNdarray = (view: Matrix) =>
  Array.from(
    { length: view.shape[0] },
    (_, i) => Array.from({ length: view.shape[1] }, (_, j) => view.get(i, j)),
  );

/** Draws matrices and whole numbers, the same in every test. */
function random() {
  const normal = seededNormal(7);
  const randn = (rows: number, columns: number): Matrix =>
    ndarray(Float64Array.from({ length: rows * columns }, normal), [rows, columns]);
  const any = (least: number, most: number) =>
    least + Math.floor(Math.abs(normal()) * 1e6) % (most - least + 1);
  return { randn, any };
}
const { randn } = random();

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
const BLAS_TAKES = Object.keys(VIEWS).slice(0, 5);

const inTypescript = linearAlgebra({ multiply: multiplyInTypescript });
const ALGEBRAS: Record<string, LinearAlgebra> = {
  "loops in TypeScript": inTypescript,
  "WebAssembly": linearAlgebra(),
  ...(BLAS && { BLAS: linearAlgebra({ blas: BLAS }) }),
};

for (const [name, algebra] of Object.entries(ALGEBRAS)) {
  const { dot, subtractScaled } = algebra;
  const test = (what: string, body: () => void) => Deno.test(`${name}: ${what}`, body);

  /** Fails if a product is not that of the naive script: for BLAS but for rounding. */
  const assertProduct = (a: Matrix, b: Matrix) => {
    const product = dot(a, b);
    assert.deepEqual(product.shape, [a.shape[0], b.shape[1]]);
    const expected = matrixMultiply(fromNdarray(a), fromNdarray(b)).flat();
    if (name !== "BLAS") return assert.deepEqual([...product.data], expected);
    for (const [i, value] of expected.entries()) {
      const error = Math.abs(product.data[i] - value);
      assert.ok(error <= 1e-14 * a.shape[1], `${i}: ${product.data[i]} is not ${value}`);
    }
  };

  test("every kind of view, every remainder of the block, small after large", () => {
    for (const view of Object.values(VIEWS)) {
      for (const [rows, depth, columns] of [[5, 7, 9], [4, 8, 12], [1, 3, 1], [3, 1, 3]]) {
        assertProduct(view(rows, depth), view(depth, columns));
      }
    }
    for (let size = 0; size < 5 * 3 * 9; size++) {
      const [rows, depth, columns] = [1 + size % 5, 1 + size % 3, 1 + Math.floor(size / 15)];
      assertProduct(randn(rows, depth), randn(depth, columns));
    }
    for (
      const [rows, depth, columns] of [[9, 40_000, 6], [3, 2, 40_000], [40_000, 2, 3], [2, 3, 2]]
    ) {
      assertProduct(randn(rows, depth), randn(depth, columns));
    }
  });

  test("nothing, what is no number, and float32", () => {
    assert.deepEqual([...dot(zeros(2, 0), zeros(0, 3)).data], [0, 0, 0, 0, 0, 0]);
    assert.deepEqual(dot(zeros(0, 2), zeros(2, 3)).shape, [0, 3]);
    assert.deepEqual(dot(zeros(2, 3), zeros(3, 0)).shape, [2, 0]);
    const [a, b] = [randn(5, 3), randn(3, 6)];
    a.set(4, 2, Infinity);
    b.set(0, 5, NaN);
    for (const [i, row] of fromNdarray(dot(a, b)).entries()) {
      for (const [j, value] of row.entries()) assert.equal(Number.isFinite(value), i < 4 && j < 5);
    }
    const single = ndarray(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]) as unknown as Matrix;
    assert.deepEqual([...dot(single, ndarray(Float64Array.of(1, 0, 0, 1, 1, 1), [3, 2])).data], [
      4,
      5,
      10,
      11,
    ]);
  });

  test("dot is right or refuses, whatever the view: 20000 at random", () => {
    const { randn, any } = random();
    const { data } = randn(1, 12);
    const view = () =>
      ndarray(data, [any(0, 4), any(0, 4)], [any(-4, 5), any(-4, 5)], any(-1, 12)) as Matrix;
    /** Every number of a view, if it is inside its data. */
    const isInside = (view: Matrix) =>
      fromNdarray(view).flat().every((value) => value !== undefined);
    let right = 0;
    for (let i = 0; i < 20_000; i++) {
      const [a, b] = [view(), view()];
      if (a.shape[1] !== b.shape[0] || !isInside(a) || !isInside(b)) {
        assert.throws(() => dot(a, b), {
          name: "RangeError",
          message: /^Cannot (multiply|compute)/,
        });
        continue;
      }
      right++;
      const [expected, tolerance] = [inTypescript.dot(a, b), name === "BLAS" ? 1e-13 : 0];
      for (const [i, value] of dot(a, b).data.entries()) {
        assert.ok(Math.abs(expected.data[i] - value) <= tolerance);
      }
    }
    assert.ok(right > 1000, `${right}`);
  });

  test("dot refuses shapes that do not fit, and what is no matrix", () => {
    const message = "Cannot multiply matrices: shapes (2, 3) and (4, 5) do not fit";
    assert.throws(() => dot(zeros(2, 3), zeros(4, 5)), { name: "RangeError", message });
    assert.throws(() => dot(ndarray(new Float64Array(6), [1, 2, 3]), zeros(2, 5)), RangeError);
    const gone = randn(2, 2);
    structuredClone(gone.data, { transfer: [gone.data.buffer] });
    const outside = [
      ...[[2 ** 40, 1], [NaN, 1], [1.5, 1]].map((stride) =>
        ndarray(randn(2, 2).data, [2, 2], stride)
      ),
      ...[
        Object.assign(randn(2, 2), { offset: 0.5 }),
        Object.assign(randn(2, 2), { shape: [2.5, 2] }),
        gone,
      ],
    ];
    for (const view of outside) {
      assert.throws(() => dot(view, randn(2, 2)), RangeError);
      assert.throws(() => subtractScaled(view, 1, randn(2, 2)), RangeError);
    }
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
    // One row of a matrix, one column alone, and two views of one memory.
    const matrix = ndarray(Float64Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    subtractScaled(matrix.lo(1, 0), 1, matrix.hi(1, 3));
    assert.deepEqual([...matrix.data], [1, 2, 3, 3, 3, 3]);
    const column = ndarray(Float64Array.of(1, 2), [2, 1]);
    subtractScaled(column, 2, column);
    assert.deepEqual([...column.data], [-1, -2]);
    const shared = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const [later, earlier] = [2, 0].map((offset) => ndarray(shared, [2, 3], [3, 1], offset));
    subtractScaled(later, 1, earlier);
    assert.deepEqual([...shared], [1, 2, 2, 2, 2, 2, 2, 2]);
  });

  test("subtractScaled refuses what it can't do, and changes nothing", () => {
    const whole = randn(2, 2);
    const before = whole.data.slice();
    const others: Matrix[] = [
      ...[randn(2, 4).step(1, 2), randn(2, 4).hi(2, 2), randn(2, 2).transpose(1, 0)],
      ...[randn(2, 2).step(-1, 1), ndarray(new Float64Array(3), [2, 2])],
      ...[ndarray(new Float64Array(9), [2, 2], [2, 1], -1)],
      ...[[2, 3], [4, 1], [2, 2, 1], [4]].map((shape) => ndarray(new Float64Array(6), shape)),
    ];
    for (const other of others) {
      for (const [a, b] of [[whole, other], [other, whole]]) {
        assert.throws(() => subtractScaled(a, 2, b), { name: "RangeError", message: /^Cannot / });
      }
    }
    assert.deepEqual(whole.data, before);
  });
}

Deno.test("WebAssembly's memory grows as far as a product needs, and no further than 4 GB", () => {
  const { dot } = linearAlgebra();
  // Twice what is there.
  const rows = Math.ceil(memory.buffer.byteLength / 8);
  const column = ndarray(new Float64Array(rows).fill(2), [rows, 1]);
  assert.ok(dot(column, ndarray(Float64Array.of(3), [1, 1])).data.every((value) => value === 6));
  const needed = 8 * (2 * 4 * Math.ceil(rows / 4) + 2 * 4 + 4 * 4 * Math.ceil(rows / 4));
  const { byteLength } = memory.buffer;
  assert.ok(byteLength >= needed && byteLength < needed + 2 ** 16, `${byteLength} for ${needed}`);
  const one = ndarray(Float64Array.of(1), [1, 2 ** 27], [0, 0]);
  assert.throws(() => dot(one, one.transpose(1, 0)), { name: "RangeError", message: /[Mm]emory/ });
  assert.equal(memory.buffer.byteLength, byteLength);
});

Deno.test("BLAS gets every product that it can take, as it lies in memory, and every update", () => {
  const calls: unknown[] = [];
  const { dot, subtractScaled } = linearAlgebra({
    blas: {
      library: "a test",
      gemm: (shape, a, b) =>
        calls.push([shape, ...[a, b].map((side) => [side.leadingDimension, side.transposed])]),
      axpy: (alpha, x, y) => calls.push([alpha, x.length, y.length]),
    },
  });
  for (const [name, view] of Object.entries(VIEWS)) {
    calls.length = 0;
    dot(view(4, 6), randn(6, 3));
    dot(randn(3, 4), view(4, 6));
    assert.equal(calls.length, BLAS_TAKES.includes(name) ? 2 : 0, name);
  }
  calls.length = 0;
  dot(randn(2, 9).lo(0, 1).hi(2, 3), randn(4, 3).transpose(1, 0));
  dot(randn(1, 3), randn(3, 1));
  dot(randn(2, 1), randn(3, 1).transpose(1, 0));
  subtractScaled(randn(2, 3), 0.5, randn(2, 3));
  assert.deepEqual(calls, [
    [{ rows: 2, depth: 3, columns: 4 }, [9, false], [3, true]],
    [{ rows: 1, depth: 3, columns: 1 }, [3, false], [1, false]],
    [{ rows: 2, depth: 1, columns: 3 }, [1, false], [1, true]],
    [-0.5, 6, 6],
  ]);
});
