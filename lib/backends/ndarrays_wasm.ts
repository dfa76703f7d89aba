/** Multiplies ndarrays in WebAssembly, by the kernel of multiply.as.ts. @module */

import { firstLine, NotAvailable } from "../errors.ts";
import type { Matrix } from "../matrices.ts";

const noWasm = (error: unknown) => new NotAvailable("WebAssembly", firstLine(error), true);
const kernel = await import("./multiply.wasm").catch(noWasm);

/**
 * Gives the kernel.
 *
 * @throws {NotAvailable} If WebAssembly does not start.
 */
export function startKernel(): typeof import("./multiply.wasm") {
  if (kernel instanceof NotAvailable) throw kernel;
  return kernel;
}

const BLOCK = 4; // rows and columns that the kernel multiplies at once
const PAGE = 2 ** 16; // bytes by which WebAssembly's memory grows
const MAX_BYTES = 2 ** 32 - PAGE;

/**
 * Sets `result` to the matrix product of `a` and `b`, whose shapes fit. WebAssembly reads only its
 * own memory. That gets all rows of `a`, four at a time, and then, in one place, four columns of
 * `b` at a time, in the order in which the kernel reads them. Each sum adds the same products in
 * the same order as the loops of naive_neural_network.ts.
 *
 * Source: K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", 2008.
 *
 * @throws {RangeError} If the matrices are too large for WebAssembly's memory.
 * @throws {NotAvailable} If WebAssembly does not start.
 */
export function multiplyInWasm(a: Matrix, b: Matrix, result: Matrix) {
  const { memory, multiply } = startKernel();
  const [rows, depth] = a.shape;
  const columns = b.shape[1];

  // Where a, four columns of b and the result are in memory, counted in numbers.
  const evenDepth = depth + depth % 2; // the kernel adds two products; one may be of zeros
  const groups = Math.ceil(rows / BLOCK);
  const width = BLOCK * Math.ceil(columns / BLOCK);
  const bStart = BLOCK * groups * evenDepth;
  const resultStart = bStart + BLOCK * evenDepth;
  const bytes = 8 * (resultStart + BLOCK * groups * width);
  if (bytes > MAX_BYTES) {
    throw new RangeError(
      "Cannot multiply matrices: WebAssembly's memory has 4 GiB, they need more",
    );
  }

  const lacking = bytes - memory.buffer.byteLength;
  if (lacking > 0) memory.grow(Math.ceil(lacking / PAGE));
  // Growing has put another buffer in the place of the old one.
  const numbers = new Float64Array(memory.buffer as ArrayBuffer);

  for (let i = 0; i < rows; i += BLOCK) pack(a, i, numbers, i * evenDepth);
  const bColumns = b.transpose(1, 0);
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
  const { data, offset } = matrix;
  const [rows, columns] = matrix.shape;
  const [down, across] = matrix.stride;
  const last = rows - 1 - first;
  const row1 = Math.min(1, last) * down;
  const row2 = Math.min(2, last) * down;
  const row3 = Math.min(3, last) * down;
  const end = to + BLOCK * columns;
  for (let from = offset + first * down; to < end; from += across, to += BLOCK) {
    panel[to] = data[from];
    panel[to + 1] = data[from + row1];
    panel[to + 2] = data[from + row2];
    panel[to + 3] = data[from + row3];
  }
  if (columns % 2 === 1) panel.fill(0, end, end + BLOCK);
}
