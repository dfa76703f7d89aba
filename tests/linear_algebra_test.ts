/** Linear algebra over views of every kind: loops, WebAssembly and BLAS, against arrays. */

import assert from "node:assert/strict";
// @ts-types="@types/ndarray"
import ndarray from "ndarray";
import { memory } from "../lib/kernel/multiply.wasm";
import { linearAlgebra, type Matrix, multiplyInTypescript, zeros } from "../lib/linear_algebra.ts";
import { seededNormal } from "../lib/random.ts";
import { matrixMultiply } from "../naive_neural_network.ts";
import { BLAS } from "./available.ts";

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

/** Copies a view to rows; where it is outside of its data, `undefined` stands. */
function toRows(view: Matrix): number[][] {
  const row = (i: number) => Array.from({ length: view.shape[1] }, (_, j) => view.get(i, j));
  return Array.from({ length: view.shape[0] }, (_, i) => row(i));
}

/** Views of shape (rows, columns); BLAS takes the first five. */
const VIEWS: Record<string, (rows: number, columns: number) => Matrix> = {
  "rows": randn,
  "columns": (rows, columns) => randn(columns, rows).transpose(1, 0),
  "slice": (rows, columns) => randn(rows + 3, columns + 5).lo(2, 1).hi(rows, columns),
  "slice of columns": (rows, columns) => VIEWS.slice(columns, rows).transpose(1, 0),
  "every second row": (rows, columns) => randn(2 * rows, columns).step(2, 1),
  "every third column": (rows, columns) => randn(rows, 3 * columns).step(1, 3),
  "rows backwards": (rows, columns) => randn(rows, columns).step(-1, 1),
  "columns backwards": (rows, columns) => randn(rows, columns).step(1, -1),
  "one row repeated": (rows, columns) => ndarray(randn(1, columns).data, [rows, columns], [0, 1]),
};

const ALGEBRAS = {
  "loops in TypeScript": linearAlgebra({ multiply: multiplyInTypescript }),
  "WebAssembly": linearAlgebra(),
  ...(BLAS && { BLAS: linearAlgebra({ blas: BLAS }) }),
};

for (const [name, { dot, subtractScaled }] of Object.entries(ALGEBRAS)) {
  const test = (what: string, body: () => void) => Deno.test(`${name}: ${what}`, body);

  /** Fails if a product is not that of arrays: for BLAS but for rounding. */
  const assertProduct = (a: Matrix, b: Matrix) => {
    const product = dot(a, b);
    assert.deepEqual(product.shape, [a.shape[0], b.shape[1]]);
    if (product.size === 0) return;
    const expected = matrixMultiply(toRows(a), toRows(b)).flat();
    if (name !== "BLAS") return assert.deepEqual([...product.data], expected);
    for (const [i, value] of expected.entries()) {
      const error = Math.abs(product.data[i] - value);
      assert.ok(error <= 2e-14 * a.shape[1], `${i}: ${product.data[i]} is not ${value}`);
    }
  };

  test("every kind of view, every remainder of the block, small after large", () => {
    for (const view of Object.values(VIEWS)) assertProduct(view(5, 7), view(7, 9));
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

  test("any view is multiplied right, or refused: 10000 at random", () => {
    const { randn, any } = random();
    const { data } = randn(1, 12);
    const view = () =>
      ndarray(data, [any(0, 4), any(0, 4)], [any(-4, 5), any(-4, 5)], any(-1, 12)) as Matrix;
    const isOutside = (view: Matrix) => toRows(view).flat().includes(undefined!);
    for (let i = 0; i < 10_000; i++) {
      const [a, b] = [view(), view()];
      if (a.shape[1] !== b.shape[0] || isOutside(a) || isOutside(b)) {
        const refused = { name: "RangeError", message: /^Cannot (multiply|compute)/ };
        assert.throws(() => dot(a, b), refused);
        continue;
      }
      // matrixMultiply takes no matrix without rows or columns; the product is of zeros.
      if (a.size > 0 && b.size > 0) assertProduct(a, b);
      else assert.ok(dot(a, b).data.every((value) => value === 0));
    }
  });

  test("infinite numbers stay where they belong, float32 will do, and no other shape", () => {
    const [a, b] = [randn(5, 3), randn(3, 6)];
    a.set(4, 2, Infinity);
    b.set(0, 5, NaN);
    for (const [i, row] of toRows(dot(a, b)).entries()) {
      for (const [j, value] of row.entries()) assert.equal(Number.isFinite(value), i < 4 && j < 5);
    }
    const single = ndarray(Float32Array.of(1, 2, 3, 4), [2, 2]) as unknown as Matrix;
    const double = ndarray(Float64Array.of(1, 0, 1, 1), [2, 2]);
    assert.deepEqual([...dot(single, double).data], [3, 2, 7, 4]);

    const message = "Cannot multiply matrices: shapes (2, 3) and (4, 5) do not fit";
    assert.throws(() => dot(zeros(2, 3), zeros(4, 5)), { name: "RangeError", message });
    assert.throws(() => dot(ndarray(new Float64Array(6), [1, 2, 3]), zeros(2, 5)), RangeError);
    const { data } = randn(2, 2);
    structuredClone(data, { transfer: [data.buffer] });
    const strides = [2 ** 40, NaN].map((down) => ({ stride: [down, 1] }));
    const changes = [{ data }, { offset: 0.5 }, { shape: [2.5, 2] }, ...strides];
    for (const change of changes) {
      const broken = Object.assign(randn(2, 2), change);
      assert.throws(() => dot(broken, randn(2, 2)), RangeError);
      assert.throws(() => subtractScaled(broken, 1, randn(2, 2)), RangeError);
    }
  });

  test("subtractScaled changes its first argument and nothing else, or refuses", () => {
    const subtracted = (a: Matrix, factor: number, b: Matrix) => {
      subtractScaled(a, factor, b);
      return [...a.data];
    };
    const matrix = (...rows: number[][]) =>
      ndarray(Float64Array.from(rows.flat()), [rows.length, rows[0].length]);
    const b = matrix([1, 2], [3, 4]);
    const inside = ndarray(Float64Array.of(9, 9, 9, 9, 9, 9), [2, 2], [2, 1], 1);
    assert.deepEqual(subtracted(inside, 0.5, b), [9, 8.5, 8, 7.5, 7, 9]);
    assert.deepEqual([...b.data], [1, 2, 3, 4]);
    const column = matrix([1], [2]);
    assert.deepEqual(subtracted(column, 2, column), [-1, -2]);
    // Views of one memory.
    const whole = matrix([1, 2, 3], [4, 5, 6]);
    assert.deepEqual(subtracted(whole.lo(1, 0), 1, whole.hi(1, 3)), [1, 2, 3, 3, 3, 3]);
    const ones = matrix([1], [1]).transpose(1, 0);
    assert.deepEqual(subtracted(whole.hi(1, 2), 1, ones), [0, 1, 3, 3, 3, 3]);
    assert.deepEqual(subtracted(zeros(0, 5), 1, zeros(0, 5)), []);
    const shared = Float64Array.of(1, 2, 3, 4, 5, 6);
    const [later, earlier] = [2, 0].map((offset) => ndarray(shared, [2, 2], [2, 1], offset));
    assert.deepEqual(subtracted(later, 1, earlier), [1, 2, 2, 2, 2, 2]);

    const others = Object.values(VIEWS).slice(1).map((view) => view(2, 2));
    others.push(
      ...[[2, 3], [4, 1], [2, 2, 1]].map((shape) => ndarray(new Float64Array(6), shape)),
    );
    others.push(
      ndarray(new Float64Array(3), [2, 2]),
      ndarray(new Float64Array(9), [2, 2], [2, 1], -1),
    );
    const cube = ndarray(new Float64Array(8), [2, 2, 2], [2, 1, 4]);
    assert.throws(() => subtractScaled(cube, 1, cube), RangeError);
    for (const other of others) {
      const refused = { name: "RangeError", message: /^Cannot (subtract|compute)/ };
      assert.throws(() => subtractScaled(b, 2, other), refused);
      assert.throws(() => subtractScaled(other, 2, b), refused);
    }
    assert.deepEqual([...b.data], [1, 2, 3, 4]);
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
  // The kernel's addresses end before 4 GB, where they would start again from 0.
  const wide = ndarray(Float64Array.of(1), [1, 2 ** 27 - 8], [0, 0]);
  assert.throws(() => dot(randn(1, 1), wide), { name: "RangeError", message: /Memory.grow/ });
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
  for (const [i, view] of Object.values(VIEWS).entries()) {
    calls.length = 0;
    dot(view(4, 6), randn(6, 3));
    dot(randn(3, 4), view(4, 6));
    assert.equal(calls.length, i < 5 ? 2 : 0, `${i}`);
  }
  calls.length = 0;
  dot(VIEWS.slice(2, 3), VIEWS.columns(3, 4));
  dot(randn(1, 3), randn(3, 1));
  dot(randn(2, 1), VIEWS.columns(1, 3));
  subtractScaled(randn(2, 3), 0.5, randn(2, 3));
  assert.deepEqual(calls, [
    [{ rows: 2, depth: 3, columns: 4 }, [8, false], [3, true]],
    [{ rows: 1, depth: 3, columns: 1 }, [3, false], [1, false]],
    [{ rows: 2, depth: 1, columns: 3 }, [1, false], [1, true]],
    [-0.5, 6, 6],
  ]);
});
