/** The five matrix products of a training iteration, with the loops of the product in other orders. */

import {
  draw,
  type Matrix,
  matrixMultiply,
  type Network,
  transpose,
} from "../naive_neural_network.ts";
import { bench } from "./bench.ts";

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

/** The same, with the rows that stay looked up outside of the loops that they stay in. */
function multiplyWithRowsHeld(a: Matrix, b: Matrix): Matrix {
  const result: Matrix = a.map(() => b[0].map(() => 0));
  for (let i = 0; i < a.length; i++) {
    const [aRow, resultRow] = [a[i], result[i]];
    for (let j = 0; j < b[0].length; j++) {
      let sum = 0;
      for (let k = 0; k < b.length; k++) {
        sum += aRow[k] * b[k][j];
      }
      resultRow[j] = sum;
    }
  }
  return result;
}

/** A matrix in one typed array, row by row. */
type Flat = { data: Float64Array; rows: number; columns: number };

const flat = (matrix: Matrix): Flat => ({
  data: Float64Array.from(matrix.flat()),
  rows: matrix.length,
  columns: matrix[0].length,
});

/** The loops of naive_neural_network.ts over one typed array. */
function multiplyFlat(a: Flat, b: Flat): Flat {
  const { rows } = a;
  const { columns } = b;
  const data = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < b.rows; k++) {
      const aik = a.data[i * a.columns + k];
      for (let j = 0; j < columns; j++) {
        data[i * columns + j] += aik * b.data[k * columns + j];
      }
    }
  }
  return { data, rows, columns };
}

/** The products of an iteration, in their order: h, yPred, gradW2, gradHRelu, gradW1. */
function productsOf<M>(multiply: (a: M, b: M) => M, convert: (matrix: Matrix) => M) {
  return ({ x, y, w1, w2 }: Network) => {
    const h = matrixMultiply(x, w1);
    const pairs = [[x, w1], [h, w2], [transpose(h), y], [y, transpose(w2)], [transpose(x), h]]
      .map((pair) => pair.map(convert));
    return () => pairs.map(([a, b]) => multiply(a, b));
  };
}

const asItIs = (matrix: Matrix) => matrix;

/** What is compared, by the order of the loops; each makes the matrices, then multiplies. */
export const ORDERS: Record<string, (network: Network) => () => (Matrix | Flat)[]> = {
  "i, j, k, as in the original": productsOf(multiplyInOriginalOrder, asItIs),
  "i, j, k, rows looked up once": productsOf(multiplyWithRowsHeld, asItIs),
  "i, k, j, rows looked up once, as here": productsOf(matrixMultiply, asItIs),
  "i, k, j, on one typed array": productsOf(multiplyFlat, flat),
};

for (const [order, productsOf] of Object.entries(ORDERS)) {
  bench("the products of an iteration", `arrays, ${order}`, () => ({ call: productsOf(draw()) }));
}
