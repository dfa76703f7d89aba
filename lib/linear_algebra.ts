/**
 * What ndarray-ops lacks: the matrix product of ndarrays, and the update of
 * weights in one pass; by the BLAS library of this machine, or by loops.
 *
 * @module
 */

// @ts-types="@types/ndarray"
import ndarray, { type NdArray } from "ndarray";
import type { Blas, Operand } from "./blas.ts";

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
 * Linear algebra by a BLAS library, as in NumPy, or by loops without one. A view
 * that BLAS does not take (backwards, with gaps between its numbers, empty, or not
 * of float64) is left to the loops.
 *
 * @param blas The library; without one, loops in TypeScript compute.
 */
export function linearAlgebra(
  { multiply = multiplyInBlocks, blas }: { multiply?: typeof multiplyInBlocks; blas?: Blas } = {},
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

export { multiplyInBlocks as multiplyInTypescript };
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

/** The block of the result that {@linkcode multiplyPanels} adds up at once, and is written for. */
const BLOCK_ROWS = 3;
const BLOCK_COLUMNS = 4;

/**
 * Sets `result` to the matrix product of `a` and `b`, a block of 3 by 4 numbers at
 * a time: twelve sums in twelve variables. The rows of `a` and the columns of `b`
 * are first copied to panels, three rows or four columns each, so that the loop
 * reads them in order.
 *
 * Source: K. Goto and R. van de Geijn, "Anatomy of high-performance matrix
 * multiplication", 2008.
 */
function multiplyInBlocks(a: Matrix, b: Matrix, result: Matrix) {
  const [rows, depth] = a.shape;
  const columns = b.shape[1];
  const aPanels = new Float64Array(Math.ceil(rows / BLOCK_ROWS) * BLOCK_ROWS * depth);
  for (let i = 0; i < rows; i += BLOCK_ROWS) {
    pack(a, i, BLOCK_ROWS, aPanels, i * depth);
  }
  const bColumns = b.transpose(1, 0);
  const bPanel = new Float64Array(BLOCK_COLUMNS * depth);
  for (let j = 0; j < columns; j += BLOCK_COLUMNS) {
    pack(bColumns, j, BLOCK_COLUMNS, bPanel, 0);
    for (let i = 0; i < rows; i += BLOCK_ROWS) {
      multiplyPanels(aPanels, i * depth, bPanel, result, i, j);
    }
  }
}

/** Sets the block of `result` at row `i` and column `j`: one panel of `a` by one of `b`. */
function multiplyPanels(
  aPanels: Float64Array,
  aStart: number,
  bPanel: Float64Array,
  result: Matrix,
  i: number,
  j: number,
) {
  let c00 = 0, c01 = 0, c02 = 0, c03 = 0;
  let c10 = 0, c11 = 0, c12 = 0, c13 = 0;
  let c20 = 0, c21 = 0, c22 = 0, c23 = 0;
  for (
    let p = aStart, q = 0;
    q < bPanel.length;
    p += BLOCK_ROWS, q += BLOCK_COLUMNS
  ) {
    const a0 = aPanels[p], a1 = aPanels[p + 1], a2 = aPanels[p + 2];
    const b0 = bPanel[q],
      b1 = bPanel[q + 1],
      b2 = bPanel[q + 2],
      b3 = bPanel[q + 3];
    c00 += a0 * b0;
    c01 += a0 * b1;
    c02 += a0 * b2;
    c03 += a0 * b3;
    c10 += a1 * b0;
    c11 += a1 * b1;
    c12 += a1 * b2;
    c13 += a1 * b3;
    c20 += a2 * b0;
    c21 += a2 * b1;
    c22 += a2 * b2;
    c23 += a2 * b3;
  }
  store(result, i, j, c00, c01, c02, c03);
  store(result, i + 1, j, c10, c11, c12, c13);
  store(result, i + 2, j, c20, c21, c22, c23);
}

/** Sets four numbers of row `i` from column `j` on, as far as `result` reaches. */
function store(
  { data, shape: [rows, columns] }: Matrix,
  i: number,
  j: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
) {
  if (i >= rows) return;
  const place = i * columns + j;
  data[place] = c0;
  if (j + 1 < columns) data[place + 1] = c1;
  if (j + 2 < columns) data[place + 2] = c2;
  if (j + 3 < columns) data[place + 3] = c3;
}

/**
 * Copies `width` rows of `matrix`, from row `first` on, to `panel` from `start`
 * on: column after column, so that they can be read in one run. Rows below the
 * last one count as zeros.
 */
function pack(matrix: Matrix, first: number, width: number, panel: Float64Array, start: number) {
  const [rows, columns] = matrix.shape;
  const [rowStride, columnStride] = matrix.stride;
  const { data } = matrix;
  const place = matrix.offset + first * rowStride;
  const filled = Math.min(width, rows - first);
  for (let k = 0; k < columns; k++) {
    const column = start + k * width;
    for (let r = 0; r < filled; r++) {
      panel[column + r] = data[place + k * columnStride + r * rowStride];
    }
    for (let r = filled; r < width; r++) panel[column + r] = 0;
  }
}
