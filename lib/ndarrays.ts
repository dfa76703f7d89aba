/** Multiplies ndarrays and updates weights, which ndarray-ops can't do. @module */

// @ts-types="@types/ndarray"
import ndarray, { type NdArray } from "ndarray";
// @ts-types="@types/ndarray-ops"
import ops from "ndarray-ops";
import type { Backend, Backends } from "./backend.ts";
import { type Blas, type Operand, startBlas } from "./blas.ts";
import { firstLine, NotAvailable } from "./errors.ts";

const noWasm = (error: unknown) => new NotAvailable("WebAssembly", firstLine(error), true);
// Deno 2.9.0 crashes if the kernel is imported where there is no WebAssembly.
const kernel = "WebAssembly" in globalThis
  ? await import("./kernel/multiply.wasm").catch(noWasm)
  : noWasm("it is off");

/** A matrix: two-dimensional, of float64. Other numbers are taken too, and computed as float64. */
export type Matrix = NdArray<Float64Array<ArrayBuffer>>;

/** A matrix of zeros: NumPy's `np.zeros((rows, columns))`. */
export const zeros = (rows: number, columns: number): Matrix =>
  ndarray(new Float64Array(rows * columns), [rows, columns]);

/** Fails unless both are matrices of numbers, each within its data, and their shapes fit. */
function check(verb: string, a: Matrix, b: Matrix, isFitting: boolean) {
  for (const { dtype, data, shape, size, stride, offset } of [a, b]) {
    const [down, across] = [(shape[0] - 1) * stride[0], (shape[1] - 1) * stride[1]];
    const isInside = offset + Math.min(0, down) + Math.min(0, across) >= 0 &&
      offset + Math.max(0, down) + Math.max(0, across) < data.length;
    const isMatrix = shape.length === 2 && !/^(generic|big)/.test(dtype);
    if (isMatrix && (isInside || size === 0)) continue;
    const why = isMatrix ? "reaches outside of its data" : "is no matrix of numbers";
    throw new RangeError(`Cannot ${verb} matrices: ${dtype} of shape (${shape.join(", ")}) ${why}`);
  }
  if (isFitting) return;
  const shapes = [a, b].map(({ shape }) => `(${shape.join(", ")})`).join(" and ");
  throw new RangeError(`Cannot ${verb} matrices: shapes ${shapes} do not fit`);
}

/** Whether a matrix is in memory as float64, row by row and without gaps. */
const isRowByRow = ({ data, shape, stride }: Matrix) =>
  data instanceof Float64Array && stride[0] === shape[1] && stride[1] === 1;

/**
 * Subtracts `factor` times `b` from `a` in place: NumPy's `a -= factor * b`. Both have one shape;
 * views with any strides will do.
 *
 * @throws {RangeError} If the shapes differ, if one of the two is no matrix of numbers, or if `a`
 *   can't take the differences: it holds whole numbers only, or shows one number several times.
 */
export function subtractScaled(a: Matrix, factor: number, b: Matrix) {
  const [rows, columns] = a.shape;
  check("subtract", a, b, rows === b.shape[0] && columns === b.shape[1]);
  if (isRowByRow(a) && isRowByRow(b) && a.data.buffer !== b.data.buffer) {
    // One pass, without the matrix in between.
    const [to, from] = [a.data.subarray(a.offset), b.data.subarray(b.offset)];
    for (let i = 0; i < rows * columns; i++) to[i] -= factor * from[i];
    return;
  }
  const [down, across] = a.stride.map(Math.abs);
  const isDistinct = across > 0 && down >= columns * across || down > 0 && across >= rows * down;
  if (/int|buffer/.test(a.dtype) || !isDistinct) {
    const why = isDistinct ? `${a.dtype} has no fractions` : "elements share a number";
    throw new RangeError(`Cannot subtract matrices in place: ${why}`);
  }
  const scaled = zeros(rows, columns);
  ops.muls(scaled, b, factor);
  ops.subeq(a, scaled);
}

/**
 * The matrix product of `a` (n, k) and `b` (k, m), of shape (n, m): NumPy's `a.dot(b)`.
 * Views with any strides will do, and any type of numbers but bigint.
 *
 * @throws {RangeError} If `a` does not have as many columns as `b` has rows, or if one of
 *   them is no matrix of numbers.
 */
export type Dot = (a: Matrix, b: Matrix) => Matrix;

/** Sets `result`, which holds zeros, to the matrix product of `a` and `b`. */
type Multiply = (a: Matrix, b: Matrix, result: Matrix) => void;

const dotBy = (multiply: Multiply): Dot => (a, b) => {
  check("multiply", a, b, a.shape[1] === b.shape[0]);
  const result = zeros(a.shape[0], b.shape[1]);
  multiply(a, b, result);
  return result;
};

/** Multiplies by the loops of naive_neural_network.ts. */
const multiplyByLoops: Multiply = (a, b, result) => {
  const [rows, depth] = a.shape;
  const [columns, step] = [b.shape[1], b.stride[1]];
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < depth; k++) {
      const aik = a.data[a.offset + i * a.stride[0] + k * a.stride[1]];
      const bRow = b.offset + k * b.stride[0];
      for (let j = 0; j < columns; j++) {
        result.data[i * columns + j] += aik * b.data[bRow + j * step];
      }
    }
  }
};

const BLOCK = 4; // rows and columns that the kernel multiplies at once

/**
 * Multiplies by the kernel in WebAssembly. Its memory gets all rows of `a`, four at a time,
 * and then, in one place, four columns of `b` at a time, in the order in which the kernel
 * reads them. Each sum adds the same products in the same order as {@linkcode multiplyByLoops}.
 * Source: K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", 2008.
 */
function multiplyInWasm(a: Matrix, b: Matrix, result: Matrix) {
  if (kernel instanceof NotAvailable) throw kernel;
  const { memory, multiply } = kernel;
  const [rows, depth] = a.shape;
  const columns = b.shape[1];
  const evenDepth = depth + depth % 2; // the kernel adds two products; one may be of zeros
  const groups = Math.ceil(rows / BLOCK);
  const bStart = BLOCK * groups * evenDepth;
  const resultStart = bStart + BLOCK * evenDepth;
  const width = BLOCK * Math.ceil(columns / BLOCK);
  const lacking = 8 * (resultStart + BLOCK * groups * width) - memory.buffer.byteLength;
  if (lacking > 0) memory.grow(Math.ceil(lacking / 2 ** 16)); // by pages
  // Growing has put another buffer in the place of the old one.
  const numbers = new Float64Array(memory.buffer as ArrayBuffer);

  const bColumns = b.transpose(1, 0);
  for (let i = 0; i < rows; i += BLOCK) pack(a, i, numbers, i * evenDepth);
  for (let j = 0; j < columns; j += BLOCK) {
    pack(bColumns, j, numbers, bStart);
    multiply(0, 8 * bStart, 8 * (resultStart + j), evenDepth, groups, 8 * width);
  }
  for (let i = 0; i < rows; i++) {
    const row = resultStart + i * width;
    result.data.set(numbers.subarray(row, row + columns), i * columns);
  }
}

/**
 * Copies four rows of `matrix`, from row `first` on, to `panel` from `to` on: column after
 * column, and then zeros if the number of columns is odd. Where fewer than four rows are left,
 * the last one is copied in place of the others, and nobody reads what is computed from those.
 */
function pack(matrix: Matrix, first: number, panel: Float64Array, to: number) {
  const { data, shape: [rows, columns], stride: [down, across], offset } = matrix;
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

/** The product by the kernel in WebAssembly, which needs nothing but Deno. */
export const dotInWasm = dotBy(multiplyInWasm);

/** Multiplies by BLAS, with nothing copied, as NumPy does; what BLAS can't read, in WebAssembly. */
const multiplyByBlas = (multiply: Blas["multiply"]): Multiply => (a, b, result) => {
  const [left, right] = [operand(a), operand(b)];
  if (left && right) multiply(left, right, result.data);
  else multiplyInWasm(a, b, result);
};

/** Describes to BLAS a matrix that is row by row in memory, or whose transpose is; no other. */
function operand(matrix: Matrix): Operand | undefined {
  const transposed = !isRowByRow(matrix);
  const view = transposed ? matrix.transpose(1, 0) : matrix;
  if (view.size === 0 || !isRowByRow(view)) return undefined;
  return { data: view.data.subarray(view.offset), shape: view.shape, transposed };
}

/** How to start each backend of the ndarray script. */
export const NDARRAY_BACKENDS = {
  blas: () => {
    const { library, hints, multiply } = startBlas();
    const device = `ndarrays, with BLAS from ${library}`;
    return { device, hints, dot: dotBy(multiplyByBlas(multiply)) };
  },
  wasm: () => {
    if (kernel instanceof NotAvailable) throw kernel;
    return { device: "ndarrays, with WebAssembly", dot: dotInWasm };
  },
  typescript: () => ({ device: "ndarrays, with loops in TypeScript", dot: dotBy(multiplyByLoops) }),
} satisfies Backends<Backend & { dot: Dot }>;
