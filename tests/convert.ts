/** Copies between arrays of arrays and ndarrays, fast, since these copies are timed too. @module */

// @ts-types="@types/ndarray"
import ndarray from "ndarray";
import type { Matrix } from "../lib/backends/ndarrays.ts";

/** Copies rows into one block. */
export function toNdarray(rows: number[][]): Matrix {
  const columns = rows[0].length;
  const block = new Float64Array(rows.length * columns);
  rows.forEach((row, i) => block.set(row, i * columns));
  return ndarray(block, [rows.length, columns]);
}

/** Copies an ndarray of any strides into rows. */
export function toRows({ data, shape: [rows, columns], stride, offset }: Matrix): number[][] {
  const matrix: number[][] = [];
  for (let i = 0; i < rows; i++) {
    const row: number[] = [];
    const start = offset + i * stride[0];
    for (let j = 0; j < columns; j++) row.push(data[start + j * stride[1]]);
    matrix.push(row);
  }
  return matrix;
}
