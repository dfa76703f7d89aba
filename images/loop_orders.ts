/**
 * The five matrix products of a training iteration, with the loops in the order of
 * the original and in that of the script.
 *
 * `deno run images/loop_orders.ts ORDER` measures one of them and prints it as JSON,
 * in a process of its own: what V8 compiled before would change the times.
 *
 * @module
 */

import * as naive from "../naive_neural_network.ts";
import { medianTime } from "./median_time.ts";

type Matrix = naive.Matrix;

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

/** What is compared: the products, by the order of their loops. */
export const ORDERS: Record<string, typeof naive.matrixMultiply> = {
  "i, j, k, as in the original": multiplyInOriginalOrder,
  "i, j, k, rows looked up once": multiplyWithRowsHeld,
  "i, k, j, rows looked up once, as here": naive.matrixMultiply,
};

/** Makes the matrices, and returns the function that multiplies them five times. */
function productsOfIteration(multiply: typeof naive.matrixMultiply): () => void {
  const { x, y, w1, w2 } = naive.draw();
  const h = multiply(x, w1);
  const [xT, hT, w2T] = [x, h, w2].map(naive.transpose);
  return () => {
    multiply(x, w1);
    multiply(h, w2);
    multiply(hT, y);
    multiply(y, w2T);
    multiply(xT, h);
  };
}

if (import.meta.main) {
  const [order] = Deno.args;
  const ms = await medianTime(productsOfIteration(ORDERS[order]));
  console.log(JSON.stringify({ name: "arrays", order, ms }));
}
