/**
 * The five matrix products of a training iteration, in every way that the README compares: by
 * loops, in WebAssembly and by BLAS. Then products of small square matrices, which show from which
 * size on WebAssembly and BLAS pay.
 */

import { memory, multiply } from "../../lib/backends/multiply.wasm";
import { type Dot, NDARRAY_BACKENDS } from "../../lib/backends/ndarrays.ts";
import { fromRows, toRows } from "../../lib/matrices.ts";
import { draw, type Matrix, matrixMultiply, transpose } from "../../naive_neural_network.ts";
import { BLAS } from "../available.ts";

/** The matrix product of `a` and `b` as the original has it: row, column, numbers to add up. */
function multiplyInOriginalOrder(a: Matrix, b: Matrix): Matrix {
  const result: Matrix = a.map(() => b[0].map(() => 0));
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < b[0].length; j++) {
      for (let k = 0; k < b.length; k++) {
        result[i][j] += a[i][k] * b[k][j];
      }
    }
  }
  return result;
}

/**
 * The same as `matrixMultiply`, but four numbers of `a` at a time, so that each number of the
 * result is loaded and stored a quarter as often.
 */
function multiplyFourAtATime(a: Matrix, b: Matrix): Matrix {
  const result: Matrix = a.map(() => b[0].map(() => 0));
  const depth = b.length - b.length % 4;
  for (let i = 0; i < a.length; i++) {
    const aRow = a[i];
    const resultRow = result[i];
    for (let k = 0; k < depth; k += 4) {
      const a0 = aRow[k];
      const a1 = aRow[k + 1];
      const a2 = aRow[k + 2];
      const a3 = aRow[k + 3];
      const b0 = b[k];
      const b1 = b[k + 1];
      const b2 = b[k + 2];
      const b3 = b[k + 3];
      for (let j = 0; j < resultRow.length; j++) {
        resultRow[j] = resultRow[j] + a0 * b0[j] + a1 * b1[j] + a2 * b2[j] + a3 * b3[j];
      }
    }
    for (let k = depth; k < b.length; k++) {
      for (let j = 0; j < resultRow.length; j++) resultRow[j] += aRow[k] * b[k][j];
    }
  }
  return result;
}

/** A matrix in one typed array, row by row. */
interface Flat {
  data: Float64Array;
  rows: number;
  columns: number;
}

/** Multiplies typed arrays, with indices by hand. */
function multiplyFlat(a: Flat, b: Flat): Float64Array {
  const columns = b.columns;
  const depth = a.columns;
  const aData = a.data;
  const bData = b.data;
  const result = new Float64Array(a.rows * columns);
  for (let i = 0; i < a.rows; i++) {
    const resultRow = i * columns;
    for (let k = 0; k < depth; k++) {
      const aik = aData[i * depth + k];
      const bRow = k * columns;
      for (let j = 0; j < columns; j++) {
        result[resultRow + j] += aik * bData[bRow + j];
      }
    }
  }
  return result;
}

/** Multiplies typed arrays, of which each row is looked up once, as a subarray. */
function multiplySubarrays(a: Flat, b: Flat): Float64Array {
  const columns = b.columns;
  const depth = a.columns;
  const result = new Float64Array(a.rows * columns);
  const bRows = Array.from({ length: depth }, (_, k) => {
    return b.data.subarray(k * columns, (k + 1) * columns);
  });
  for (let i = 0; i < a.rows; i++) {
    const aRow = a.data.subarray(i * depth, (i + 1) * depth);
    const resultRow = result.subarray(i * columns, (i + 1) * columns);
    for (let k = 0; k < depth; k++) {
      const aik = aRow[k];
      const bRow = bRows[k];
      for (let j = 0; j < columns; j++) resultRow[j] += aik * bRow[j];
    }
  }
  return result;
}

/**
 * Multiplies rows that are copied straight to where WebAssembly's kernel reads them, and copies
 * the product back to rows. All sizes but the number of columns of `b` are even, and the number of
 * rows of `a` is a multiple of 4, as those of the network are.
 */
function multiplyPacked(a: Matrix, b: Matrix): Matrix {
  const depth = b.length;
  const columns = b[0].length;
  const width = 4 * Math.ceil(columns / 4);
  const bStart = a.length * depth;
  const resultStart = bStart + 4 * depth;
  const lacking = 8 * (resultStart + a.length * width) - memory.buffer.byteLength;
  if (lacking > 0) memory.grow(Math.ceil(lacking / 2 ** 16));
  const numbers = new Float64Array(memory.buffer as ArrayBuffer);

  for (let i = 0; i < a.length; i += 4) {
    const a0 = a[i];
    const a1 = a[i + 1];
    const a2 = a[i + 2];
    const a3 = a[i + 3];
    let to = i * depth;
    for (let k = 0; k < depth; k++, to += 4) {
      numbers[to] = a0[k];
      numbers[to + 1] = a1[k];
      numbers[to + 2] = a2[k];
      numbers[to + 3] = a3[k];
    }
  }
  for (let j = 0; j < columns; j += 4) {
    let to = bStart;
    for (let k = 0; k < depth; k++, to += 4) {
      const bRow = b[k];
      for (let column = 0; column < 4; column++) numbers[to + column] = bRow[j + column];
    }
    multiply(0, 8 * bStart, 8 * (resultStart + j), depth, a.length / 4, 8 * width);
  }
  return a.map((_, i) => {
    const start = resultStart + i * width;
    const row = new Array<number>(columns);
    for (let j = 0; j < columns; j++) row[j] = numbers[start + j];
    return row;
  });
}

/** The factors of the products of an iteration: of h, yPred, gradW2, gradHRelu and gradW1. */
const { x, y, w1, w2 } = draw();
const h = matrixMultiply(x, w1);
const ARRAYS = [[x, w1], [h, w2], [transpose(h), y], [y, transpose(w2)], [transpose(x), h]];
const NDARRAYS = ARRAYS.map((pair) => pair.map(fromRows));
const FLATS = NDARRAYS.map((pair) => {
  return pair.map(({ data, shape }) => ({ data, rows: shape[0], columns: shape[1] }));
});

/** Registers a benchmark of the five products. */
function benchProducts<Kind>(
  name: string,
  pairs: Kind[][],
  product: (a: Kind, b: Kind) => unknown,
) {
  const group = "the five products of an iteration";
  Deno.bench(name, { group, baseline: product === matrixMultiply, warmup: 20 }, () => {
    for (const [a, b] of pairs) product(a, b);
  });
}

/** Multiplies arrays that are copied into ndarrays, and copies the product back. */
const copying = (dot: Dot) => (a: Matrix, b: Matrix) => toRows(dot(fromRows(a), fromRows(b)));

benchProducts("arrays, loops in the order i, j, k", ARRAYS, multiplyInOriginalOrder);
benchProducts("arrays, loops in the order i, k, j", ARRAYS, matrixMultiply);
benchProducts("arrays, i, k, j, four k at a time", ARRAYS, multiplyFourAtATime);
benchProducts("typed arrays, indices by hand", FLATS, multiplyFlat);
benchProducts("typed arrays, a subarray for each row", FLATS, multiplySubarrays);
benchProducts("ndarrays, loops", NDARRAYS, NDARRAY_BACKENDS.typescript().dot);

benchProducts("ndarrays, WebAssembly", NDARRAYS, NDARRAY_BACKENDS.wasm().dot);
benchProducts(
  "arrays copied into ndarrays and back, WebAssembly",
  ARRAYS,
  copying(NDARRAY_BACKENDS.wasm().dot),
);
benchProducts("arrays copied into WebAssembly and back", ARRAYS, multiplyPacked);

if (BLAS) {
  benchProducts("ndarrays, BLAS", NDARRAYS, NDARRAY_BACKENDS.blas().dot);
  benchProducts(
    "arrays copied into ndarrays and back, BLAS",
    ARRAYS,
    copying(NDARRAY_BACKENDS.blas().dot),
  );
}

/** Registers a benchmark of a product of square matrices. */
function benchSquare<Kind>(
  name: string,
  size: number,
  matrix: Kind,
  product: (a: Kind, b: Kind) => unknown,
) {
  const group = `a product of ${size} × ${size} numbers`;
  const options = { group, baseline: product === matrixMultiply, warmup: 1000 };
  Deno.bench(`${name}, ${size} × ${size}`, options, () => void product(matrix, matrix));
}

for (const size of [4, 8, 16, 32, 64]) {
  const rows = draw({ N: size, D_in: size, H: 1, D_out: 1 }).x;
  const block = fromRows(rows);
  benchSquare("arrays, loops", size, rows, matrixMultiply);
  benchSquare("ndarrays, WebAssembly", size, block, NDARRAY_BACKENDS.wasm().dot);
  if (BLAS) benchSquare("ndarrays, BLAS", size, block, NDARRAY_BACKENDS.blas().dot);
}
