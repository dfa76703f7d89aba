/**
 * What ndarray-ops lacks: the matrix product of ndarrays, by the BLAS library of this
 * machine, by WebAssembly or by loops; and the update of weights in one pass.
 *
 * @module
 */

// @ts-types="@types/ndarray"
import ndarray, { type NdArray } from "ndarray";
import type { Blas, Operand } from "./blas.ts";
import { memory, multiply } from "./kernel/multiply.wasm";

/** A matrix: two-dimensional, of float64. */
export type Matrix = NdArray<Float64Array<ArrayBuffer>>;

/** A matrix of zeros: NumPy's `np.zeros((rows, columns))`. */
export function zeros(rows: number, columns: number): Matrix {
  return ndarray(new Float64Array(rows * columns), [rows, columns]);
}

/** What {@linkcode linearAlgebra} gives. */
export interface LinearAlgebra {
  /**
   * The matrix product of `a` (n, k) and `b` (k, m), of shape (n, m): NumPy's
   * `a.dot(b)`. Views with any strides and offset will do.
   *
   * @throws {RangeError} If `a` or `b` is not two-dimensional or reaches outside its
   *   data, if `a` does not have as many columns as `b` has rows, or if WebAssembly's
   *   4 GB can't hold them.
   */
  dot(a: Matrix, b: Matrix): Matrix;
  /**
   * Subtracts `factor` times `b` from `a` in place, both of one shape: NumPy's
   * `a -= factor * b`, without the matrix in between.
   *
   * @throws {RangeError} If the shapes differ, or if the rows of one do not lie
   *   one right after the other in its data.
   */
  subtractScaled(a: Matrix, factor: number, b: Matrix): void;
}

/**
 * Linear algebra by a BLAS library, as in NumPy, or by `multiply` without one. A view that
 * BLAS does not take (backwards, with gaps between its numbers, empty, or not of float64)
 * is left to `multiply`.
 */
export function linearAlgebra(
  { blas, multiply = multiplyInWasm }: { blas?: Blas; multiply?: typeof multiplyInWasm } = {},
): LinearAlgebra {
  return {
    dot(a, b) {
      if (a.dimension !== 2 || b.dimension !== 2 || a.shape[1] !== b.shape[0]) {
        const shapes = [a, b].map(({ shape }) => `(${shape.join(", ")})`);
        throw new RangeError(`Cannot multiply matrices: shapes ${shapes.join(" and ")} do not fit`);
      }
      checkInside(a);
      checkInside(b);
      const [left, right] = blas ? [operand(a), operand(b)] : [];
      const [rows, depth] = a.shape;
      const columns = b.shape[1];
      const result = zeros(rows, columns);
      if (blas && left && right) blas.gemm({ rows, depth, columns }, left, right, result.data);
      else multiply(a, b, result);
      return result;
    },
    subtractScaled(a, factor, b) {
      if (a.dimension !== 2 || a.shape.join() !== b.shape.join()) {
        throw new RangeError("Cannot subtract matrices: they are not two of one shape");
      }
      const to = numbersOf(a);
      let from = numbersOf(b);
      // Where both share memory, a copy is read.
      if (from.buffer === to.buffer) from = from.slice();
      if (blas) blas.axpy(-factor, from, to);
      else for (let i = 0; i < to.length; i++) to[i] -= factor * from[i];
    },
  };
}

/** Fails if a view has an element outside its data. */
function checkInside({ data, shape: [rows, columns], stride: [down, across], offset }: Matrix) {
  const corners = [0, (rows - 1) * down].flatMap((y) => [y, y + (columns - 1) * across]);
  const isInside = corners.every((corner) => data[offset + corner] !== undefined);
  if (!isInside && rows !== 0 && columns !== 0) {
    throw new RangeError("Cannot compute: a matrix reaches outside its data");
  }
}

/**
 * Describes a view to BLAS, which takes rows (or, transposed, columns) of numbers that lie
 * one right after the other.
 *
 * @returns Nothing for any other view.
 */
function operand({ data, shape, stride, offset }: Matrix): Operand<Matrix["data"]> | undefined {
  const [rows, columns] = shape;
  const [down, across] = stride;
  const transposed = across !== 1 || down < columns;
  const [leadingDimension, step, length] = transposed
    ? [across, down, rows]
    : [down, across, columns];
  const isTaken = data instanceof Float64Array && step === 1 && leadingDimension >= length;
  if (!isTaken || rows === 0 || columns === 0) return undefined;
  return { data: data.subarray(offset), leadingDimension, transposed };
}

/** The numbers of a matrix as one run. */
function numbersOf(matrix: Matrix) {
  const { data, shape: [rows, columns], stride: [down, across], offset } = matrix;
  checkInside(matrix);
  if ((rows > 1 && down !== columns) || (columns > 1 && across !== 1)) {
    throw new RangeError("Cannot subtract matrices: the rows of one do not lie in one run");
  }
  return data.subarray(offset, offset + rows * columns);
}

/**
 * Sets `result`, which holds zeros, to the matrix product of `a` and `b`: the loops of
 * naive_neural_network.ts, over views with any strides.
 */
export function multiplyInTypescript(a: Matrix, b: Matrix, result: Matrix) {
  const [rows, inner] = a.shape;
  const columns = b.shape[1];
  const step = b.stride[1];
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const aik = a.data[a.offset + i * a.stride[0] + k * a.stride[1]];
      const bRow = b.offset + k * b.stride[0];
      for (let j = 0; j < columns; j++) {
        result.data[i * columns + j] += aik * b.data[bRow + j * step];
      }
    }
  }
}

/** The kernel multiplies so many rows by so many columns at once. */
const BLOCK = 4;

/** WebAssembly's memory grows by so many bytes. */
const PAGE = 2 ** 16;

/**
 * Sets `result` to the matrix product of `a` and `b`, by the kernel in WebAssembly. Its
 * memory, which never shrinks, gets all rows of `a`, four by four, and then four columns of
 * `b` after the other, in the order in which the kernel reads them. Each sum adds the same
 * products in the same order as {@linkcode multiplyInTypescript}.
 *
 * Source: K. Goto and R. van de Geijn, "Anatomy of high-performance matrix
 * multiplication", 2008.
 */
export function multiplyInWasm(a: Matrix, b: Matrix, result: Matrix) {
  const [rows, depth] = a.shape;
  const columns = b.shape[1];
  // The kernel takes an even number of products: zero times zero is added to an odd one.
  const inner = depth + depth % 2;
  const groups = Math.ceil(rows / BLOCK);
  const bStart = BLOCK * groups * inner;
  const resultStart = bStart + BLOCK * inner;
  const width = BLOCK * Math.ceil(columns / BLOCK);
  const lacking = 8 * (resultStart + (BLOCK * groups + 1) * width) - memory.buffer.byteLength;
  if (lacking > 0) memory.grow(Math.ceil(lacking / PAGE));
  // Growing has put another buffer in the place of the old one.
  const numbers = new Float64Array(memory.buffer as ArrayBuffer);

  const bColumns = b.transpose(1, 0);
  for (let i = 0; i < rows; i += BLOCK) pack(a, i, numbers, i * inner);
  for (let j = 0; j < columns; j += BLOCK) {
    pack(bColumns, j, numbers, bStart);
    multiply(0, 8 * bStart, 8 * (resultStart + j), inner, groups, 8 * width);
  }
  for (let i = 0; i < rows; i++) {
    const row = resultStart + i * width;
    result.data.set(numbers.subarray(row, row + columns), i * columns);
  }
}

/**
 * Copies four rows of `matrix`, from row `first` on, to `panel` from `to` on: column after
 * column, and then zeros where their number is odd. The last row stands in for rows below
 * it, whose products nobody reads.
 */
function pack(
  { data, shape, stride, offset }: Matrix,
  first: number,
  panel: Float64Array,
  to: number,
) {
  const [rows, columns] = shape;
  const [down, across] = stride;
  const [row1, row2, row3] = [1, 2, 3].map((r) => Math.min(r, rows - 1 - first) * down);
  const end = to + BLOCK * columns;
  for (let from = offset + first * down; to < end; from += across, to += BLOCK) {
    panel[to] = data[from];
    panel[to + 1] = data[from + row1];
    panel[to + 2] = data[from + row2];
    panel[to + 3] = data[from + row3];
  }
  if (columns % 2 === 1) panel.fill(0, end, end + BLOCK);
}
