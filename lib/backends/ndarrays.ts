/** Multiplies ndarrays and updates weights, which ndarray-ops can't do. @module */

// @ts-types="@types/ndarray"
import ndarray, { type NdArray } from "ndarray";
// @ts-types="@types/ndarray-ops"
import ops from "ndarray-ops";
import type { Backend, Backends } from "../open_backend.ts";
import { type Blas, type Factor, startBlas } from "./blas.ts";
import { multiplyInWasm, startKernel } from "./ndarrays_wasm.ts";

/** A matrix: two-dimensional, of float64. Other numbers are taken too, and computed as float64. */
export type Matrix = NdArray<Float64Array<ArrayBuffer>>;

/**
 * The matrix product of `a` (n, k) and `b` (k, m), of shape (n, m): NumPy's `a.dot(b)`.
 * Views with any strides will do, and any type of numbers but bigint.
 *
 * @throws {RangeError} If `a` does not have as many columns as `b` has rows, or if one of them is
 *   no matrix of numbers.
 */
export type Dot = (a: Matrix, b: Matrix) => Matrix;

/** Sets `result`, which holds zeros, to the matrix product of `a` and `b`. */
export type Multiply = (a: Matrix, b: Matrix, result: Matrix) => void;

/** A matrix of zeros: NumPy's `np.zeros((rows, columns))`. */
export function zeros(rows: number, columns: number): Matrix {
  return ndarray(new Float64Array(rows * columns), [rows, columns]);
}

/** Copies arrays of one length into a matrix, row by row: NumPy's `np.array(rows)`. */
export function fromRows(rows: number[][]): Matrix {
  const columns = rows[0].length;
  const matrix = zeros(rows.length, columns);
  rows.forEach((row, i) => matrix.data.set(row, i * columns));
  return matrix;
}

/** Copies a matrix of any strides into arrays, row by row: NumPy's `matrix.tolist()`. */
export function toRows({ data, shape, stride, offset }: Matrix): number[][] {
  const rows: number[][] = [];
  for (let i = 0; i < shape[0]; i++) {
    const row: number[] = [];
    const start = offset + i * stride[0];
    for (let j = 0; j < shape[1]; j++) row.push(data[start + j * stride[1]]);
    rows.push(row);
  }
  return rows;
}

/**
 * Subtracts `factor` times `b` from `a` in place: NumPy's `a -= factor * b`. Both have one shape;
 * views with any strides will do.
 *
 * @throws {RangeError} If the shapes differ, if one of the two is no matrix of numbers, or if `a`
 *   can't take the differences: it holds whole numbers only, or shows one number several times.
 */
export function subtractScaled(a: Matrix, factor: number, b: Matrix) {
  checkMatrix(a);
  checkMatrix(b);
  const [rows, columns] = a.shape;
  if (rows !== b.shape[0] || columns !== b.shape[1]) {
    throw new RangeError(`Cannot subtract matrices: shapes ${shapes(a, b)} differ`);
  }
  if (isRowByRow(a) && isRowByRow(b) && a.data.buffer !== b.data.buffer) {
    // One loop takes a quarter of the time of the two operations below.
    const size = a.size;
    const to = a.data.subarray(a.offset);
    const from = b.data.subarray(b.offset);
    for (let i = 0; i < size; i++) to[i] -= factor * from[i];
    return;
  }
  if (/int|buffer/.test(a.dtype)) {
    throw new RangeError(`Cannot subtract in place: ${a.dtype} has no fractions`);
  }
  if (sharesNumbers(a)) throw new RangeError("Cannot subtract in place: elements share a number");
  const scaled = zeros(rows, columns);
  ops.muls(scaled, b, factor);
  ops.subeq(a, scaled);
}

/** Fails unless this is a matrix of numbers, all of them within its data. */
function checkMatrix(matrix: Matrix) {
  const { shape, stride, offset, size, data, dtype } = matrix;
  if (shape?.length !== 2 || /^(generic|big)/.test(dtype)) {
    throw new RangeError("Cannot use a matrix: it is no ndarray of two dimensions and of numbers");
  }
  if (size === 0) return;
  const down = (shape[0] - 1) * stride[0];
  const across = (shape[1] - 1) * stride[1];
  const first = offset + Math.min(0, down) + Math.min(0, across);
  const last = offset + Math.max(0, down) + Math.max(0, across);
  if (first < 0 || last >= data.length) {
    throw new RangeError(
      `Cannot use a matrix: shape ${shapes(matrix)} reaches outside of its data`,
    );
  }
}

/** Whether several elements may be the same number in memory. */
function sharesNumbers({ shape, stride }: Matrix): boolean {
  const [rows, columns] = shape;
  const down = Math.abs(stride[0]);
  const across = Math.abs(stride[1]);
  const isByRows = across > 0 && down >= columns * across;
  const isByColumns = down > 0 && across >= rows * down;
  return !isByRows && !isByColumns;
}

function shapes(...matrices: Matrix[]): string {
  return matrices.map(({ shape }) => `(${shape.join(", ")})`).join(" and ");
}

/** Whether a matrix is in memory as float64, row by row and without gaps. */
function isRowByRow({ data, shape, stride }: Matrix): boolean {
  return data instanceof Float64Array && stride[0] === shape[1] && stride[1] === 1;
}

/** Makes a product that returns its result, and fails if there is none. */
function dotBy(multiply: Multiply): Dot {
  return (a, b) => {
    checkMatrix(a);
    checkMatrix(b);
    if (a.shape[1] !== b.shape[0]) {
      throw new RangeError(`Cannot multiply matrices: shapes ${shapes(a, b)} do not fit`);
    }
    const result = zeros(a.shape[0], b.shape[1]);
    multiply(a, b, result);
    return result;
  };
}

/** The product by the loops of naive_neural_network.ts. */
export const dotByLoops: Dot = dotBy((a, b, result) => {
  const [rows, depth] = a.shape;
  const columns = b.shape[1];
  const step = b.stride[1];
  const bData = b.data;
  const resultData = result.data;
  for (let i = 0; i < rows; i++) {
    const resultRow = i * columns;
    for (let k = 0; k < depth; k++) {
      const aik = a.data[a.offset + i * a.stride[0] + k * a.stride[1]];
      const bRow = b.offset + k * b.stride[0];
      for (let j = 0; j < columns; j++) {
        resultData[resultRow + j] += aik * bData[bRow + j * step];
      }
    }
  }
});

/** The product in WebAssembly, which needs nothing but Deno or a browser. */
export const dotInWasm: Dot = dotBy(multiplyInWasm);

/**
 * The product by BLAS, with nothing copied, as in NumPy. What BLAS can't read, such as other types
 * of numbers or rows with gaps, is multiplied in WebAssembly.
 */
function dotByBlas(blas: Blas): Dot {
  return dotBy((a, b, result) => {
    const left = toFactor(a);
    const right = toFactor(b);
    if (left && right) blas.multiply(left, right, result.data);
    else multiplyInWasm(a, b, result);
  });
}

/** Describes to BLAS a matrix that is row by row in memory, or whose transpose is; no other. */
function toFactor(matrix: Matrix): Factor | undefined {
  const transposed = !isRowByRow(matrix);
  if (transposed && !isRowByRow(matrix.transpose(1, 0))) return undefined;
  if (matrix.size === 0) return undefined; // BLAS takes no matrix without numbers
  const [rows, columns] = matrix.shape;
  return { data: matrix.data.subarray(matrix.offset), rows, columns, transposed };
}

/** How to start each backend of the ndarray script. */
export const NDARRAY_BACKENDS = {
  blas: () => {
    const blas = startBlas();
    const device = `ndarrays, with BLAS from ${blas.library}`;
    return { device, hints: blas.hints, dot: dotByBlas(blas) };
  },
  wasm: () => {
    startKernel();
    return { device: "ndarrays, with WebAssembly", dot: dotInWasm };
  },
  typescript: () => ({ device: "ndarrays, with loops in TypeScript", dot: dotByLoops }),
} satisfies Backends<Backend & { dot: Dot }>;
