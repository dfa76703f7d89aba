/** The helpers of the naive script, on small matrices worked out by hand. */

import assert from "node:assert/strict";
import {
  matrixMultiply,
  multiplyWithConstant,
  relu,
  squareMatrix,
  subtractMatrices,
  sumMatrix,
  transpose,
} from "../naive_neural_network.ts";

Deno.test("the helpers compute what they are called, and keep their arguments", () => {
  const matrix = [[1, -2], [0.5, 3]];
  const wide = [[1, 2, 3], [4, 5, 6]];
  assert.deepEqual(matrixMultiply(wide, [[7, 8], [9, 10], [11, 12]]), [[58, 64], [139, 154]]);
  assert.deepEqual(transpose(wide), [[1, 4], [2, 5], [3, 6]]);
  assert.deepEqual(relu(matrix), [[1, 0], [0.5, 3]]);
  assert.deepEqual(relu([[NaN]]), [[NaN]]);
  assert.deepEqual(squareMatrix(matrix), [[1, 4], [0.25, 9]]);
  assert.equal(sumMatrix(matrix), 2.5);
  assert.deepEqual(multiplyWithConstant(matrix, 2), [[2, -4], [1, 6]]);
  assert.deepEqual(subtractMatrices([[5, 7], [9, 11]], matrix), [[4, 9], [8.5, 8]]);
  assert.deepEqual([matrix, wide], [[[1, -2], [0.5, 3]], [[1, 2, 3], [4, 5, 6]]]);
});

Deno.test("matrixMultiply() and subtractMatrices() refuse what does not fit or is no matrix", () => {
  const multiplied = "Cannot multiply matrices: shapes (1, 3) and (2, 1) do not fit";
  assert.throws(() => matrixMultiply([[1, 2, 3]], [[1], [2]]), RangeError(multiplied));
  const subtracted = "Cannot subtract matrices: shapes (1, 2) and (1, 3) differ";
  assert.throws(() => subtractMatrices([[1, 2]], [[1, 2, 3]]), RangeError(subtracted));
  const right = [[1, 2], [3, 4]];
  const rows = [Float32Array.of(1, 2), Float32Array.of(3, 4)] as unknown as number[][];
  for (const wrong of [rows, [[1, 2], [3]], [[1, 2], [3, 4, 5]]]) {
    for (const compute of [matrixMultiply, subtractMatrices]) {
      const error = TypeError("Cannot use a matrix: its rows are not arrays of one length");
      assert.throws(() => compute(wrong, right), error);
      assert.throws(() => compute(right, wrong), error);
    }
  }
});
