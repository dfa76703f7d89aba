/**
 * A two-layer neural network, trained with nothing but arrays of arrays.
 *
 * The counterpart of `naive_neural_network.py`: every matrix is an array of its
 * rows, and every operation on it is a loop written out here.
 *
 * @module
 */

import { type Dimensions, type Report, run, type Script, type Training } from "./lib/cli.ts";
import { seededNormal } from "./lib/random.ts";

/** A matrix, row by row. */
export type Matrix = number[][];

/** What the network learns from, and what it learns. */
export interface Network {
  /** The inputs, of shape (N, D_in). */
  x: Matrix;
  /** The outputs that it should give, of shape (N, D_out). */
  y: Matrix;
  /** The weights from the inputs to the hidden layer, of shape (D_in, H). */
  w1: Matrix;
  /** The weights from the hidden layer to the outputs, of shape (H, D_out). */
  w2: Matrix;
}

/** Draws data and first weights at random, as NumPy does after `np.random.seed(seed)`. */
export function draw(
  { N = 64, D_in = 1000, H = 100, D_out = 10 }: Partial<Dimensions> = {},
  seed = 0,
): Network {
  const normal = seededNormal(seed);
  const randn = (rows: number, columns: number): Matrix =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, normal));

  // Random numbers stand in for real inputs and for the outputs they should give.
  const x = randn(N, D_in);
  const y = randn(N, D_out);

  const w1 = randn(D_in, H);
  const w2 = randn(H, D_out);
  return { x, y, w1, w2 };
}

/** Writes the shape of a matrix, for an error message. */
function shape(matrix: Matrix): string {
  return `(${matrix.length}, ${matrix[0]?.length ?? 0})`;
}

/**
 * The matrix product of `a` (n, k) and `b` (k, m), of shape (n, m): NumPy's `a.dot(b)`.
 *
 * @throws {RangeError} If `a` does not have as many columns as `b` has rows.
 */
export function matrixMultiply(a: Matrix, b: Matrix): Matrix {
  if (a[0]?.length !== b.length) {
    throw new RangeError(`Cannot multiply matrices: shapes ${shape(a)} and ${shape(b)} do not fit`);
  }
  // b by columns, so that the inner loop runs along two arrays.
  const columns = transpose(b);
  const result: Matrix = [];
  for (const row of a) {
    const resultRow: number[] = [];
    for (const column of columns) {
      let sum = 0;
      for (let k = 0; k < column.length; k++) sum += row[k]! * column[k]!;
      resultRow.push(sum);
    }
    result.push(resultRow);
  }
  return result;
}

/** The matrix with 0 for every negative number: NumPy's `np.maximum(matrix, 0)`. */
export function relu(matrix: Matrix): Matrix {
  return matrix.map((row) => row.map((value) => Math.max(value, 0)));
}

/** The matrix with its rows as columns, copied; NumPy's `matrix.T` is a view. */
export function transpose(matrix: Matrix): Matrix {
  const firstRow = matrix[0] ?? [];
  return firstRow.map((_, j) => matrix.map((row) => row[j]!));
}

/**
 * `a` minus `b`, element by element; both have the same shape.
 *
 * @throws {RangeError} If the shapes differ.
 */
export function subtract(a: Matrix, b: Matrix): Matrix {
  if (shape(a) !== shape(b)) {
    throw new RangeError(`Cannot subtract matrices: shapes ${shape(a)} and ${shape(b)} differ`);
  }
  return a.map((row, i) => {
    const other = b[i]!;
    return row.map((value, j) => value - other[j]!);
  });
}

/** The square of every element: NumPy's `np.square(matrix)`. */
export function square(matrix: Matrix): Matrix {
  return matrix.map((row) => row.map((value) => value * value));
}

/** The sum of all elements: NumPy's `matrix.sum()`. */
export function sum(matrix: Matrix): number {
  let total = 0;
  for (const row of matrix) {
    for (const value of row) total += value;
  }
  return total;
}

/** Every element times `factor`. */
export function scale(matrix: Matrix, factor: number): Matrix {
  return matrix.map((row) => row.map((value) => value * factor));
}

/** A matrix of the same elements that can be changed without changing this one. */
export function copy(matrix: Matrix): Matrix {
  return matrix.map((row) => row.slice());
}

/**
 * Trains the network by gradient descent on the sum of the squared errors. Yields
 * the losses: of each `logEvery`-th iteration and of the last, before its update.
 *
 * @returns The trained weights; the ones passed in stay as they are.
 */
export function* train(
  { x, y, w1, w2 }: Network,
  { steps = 500, learningRate = 1e-6, logEvery = 1 }: Partial<Training> = {},
): Generator<Report, { w1: Matrix; w2: Matrix }> {
  for (let t = 0; t < steps; t++) {
    // ----------------------
    // Forward pass
    // ----------------------

    // Step 1: every hidden unit weighs all inputs of a sample.
    const h = matrixMultiply(x, w1); // (N, H)

    // Step 2: ReLU lets only positive sums through; h itself is needed again below.
    const hRelu = relu(h); // (N, H)

    // Step 3: every output weighs all hidden units.
    const yPred = matrixMultiply(hRelu, w2); // (N, D_out)

    // ----------------------
    // Loss
    // ----------------------

    // The sum of the squared differences between prediction and target.
    const loss = sum(square(subtract(yPred, y)));
    // Whoever runs this function prints it; lib/cli.ts does.
    if (t % logEvery === 0 || t === steps - 1) yield { t, loss };

    // ----------------------
    // Backpropagation
    // ----------------------

    // The derivative of (yPred - y)^2 is 2 (yPred - y).
    const gradYPred = scale(subtract(yPred, y), 2); // (N, D_out)

    // The gradient of w2: the transpose of hRelu, which w2 multiplied, times gradYPred.
    const gradW2 = matrixMultiply(transpose(hRelu), gradYPred); // (H, D_out)

    // The gradient of hRelu: gradYPred, back through the transpose of w2.
    const gradHRelu = matrixMultiply(gradYPred, transpose(w2)); // (N, H)

    // Where ReLU let nothing through, no gradient comes back.
    const gradH = copy(gradHRelu); // (N, H)
    h.forEach((row, i) => {
      const gradRow = gradH[i]!;
      row.forEach((value, j) => {
        if (value < 0) gradRow[j] = 0;
      });
    });

    // The gradient of w1, as for w2: the transpose of x times gradH.
    const gradW1 = matrixMultiply(transpose(x), gradH); // (D_in, H)

    // ----------------------
    // Weight update
    // ----------------------

    // A small step against the gradient makes the loss smaller.
    w1 = subtract(w1, scale(gradW1, learningRate)); // (D_in, H)
    w2 = subtract(w2, scale(gradW2, learningRate)); // (H, D_out)
  }
  return { w1, w2 };
}

/** This script, for the command line. */
export const script: Script = {
  file: "naive_neural_network.ts",
  summary: "Trains a two-layer ReLU network with arrays of arrays.",
  // A row is an object, which takes far more memory than its numbers where it is short.
  maxNumbers: 2 ** 24,
  start: (options) => ({
    device: "arrays of arrays",
    losses: train(draw(options, options.seed), options),
  }),
};

if (import.meta.main) await run(script);
