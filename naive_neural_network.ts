/**
 * A two-layer neural network, trained with nothing but arrays of arrays.
 *
 * The counterpart of `naive_neural_network.py`: a matrix is an array of its
 * rows, and every operation on matrices is a loop that you can read below. The
 * network has two layers of weights, w1 and w2, and a hidden layer of numbers
 * between them. `train` explains how it predicts, and how it learns.
 *
 * In the comments, i counts samples, k inputs, j hidden units and o outputs. The
 * names are the original's: `matrixMultiply` is its `matrix_multiply`. Where they
 * differ, a comment shows the original's line.
 *
 *     deno run naive_neural_network.ts
 *
 * @module
 */

import { seededNormal } from "./lib/random.ts";
import { main } from "./lib/run.ts";

/** A matrix, row by row. */
export type Matrix = number[][];

/** The sizes of the network, named as in the original. */
export const SIZES = {
  N: 64, // samples in a batch: the network sees them all in each iteration
  D_in: 1000, // input features: the numbers that describe one sample
  H: 100, // units (neurons) of the hidden layer
  D_out: 10, // outputs: the numbers to predict for one sample
};

/** How it is trained. */
export const TRAINING = {
  steps: 500, // iterations
  // An iteration subtracts this times its gradient from each weight. The rate is
  // so small because the first gradients are large: each hidden unit adds up 1000
  // products, so the first predictions are wrong by hundreds.
  learningRate: 1e-6,
};

/**
 * Makes random data and random weights: the numbers that NumPy draws after
 * `np.random.seed(seed)`, so that the losses can be compared with NumPy's.
 *
 * @param sizes Sizes to use in place of those in {@linkcode SIZES}.
 */
export function draw(sizes: Partial<typeof SIZES> = {}, seed = 0) {
  const { N, D_in, H, D_out } = { ...SIZES, ...sizes };
  const normal = seededNormal(seed);
  const randn = (rows: number, columns: number): Matrix =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, normal));

  // In practice, x would hold measurements (the pixels of images, say) and y
  // the right answers (what the images show). Here both are random, which is
  // enough to show the training: the network learns its 64 answers by heart.
  const x = randn(N, D_in); // (N, D_in), the inputs
  const y = randn(N, D_out); // (N, D_out), the targets

  // The weights are what the network learns. w1 leads from the inputs to the
  // hidden layer: w1[k][j] is the weight of input k in hidden unit j. w2 leads
  // from there to the outputs. They start at random, because hidden units that
  // start equal would be changed equally, and stay equal.
  const w1 = randn(D_in, H); // (D_in, H)
  const w2 = randn(H, D_out); // (H, D_out)
  return { x, y, w1, w2 };
}

/** The data and the weights. */
export type Network = ReturnType<typeof draw>;

/**
 * Counts the rows and columns of a matrix.
 *
 * @throws {TypeError} If it has no rows, or they are not arrays of one length.
 */
function shape(matrix: Matrix) {
  const columns = matrix[0]?.length;
  if (!columns || !matrix.every((row) => Array.isArray(row) && row.length === columns)) {
    throw new TypeError("Cannot use a matrix: its rows are not arrays of one length");
  }
  return { rows: matrix.length, columns };
}

/**
 * The matrix product of `a` (rows, inner) and `b` (inner, columns), of shape
 * (rows, columns): NumPy's `a.dot(b)`. For each number of the product, a row of
 * `a` and a column of `b` are multiplied number by number, and summed.
 *
 * @throws {RangeError} If `a` does not have as many columns as `b` has rows.
 */
export function matrixMultiply(a: Matrix, b: Matrix): Matrix {
  const { columns } = shape(a);
  const { rows } = shape(b);
  if (columns !== rows) {
    throw new RangeError(`Cannot multiply matrices: ${columns} columns do not fit ${rows} rows`);
  }
  const result: Matrix = a.map(() => b[0].map(() => 0));

  // The original has the loop over j before the loop over k, and looks up each
  // number by its row and column. Here each row is looked up once, and the two
  // loops are swapped. This adds the same numbers in the same order, but the
  // innermost loop goes along rows, whose numbers lie side by side in memory.
  for (let i = 0; i < a.length; i++) {
    const resultRow = result[i];
    for (let k = 0; k < b.length; k++) {
      const aik = a[i][k];
      const bRow = b[k];
      for (let j = 0; j < bRow.length; j++) {
        resultRow[j] += aik * bRow[j];
      }
    }
  }
  return result;
}

/** Replaces negative numbers with 0: NumPy's `np.maximum(matrix, 0)`. */
export function relu(matrix: Matrix): Matrix {
  return matrix.map((row) => row.map((value) => Math.max(0, value)));
}

/** Copies each column to a row. NumPy's `matrix.T` does this without a copy. */
export function transpose(matrix: Matrix): Matrix {
  return matrix[0].map((_, j) => matrix.map((row) => row[j]));
}

/**
 * `a` minus `b`, element by element.
 *
 * @throws {RangeError} If the shapes differ.
 */
export function subtractMatrices(a: Matrix, b: Matrix): Matrix {
  const first = shape(a);
  const second = shape(b);
  if (first.rows !== second.rows || first.columns !== second.columns) {
    const shapes = `(${first.rows}, ${first.columns}) and (${second.rows}, ${second.columns})`;
    throw new RangeError(`Cannot subtract matrices: shapes ${shapes} differ`);
  }
  return a.map((row, i) => row.map((value, j) => value - b[i][j]));
}

/** The square of every element: NumPy's `np.square(matrix)`. */
export function squareMatrix(matrix: Matrix): Matrix {
  return matrix.map((row) => row.map((value) => value * value));
}

/** The sum of all elements: NumPy's `matrix.sum()`. */
export function sumMatrix(matrix: Matrix): number {
  let sum = 0;
  for (const row of matrix) {
    for (const value of row) sum += value;
  }
  return sum;
}

/** Every element times `factor`. */
export function multiplyWithConstant(matrix: Matrix, factor: number): Matrix {
  return matrix.map((row) => row.map((value) => value * factor));
}

/**
 * Trains the network by gradient descent, and yields the loss of each
 * iteration. The weights that it is given stay as they are.
 *
 * @param training Numbers to use in place of those in {@linkcode TRAINING}.
 * @returns The trained weights.
 */
export function* train(
  { x, y, w1, w2 }: Network,
  training: Partial<typeof TRAINING> = {},
) {
  const { steps, learningRate } = { ...TRAINING, ...training };
  for (let t = 0; t < steps; t++) {
    // ----------------------
    // Forward pass
    // ----------------------

    // The network predicts y from x, with the weights that it has so far.

    // Step 1: Each hidden unit adds up all inputs of a sample, each times a
    // weight. For all samples and all units at once, that is a matrix product.
    const h = matrixMultiply(x, w1); // (N, H)

    // Step 2: ReLU (rectified linear unit) replaces negative numbers with 0.
    // Without it the two layers could do no more than one: x times w1 times w2
    // is x times one matrix, the product of w1 and w2.
    // Python: h_relu = inplace_relu(h)
    const hRelu = relu(h); // (N, H)

    // Step 3: Each output adds up all hidden units, weighted by w2.
    const yPred = matrixMultiply(hRelu, w2); // (N, D_out)

    // ----------------------
    // Compute loss
    // ----------------------

    // The loss says in one number how far the predictions are from the
    // targets: the sum of the squared differences. Squares are never negative,
    // so that errors above and below the target cannot cancel, and they make
    // large errors count most.
    const loss = sumMatrix(squareMatrix(subtractMatrices(yPred, y)));

    // A generator function stops at each yield, until its caller asks for the next
    // loss. The end of this file prints each: it falls as the network learns.
    yield { t, loss };

    // ----------------------
    // Backpropagation
    // ----------------------

    // The gradient of a matrix has its shape, and says for each of its numbers
    // how fast the loss grows as that number grows. Backpropagation goes back
    // through the steps of the forward pass, until it has the gradients of w1
    // and w2. Each follows from one that was computed before, by the chain
    // rule: if b grows 3 times as fast as a, and the loss 2 times as fast as b,
    // then the loss grows 6 times as fast as a. And a number that acts on the
    // loss in several ways has the sum of their effects as its gradient.

    // The loss is the sum of (yPred - y)^2. The derivative of the square of a
    // difference is 2 times the difference.
    const gradYPred = multiplyWithConstant(subtractMatrices(yPred, y), 2); // (N, D_out)

    // yPred[i][o] is the sum over j of hRelu[i][j] times w2[j][o]. If w2[j][o]
    // grows a little, yPred[i][o] grows hRelu[i][j] times as much, in every
    // sample i. So its gradient is the sum over i of hRelu[i][j] times
    // gradYPred[i][o], a product with the transpose of hRelu.
    const gradW2 = matrixMultiply(transpose(hRelu), gradYPred); // (H, D_out)

    // If hRelu[i][j] grows a little, each output yPred[i][o] grows w2[j][o]
    // times as much. So its gradient is the sum over o of gradYPred[i][o] times
    // w2[j][o], a product with the transpose of w2.
    const gradHRelu = matrixMultiply(gradYPred, transpose(w2)); // (N, H)

    // Where h is negative, ReLU gives 0, and still does if h changes a little.
    // The loss does not depend on h there, so the gradient is 0. Elsewhere ReLU
    // passes h on unchanged, and so the gradient passes unchanged too. (The
    // original tests h_relu >= 0, which is always true, so that it changes no
    // gradient.)
    // Python: grad_h[i][j] if h_relu[i][j] >= 0 else 0.0, for each i and j
    const gradH = gradHRelu.map((row, i) => {
      return row.map((gradient, j) => h[i][j] < 0 ? 0 : gradient);
    }); // (N, H)

    // h is x times w1, so w1 gets its gradient as w2 did.
    const gradW1 = matrixMultiply(transpose(x), gradH); // (D_in, H)

    // ----------------------
    // Update weights
    // ----------------------

    // Gradient descent: the gradient points to where the loss grows fastest, so
    // learningRate times the gradient is subtracted from the weights. A change
    // that is small enough makes the loss smaller.
    w1 = subtractMatrices(w1, multiplyWithConstant(gradW1, learningRate)); // (D_in, H)
    w2 = subtractMatrices(w2, multiplyWithConstant(gradW2, learningRate)); // (H, D_out)
  }
  return { w1, w2 };
}

// If this file is run, and not imported, what follows does the same as
//
//     for (const { t, loss } of train(draw())) {
//       console.log(`Current Iteration: ${t} - Loss Value: ${loss}`);
//     }
//
// main (lib/run.ts) reads the flags, hands them on as options, prints the losses and says
// how long they took. Tests and benchmarks import train, and use the losses otherwise.
if (import.meta.main) {
  await main({
    usage: "deno run naive_neural_network.ts",
    about: "Trains a two-layer ReLU network with arrays of arrays.",
    defaults: { ...SIZES, ...TRAINING },
  }, (options) => train(draw(options, options.seed), options));
}
