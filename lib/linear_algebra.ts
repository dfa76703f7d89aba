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
   * @throws {RangeError} If `a` or `b` is not two-dimensional or reaches outside
   *   its data, or if `a` does not have as many columns as `b` has rows.
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
      checkView(a);
      checkView(b);
      const [rows, depth] = a.shape;
      const columns = b.shape[1];
      const result = zeros(rows, columns);
      const [left, right] = blas ? [operand(a), operand(b)] : [];
      if (blas && left && right) blas.gemm({ rows, depth, columns }, left, right, result.data);
      else multiply(a, b, result);
      return result;
    },
    subtractScaled(a, factor, b) {
      if (a.shape.join() !== b.shape.join()) {
        throw new RangeError("Cannot subtract matrices: the shapes differ");
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
function checkView({ data, shape, stride, offset }: Matrix) {
  const [rows, columns] = shape;
  const down = (rows - 1) * stride[0];
  const across = (columns - 1) * stride[1];
  const first = offset + Math.min(down, 0) + Math.min(across, 0);
  const last = offset + Math.max(down, 0) + Math.max(across, 0);
  const { isInteger } = Number;
  const areIntegers = isInteger(rows) && isInteger(columns) && isInteger(offset) &&
    isInteger(stride[0]) && isInteger(stride[1]) && rows >= 0 && columns >= 0;
  const isOutside = rows > 0 && columns > 0 && (first < 0 || last >= data.length);
  if (!areIntegers || isOutside) {
    throw new RangeError("Cannot multiply matrices: a view reaches outside its data");
  }
}

/**
 * Describes a view to BLAS, which takes rows (or, transposed, columns) of numbers
 * that lie one right after the other.
 *
 * @returns Nothing for any other view.
 */
function operand({ data, shape, stride, offset }: Matrix): Operand<Matrix["data"]> | undefined {
  const [rows, columns] = shape;
  const [rowStride, columnStride] = stride;
  if (!(data instanceof Float64Array) || rows === 0 || columns === 0) return undefined;

  // The stride of a dimension of length 1 is never used.
  const byRows = (columnStride === 1 || columns === 1) && (rowStride >= columns || rows === 1);
  const byColumns = (rowStride === 1 || rows === 1) && (columnStride >= rows || columns === 1);
  if (!byRows && !byColumns) return undefined;
  const [lines, length, distance] = byRows
    ? [rows, columns, rowStride]
    : [columns, rows, columnStride];
  const leadingDimension = lines === 1 ? length : distance;
  return { data: data.subarray(offset), leadingDimension, transposed: !byRows };
}

/** The numbers of a matrix as one run. */
function numbersOf({ data, shape: [rows, columns], stride, offset, dimension }: Matrix) {
  const numbers = data.subarray(offset, offset + rows * columns);
  // The stride of a dimension of length 1 is never used.
  const isRun = (rows === 1 || stride[0] === columns) && (columns === 1 || stride[1] === 1);
  const isWhole = dimension === 2 && isRun &&
    Number.isInteger(offset) && offset >= 0 &&
    numbers.length === rows * columns;
  if (!isWhole) {
    throw new RangeError("Cannot subtract matrices: the rows of one do not lie in one run");
  }
  return numbers;
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

/** So many numbers of `b` stay in the processor's cache while all rows of `a` meet them. */
const CACHED = 2 ** 15;

/**
 * Sets `result` to the matrix product of `a` and `b`, by the kernel in WebAssembly. Its
 * memory gets all rows of `a`, four by four, and then a strip of columns of `b` after the
 * other, in the order in which the kernel reads them. Each sum adds the same products in
 * the same order as {@linkcode multiplyInTypescript}, which multiplies what that memory
 * can't hold.
 *
 * Source: K. Goto and R. van de Geijn, "Anatomy of high-performance matrix
 * multiplication", 2008.
 */
export function multiplyInWasm(a: Matrix, b: Matrix, result: Matrix) {
  const [rows, depth] = a.shape;
  const columns = b.shape[1];
  // The kernel takes an even number of products: zero times zero is added to an odd one.
  const inner = depth + depth % 2;
  const strip = BLOCK * Math.ceil(Math.min(columns, CACHED / (inner + 1)) / BLOCK);
  const bStart = BLOCK * Math.ceil(rows / BLOCK) * inner;
  const resultStart = bStart + strip * inner;
  const numbers = reserve(resultStart + BLOCK * strip);
  if (!numbers) return multiplyInTypescript(a, b, result);

  const bColumns = b.transpose(1, 0);
  for (let i = 0; i < rows; i += BLOCK) pack(a, i, numbers, i * inner);
  for (let first = 0; first < columns; first += strip) {
    const width = Math.min(strip, columns - first);
    for (let j = 0; j < width; j += BLOCK) pack(bColumns, first + j, numbers, bStart + j * inner);
    const panels = Math.ceil(width / BLOCK);
    for (let i = 0; i < rows; i += BLOCK) {
      multiply(8 * i * inner, 8 * bStart, 8 * resultStart, inner, panels);
      for (let r = 0; r < Math.min(BLOCK, rows - i); r++) {
        const start = resultStart + r * BLOCK * panels;
        result.data.set(numbers.subarray(start, start + width), (i + r) * columns + first);
      }
    }
  }
}

const PAGE = 2 ** 16;

/**
 * WebAssembly's memory, grown to hold at least so many numbers: it never shrinks again.
 *
 * @returns Nothing, where it can't grow so far.
 */
function reserve(length: number): Float64Array<ArrayBuffer> | undefined {
  const lacking = 8 * length - memory.buffer.byteLength;
  try {
    if (lacking > 0) memory.grow(Math.ceil(lacking / PAGE));
  } catch {
    return undefined;
  }
  // Growing puts another buffer in the place of the old one.
  return new Float64Array(memory.buffer as ArrayBuffer);
}

/**
 * Copies four rows of `matrix`, from row `first` on, to `panel` from `to` on: column after
 * column. Rows below the last one count as zeros, and so does a column that makes their
 * number even.
 */
function pack(matrix: Matrix, first: number, panel: Float64Array, to: number) {
  const { data, shape: [rows, columns], stride: [down, across] } = matrix;
  const place = matrix.offset + first * down;
  const end = to + BLOCK * columns;
  if (first + BLOCK <= rows) {
    for (let from = place; to < end; from += across, to += BLOCK) {
      panel[to] = data[from];
      panel[to + 1] = data[from + down];
      panel[to + 2] = data[from + 2 * down];
      panel[to + 3] = data[from + 3 * down];
    }
  } else {
    for (let from = place; to < end; from += across, to += BLOCK) {
      for (let r = 0; r < BLOCK; r++) panel[to + r] = first + r < rows ? data[from + r * down] : 0;
    }
  }
  if (columns % 2 === 1) panel.fill(0, end, end + BLOCK);
}
