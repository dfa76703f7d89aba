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

Deno.test("matrixMultiply multiplies rows by columns", () => {
  assert.deepEqual(
    matrixMultiply([[1, 2, 3], [4, 5, 6]], [[7, 8], [9, 10], [11, 12]]),
    [[58, 64], [139, 154]],
  );
});

Deno.test("matrixMultiply refuses shapes that do not fit", () => {
  assert.throws(() => matrixMultiply([[1, 2, 3]], [[1], [2]]), {
    name: "RangeError",
    message: "Cannot multiply matrices: shapes (1, 3) and (2, 1) do not fit",
  });
});

Deno.test("relu clears negative numbers, and keeps its input", () => {
  const matrix = [[-1, 0], [2.5, -0.5]];
  assert.deepEqual(relu(matrix), [[0, 0], [2.5, 0]]);
  assert.deepEqual(matrix, [[-1, 0], [2.5, -0.5]]);
});

Deno.test("transpose turns rows into columns", () => {
  assert.deepEqual(transpose([[1, 2, 3], [4, 5, 6]]), [[1, 4], [2, 5], [3, 6]]);
});

Deno.test("subtractMatrices takes element from element", () => {
  assert.deepEqual(subtractMatrices([[5, 7], [9, 11]], [[1, 2], [3, 4]]), [[4, 5], [6, 7]]);
});

Deno.test("subtractMatrices refuses shapes that differ", () => {
  assert.throws(() => subtractMatrices([[1, 2]], [[1], [2]]), {
    name: "RangeError",
    message: "Cannot subtract matrices: shapes (1, 2) and (2, 1) differ",
  });
});

Deno.test("squareMatrix squares each element", () => {
  assert.deepEqual(squareMatrix([[1, -2], [0.5, 3]]), [[1, 4], [0.25, 9]]);
});

Deno.test("sumMatrix adds all elements", () => {
  assert.equal(sumMatrix([[1, -2], [0.5, 3]]), 2.5);
});

Deno.test("multiplyWithConstant multiplies each element, and keeps its input", () => {
  const matrix = [[1, -2], [0.5, 3]];
  assert.deepEqual(multiplyWithConstant(matrix, 2), [[2, -4], [1, 6]]);
  assert.deepEqual(matrix, [[1, -2], [0.5, 3]]);
});
