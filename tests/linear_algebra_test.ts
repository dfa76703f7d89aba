/** Linear algebra over views of every kind: loops, WebAssembly and BLAS, against each other. */

import assert from "node:assert/strict";
// @ts-types="@types/ndarray"
import ndarray from "ndarray";
import type { Blas } from "../lib/blas.ts";
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
import { fromNdarray } from "./networks.ts";

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

/** Fails if a product is not that of the naive script: for BLAS but for rounding. */
function assertProduct(name: string, { dot }: LinearAlgebra, a: Matrix, b: Matrix) {
  const product = dot(a, b);
  assert.deepEqual(product.shape, [a.shape[0], b.shape[1]]);
  const expected = matrixMultiply(fromNdarray(a), fromNdarray(b)).flat();
  if (name !== "BLAS") return assert.deepEqual([...product.data], expected);
  for (const [i, value] of expected.entries()) {
    const error = Math.abs(product.data[i] - value);
    assert.ok(error <= 1e-14 * a.shape[1], `${i}: ${product.data[i]} is not ${value}`);
  }
}

for (const [name, algebra] of Object.entries(ALGEBRAS)) {
  const { dot, subtractScaled } = algebra;
  const test = (what: string, body: () => void) => Deno.test(`${name}: ${what}`, body);

  test("every kind of view by every other, and every remainder of the block", () => {
    for (const makeA of Object.values(VIEWS)) {
      for (const makeB of Object.values(VIEWS)) {
        for (const [rows, depth, columns] of [[5, 7, 9], [4, 8, 12], [1, 3, 1], [3, 1, 3]]) {
          assertProduct(name, algebra, makeA(rows, depth), makeB(depth, columns));
        }
      }
    }
    for (let size = 0; size < 5 * 3 * 9; size++) {
      const [rows, depth, columns] = [1 + size % 5, 1 + size % 3, 1 + Math.floor(size / 15)];
      assertProduct(name, algebra, randn(rows, depth), randn(depth, columns));
    }
  });

  test("strips of columns, and a small product after a large one", () => {
    for (const shape of [[6, 1001, 70], [9, 40_000, 6], [3, 2, 40_000], [2, 3, 2]]) {
      const [rows, depth, columns] = shape;
      assertProduct(name, algebra, randn(rows, depth), randn(depth, columns));
    }
  });

  test("nothing to add up gives zeros", () => {
    dot(randn(9, 9), randn(9, 9));
    assert.deepEqual([...dot(zeros(2, 0), zeros(0, 3)).data], [0, 0, 0, 0, 0, 0]);
    assert.deepEqual(dot(zeros(0, 2), zeros(2, 3)).shape, [0, 3]);
    assert.deepEqual(dot(zeros(2, 3), zeros(3, 0)).shape, [2, 0]);
  });

  test("numbers that are no numbers stay where they belong", () => {
    const [a, b] = [randn(5, 3), randn(3, 6)];
    a.set(4, 2, Infinity);
    b.set(0, 5, NaN);
    b.set(1, 0, -0);
    const product = fromNdarray(dot(a, b));
    const isNumber = (i: number, j: number) => i < 4 && j < 5;
    for (const [i, row] of product.entries()) {
      for (const [j, value] of row.entries()) assert.equal(Number.isFinite(value), isNumber(i, j));
    }
  });

  test("float32 numbers, and arguments that stay as they are", () => {
    const a = ndarray(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]) as unknown as Matrix;
    const b = ndarray(Float64Array.of(1, 0, 0, 1, 1, 1), [3, 2]);
    const before = [a.data.slice(), b.data.slice()];
    assert.deepEqual([...dot(a, b).data], [4, 5, 10, 11]);
    assert.deepEqual([a.data, b.data], before);
  });

  test("dot is right or refuses, whatever the view: 20000 at random", () => {
    const { randn, any } = random();
    const { data } = randn(1, 12);
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
      const [expected, tolerance] = [inTypescript.dot(a, b), name === "BLAS" ? 1e-13 : 0];
      for (const [i, value] of expected.data.entries()) {
        assert.ok(Math.abs(product.data[i] - value) <= tolerance);
      }
    }
    assert.ok(right > 1000, `${right}`);
  });

  test("dot refuses shapes that do not fit, or that are none", () => {
    const message = (a: string, b: string) => ({
      name: "RangeError",
      message: `Cannot multiply matrices: shapes (${a}) and (${b}) do not fit`,
    });
    assert.throws(() => dot(zeros(2, 3), zeros(4, 5)), message("2, 3", "4, 5"));
    const cube = ndarray(new Float64Array(6), [1, 2, 3]);
    assert.throws(() => dot(cube, zeros(2, 5)), message("1, 2, 3", "2, 5"));
    for (const side of [Infinity, 0.5, -1, NaN]) {
      const [a, b] = [[side, 0], [0, 0]].map((shape) => Object.assign(zeros(0, 0), { shape }));
      assert.throws(() => dot(a, b), { name: "RangeError" });
    }
  });

  test("dot refuses a view that reaches outside its data", () => {
    const whole = randn(2, 2);
    const gone = randn(2, 2);
    structuredClone(gone.data, { transfer: [gone.data.buffer] });
    const of = (length: number, stride = [2, 1], offset = 0) =>
      ndarray(new Float64Array(length), [2, 2], stride, offset);
    const outside = [
      ...[of(3), of(0), of(4, [2, 1], 1), of(4, [2, 1], -1), of(4, [3, 1]), of(4, [1, 3])],
      ...[of(4, [-2, 1]), of(4, [2 ** 40, 1]), of(4, [NaN, 1]), of(4, [1.5, 1])],
      ...[Object.assign(randn(2, 2), { offset: 0.5 }), gone],
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
    const others: [Matrix, reason: string][] = [
      ...[randn(2, 4).step(1, 2), randn(2, 4).hi(2, 2), randn(2, 2).transpose(1, 0)],
      ...[randn(2, 2).step(-1, 1), ndarray(new Float64Array(3), [2, 2])],
      ...[ndarray(new Float64Array(9), [2, 2], [2, 1], -1)],
    ].map((view) => [view, "the rows of one do not lie in one run"]);
    for (const shape of [[2, 3], [4, 1], [2, 2, 1], [4]]) {
      others.push([ndarray(new Float64Array(6), shape), "the shapes differ"]);
    }
    for (const [other, reason] of others) {
      for (const [a, b] of [[whole, other], [other, whole]]) {
        assert.throws(() => subtractScaled(a, 2, b), {
          name: "RangeError",
          message: `Cannot subtract matrices: ${reason}`,
        });
      }
    }
    assert.deepEqual(whole.data, before);
  });
}

Deno.test("WebAssembly: its memory grows as far as a product needs, or loops multiply", () => {
  const { dot } = linearAlgebra();
  /** A product that takes twice the memory that there is; gives the bytes that it takes. */
  const product = () => {
    const rows = Math.ceil(memory.buffer.byteLength / 8);
    const column = ndarray(new Float64Array(rows).fill(2), [rows, 1]);
    assert.ok(dot(column, ndarray(Float64Array.of(3), [1, 1])).data.every((value) => value === 6));
    return 8 * (2 * 4 * Math.ceil(rows / 4) + 2 * 4 + 4 * 4);
  };
  const needed = product();
  const { byteLength } = memory.buffer;
  assert.ok(byteLength >= needed && byteLength < needed + 2 ** 16, `${byteLength} for ${needed}`);

  const { grow } = WebAssembly.Memory.prototype;
  WebAssembly.Memory.prototype.grow = () => {
    throw new RangeError("no room");
  };
  try {
    product();
  } finally {
    WebAssembly.Memory.prototype.grow = grow;
  }
  assert.equal(memory.buffer.byteLength, byteLength);
});

Deno.test("BLAS gets every product that it can take, as it lies in memory, and every update", () => {
  const calls: unknown[] = [];
  const counting: Blas = {
    library: "a test",
    gemm: (shape, a, b, result) => {
      const [left, right] = [a, b].map((operand) => [operand.leadingDimension, operand.transposed]);
      calls.push([shape, left, right]);
      result.fill(5);
    },
    axpy: (alpha, x, y) => calls.push([alpha, x.length, y.length]),
  };
  const { dot, subtractScaled } = linearAlgebra({ blas: counting });
  for (const [name, view] of Object.entries(VIEWS)) {
    calls.length = 0;
    dot(view(4, 6), randn(6, 3));
    dot(randn(3, 4), view(4, 6));
    assert.equal(calls.length, BLAS_TAKES.includes(name) ? 2 : 0, name);
  }
  calls.length = 0;
  dot(randn(2, 9).lo(0, 1).hi(2, 3), randn(4, 3).transpose(1, 0));
  dot(randn(1, 3), randn(3, 1));
  subtractScaled(randn(2, 3), 0.5, randn(2, 3));
  assert.deepEqual(calls, [
    [{ rows: 2, depth: 3, columns: 4 }, [9, false], [3, true]],
    [{ rows: 1, depth: 3, columns: 1 }, [3, false], [1, false]],
    [-0.5, 6, 6],
  ]);
});
