/**
 * The five matrix products of a training iteration, with the loops in the order of
 * the original and in that of the script.
 *
 * @module
 */

import * as naive from "../naive_neural_network.ts";

/**
 * The matrix product of `a` and `b` with the loops in the original's order: row of
 * the result, column of the result, and the numbers that one sum adds up.
 *
 * @throws {RangeError} If `a` does not have as many columns as `b` has rows.
 */
export function multiplyInOriginalOrder(a: naive.Matrix, b: naive.Matrix): naive.Matrix {
  if (a[0]?.length !== b.length) {
    throw new RangeError("Cannot multiply matrices: their shapes do not fit");
  }
  const result: naive.Matrix = a.map(() => b[0].map(() => 0));
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < b[0].length; j++) {
      for (let k = 0; k < b.length; k++) {
        result[i][j] += a[i][k] * b[k][j];
      }
    }
  }
  return result;
}

/** The orders to compare, by the loops from the outermost to the innermost. */
export const ORDERS = {
  "i, j, k": multiplyInOriginalOrder,
  "i, k, j": naive.matrixMultiply,
};

/** Makes the matrices, and returns the function that multiplies them five times. */
export function productsOfIteration(multiply: typeof naive.matrixMultiply): () => void {
  const { x, y, w1, w2 } = naive.draw();
  const h = naive.matrixMultiply(x, w1);
  const [xT, hT, w2T] = [x, h, w2].map(naive.transpose);
  return () => {
    multiply(x, w1);
    multiply(h, w2);
    multiply(hT, y);
    multiply(y, w2T);
    multiply(xT, h);
  };
}
