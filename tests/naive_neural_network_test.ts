/** What the helpers of the naive script refuse; the trainings test what they compute. */

import assert from "node:assert/strict";
import { matrixMultiply, relu, subtractMatrices } from "../naive_neural_network.ts";

Deno.test("matrixMultiply() and subtractMatrices() refuse what does not fit or is no matrix", () => {
  const multiply = (columns: number, rows: number) => {
    return RangeError(`Cannot multiply matrices: ${columns} columns do not fit ${rows} rows`);
  };
  assert.throws(() => matrixMultiply([[1, 2, 3]], [[1], [2]]), multiply(3, 2));
  assert.throws(() => matrixMultiply([[1]], [[1], [2]]), multiply(1, 2));

  const subtract = "Cannot subtract matrices: shapes (1, 2) and (1, 3) differ";
  assert.throws(() => subtractMatrices([[1, 2]], [[1, 2, 3]]), RangeError(subtract));
  assert.throws(() => subtractMatrices([[1, 2]], [[1, 2], [3, 4]]), RangeError);

  const right = [[1, 2], [3, 4]];
  const rows = [Float32Array.of(1, 2), Float32Array.of(3, 4)] as unknown as number[][];
  for (const wrong of [rows, [[1, 2], [3]], [[1, 2], [3, 4, 5]], [], [[]]]) {
    for (const compute of [matrixMultiply, subtractMatrices]) {
      const error = TypeError("Cannot use a matrix: its rows are not arrays of one length");
      assert.throws(() => compute(wrong, right), error);
      assert.throws(() => compute(right, wrong), error);
    }
  }
});

Deno.test("relu() does not hide what is not a number", () => {
  assert.deepEqual(relu([[-1, NaN, 2]]), [[0, NaN, 2]]);
});
