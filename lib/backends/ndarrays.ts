/** The matrix products of ndarrays, which ndarray-ops does not have. @module */

import { checkMatrix, isRowByRow, type Matrix, shapes, zeros } from "../matrices.ts";
import type { Backend, Backends } from "../open_backend.ts";
import { type Blas, type Factor, startBlas } from "./blas.ts";
import { multiplyInWasm, startKernel } from "./ndarrays_wasm.ts";

/**
 * The matrix product of `a` (n, k) and `b` (k, m), of shape (n, m): NumPy's `a.dot(b)`.
 * Views with any strides will do, and any type of numbers but bigint.
 *
 * @throws {RangeError} If `a` does not have as many columns as `b` has rows, or if one of them is
 *   no matrix of numbers.
 */
export type Dot = (a: Matrix, b: Matrix) => Matrix;

/** Sets `result`, which holds zeros, to the matrix product of `a` and `b`. */
type Multiply = (a: Matrix, b: Matrix, result: Matrix) => void;

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
