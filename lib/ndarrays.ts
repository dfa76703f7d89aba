/**
 * What ndarray-ops lacks: the matrix product of ndarrays, by the BLAS library of this
 * machine, by WebAssembly or by loops; and the update of weights in one pass.
 * @module
 */

// @ts-types="@types/ndarray"
import ndarray, { type NdArray } from "ndarray";
import type { Backend, Backends } from "./backend.ts";
import { type Blas, type Operand, startBlas } from "./blas.ts";
import { memory, multiply } from "./kernel/multiply.wasm";

/** A matrix: two-dimensional, of float64. */
export type Matrix = NdArray<Float64Array<ArrayBuffer>>;

/** A matrix of zeros: NumPy's `np.zeros((rows, columns))`. */
export function zeros(rows: number, columns: number): Matrix {
  return ndarray(new Float64Array(rows * columns), [rows, columns]);
}

const shapeOf = ({ shape }: Matrix) => `(${shape.join(", ")})`;

/**
 * Subtracts `factor` times `b` from `a` in place, both of one shape and row by row in
 * memory: NumPy's `a -= factor * b`, without the matrix in between.
 *
 * @throws {RangeError} If the shapes differ, or if one is transposed and the other is not.
 */
export function subtractScaled(a: Matrix, factor: number, b: Matrix) {
  if (shapeOf(a) !== shapeOf(b) || a.stride.join() !== b.stride.join()) {
    const shapes = `${shapeOf(a)} and ${shapeOf(b)}`;
    throw new RangeError(`Cannot subtract matrices: shapes ${shapes}, or strides, differ`);
  }
  const { data: to, shape: [rows, columns] } = a;
  const from = b.data;
  for (let i = 0; i < rows; i++) {
    for (let j = i * columns; j < (i + 1) * columns; j++) to[j] -= factor * from[j];
  }
}

/**
 * The matrix product of `a` (n, k) and `b` (k, m), of shape (n, m): NumPy's `a.dot(b)`.
 * Views with any strides will do.
 *
 * @throws {RangeError} If `a` does not have as many columns as `b` has rows, or if one of
 *   them is not a matrix.
 */
export type Dot = (a: Matrix, b: Matrix) => Matrix;

/** Sets `result`, which holds zeros, to the matrix product of `a` and `b`. */
type Multiply = (a: Matrix, b: Matrix, result: Matrix) => void;

function dotBy(multiply: Multiply): Dot {
  return (a, b) => {
    if (a.dimension !== 2 || b.dimension !== 2 || a.shape[1] !== b.shape[0]) {
      const shapes = `${shapeOf(a)} and ${shapeOf(b)}`;
      throw new RangeError(`Cannot multiply matrices: shapes ${shapes} do not fit`);
    }
    const result = zeros(a.shape[0], b.shape[1]);
    multiply(a, b, result);
    return result;
  };
}

/** Multiplies by the loops of naive_neural_network.ts. */
const multiplyByLoops: Multiply = (a, b, result) => {
  const [rows, inner] = a.shape;
  const [columns, step] = [b.shape[1], b.stride[1]];
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const aik = a.data[a.offset + i * a.stride[0] + k * a.stride[1]];
      const bRow = b.offset + k * b.stride[0];
      for (let j = 0; j < columns; j++) {
        result.data[i * columns + j] += aik * b.data[bRow + j * step];
      }
    }
  }
};

const BLOCK = 4; // rows and columns that the kernel multiplies at once
const PAGE = 2 ** 16; // bytes of a page of WebAssembly's memory

/**
 * Multiplies by the kernel in WebAssembly. Its memory gets all rows of `a`, four by four,
 * and then four columns of `b` after the other, in the order in which the kernel reads them.
 * Each sum adds the same products in the same order as {@linkcode multiplyByLoops}.
 *
 * Source: K. Goto and R. van de Geijn, "Anatomy of high-performance matrix
 * multiplication", 2008.
 */
function multiplyInWasm(a: Matrix, b: Matrix, result: Matrix) {
  const [rows, depth] = a.shape;
  const columns = b.shape[1];
  // The kernel takes an even number of products: zero times zero is added to an odd one.
  const inner = depth + depth % 2;
  const groups = Math.ceil(rows / BLOCK);
  const bStart = BLOCK * groups * inner;
  const resultStart = bStart + BLOCK * inner;
  const width = BLOCK * Math.ceil(columns / BLOCK);
  const lacking = 8 * (resultStart + BLOCK * groups * width) - memory.buffer.byteLength;
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

/** The product by the kernel in WebAssembly, which needs nothing but Deno. */
export const dotInWasm = dotBy(multiplyInWasm);

/** Multiplies by a BLAS library, with nothing copied, as NumPy does. */
const multiplyByBlas = (blas: Blas): Multiply => (a, b, result) => {
  const [left, right] = [operand(a), operand(b)];
  if (left && right) blas.multiply(left, right, result.data);
  else multiplyInWasm(a, b, result);
};

/** Describes to BLAS a matrix that is row by row in memory, or whose transpose is; no other. */
function operand({ data, shape, stride, offset }: Matrix): Operand | undefined {
  const [rows, columns] = shape;
  const numbers = data.subarray(offset);
  if (stride[0] === columns && stride[1] === 1) return { data: numbers, shape, transposed: false };
  const isTranspose = stride[0] === 1 && stride[1] === rows;
  return isTranspose ? { data: numbers, shape: [columns, rows], transposed: true } : undefined;
}

/** How to start each backend of the ndarray script. */
export const NDARRAY_BACKENDS = {
  blas: () => {
    const blas = startBlas();
    const device = `ndarrays, with BLAS from ${blas.library}`;
    return { device, dot: dotBy(multiplyByBlas(blas)) };
  },
  wasm: () => ({ device: "ndarrays, with WebAssembly", dot: dotInWasm }),
  typescript: () => ({
    device: "ndarrays, with loops in TypeScript",
    dot: dotBy(multiplyByLoops),
  }),
} satisfies Backends<Backend & { dot: Dot }>;
