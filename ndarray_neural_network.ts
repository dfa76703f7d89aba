/**
 * A two-layer neural network, trained with ndarrays.
 *
 * The counterpart of `numpy_neural_network.py`: a matrix is one typed array and
 * a shape and strides to read it by, so that a transpose copies nothing.
 *
 * @module
 */

// @ts-types="@types/ndarray"
import ndarray, { type NdArray } from "ndarray";
// @ts-types="@types/ndarray-ops"
import ops from "ndarray-ops";
import { addScaled, DOT_BACKENDS, multiply, useDotBackend } from "./lib/blas.ts";
import { type Dimensions, type Report, run, type Script, type Training } from "./lib/cli.ts";
import { seededNormal } from "./lib/random.ts";

/** A matrix: two-dimensional, of float64. */
export type Matrix = NdArray<Float64Array<ArrayBuffer>>;

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
    ndarray(Float64Array.from({ length: rows * columns }, normal), [rows, columns]);

  // Random numbers stand in for real inputs and for the outputs they should give.
  const x = randn(N, D_in);
  const y = randn(N, D_out);

  const w1 = randn(D_in, H);
  const w2 = randn(H, D_out);
  return { x, y, w1, w2 };
}

/** A matrix of zeros: NumPy's `np.zeros((rows, columns))`. */
export function zeros(rows: number, columns: number): Matrix {
  return ndarray(new Float64Array(rows * columns), [rows, columns]);
}

/**
 * The matrix product of `a` (n, k) and `b` (k, m), of shape (n, m): NumPy's `a.dot(b)`.
 * Views with any strides and offset will do.
 *
 * As in NumPy, BLAS multiplies where a library is open and takes the views;
 * otherwise `multiplyInBlocks` does, at the end of this file.
 *
 * @param out Where the result goes, as in NumPy: no memory of `a` or `b`. A new
 *   matrix, if left out.
 * @throws {RangeError} If `a` or `b` is not two-dimensional, if `a` does not
 *   have as many columns as `b` has rows, if `out` is not a whole matrix of the result's
 *   shape, or if BLAS is to read a view that reaches outside its data.
 */
export function dot(a: Matrix, b: Matrix, out = zeros(a.shape[0]!, b.shape[1]!)): Matrix {
  if (a.dimension !== 2 || b.dimension !== 2 || a.shape[1] !== b.shape[0]) {
    const shapes = [a, b].map(({ shape }) => `(${shape.join(", ")})`);
    throw new RangeError(`Cannot multiply matrices: shapes ${shapes.join(" and ")} do not fit`);
  }
  const [rows, columns] = [a.shape[0]!, b.shape[1]!];
  const whole = out.dimension === 2 && out.shape[0] === rows && out.shape[1] === columns &&
    out.stride[0] === columns && out.stride[1] === 1 && out.data.length === rows * columns;
  if (!whole) {
    throw new RangeError(
      `Cannot multiply matrices: out is not a whole (${rows}, ${columns}) matrix`,
    );
  }
  if (!multiply(a, b, out.data)) multiplyInBlocks(a, b, out);
  return out;
}

/**
 * Moves `weights` against `gradient`, in place: NumPy's `weights -= learning_rate * gradient`.
 * What `gradient` holds afterwards is not defined.
 */
function descend(weights: Matrix, gradient: Matrix, learningRate: number) {
  if (addScaled(weights, -learningRate, gradient)) return;
  ops.mulseq(gradient, learningRate);
  ops.subeq(weights, gradient);
}

/**
 * Trains the network by gradient descent on the sum of the squared errors. Yields
 * the losses: of each `logEvery`-th iteration and of the last, before its update.
 *
 * @returns The trained weights: `w1` and `w2` themselves, which change in place
 *   as they do in NumPy.
 */
export function* train(
  { x, y, w1, w2 }: Network,
  { steps = 500, learningRate = 1e-6, logEvery = 1 }: Partial<Training> = {},
): Generator<Report, { w1: Matrix; w2: Matrix }> {
  const [N, D_in, H, D_out] = [x.shape[0]!, x.shape[1]!, w1.shape[1]!, w2.shape[1]!];

  // The gradient of w1 is large, and takes the same memory in each iteration.
  const gradW1 = zeros(D_in, H);

  for (let t = 0; t < steps; t++) {
    // ----------------------
    // Forward pass
    // ----------------------

    // Step 1: every hidden unit weighs all inputs of a sample.
    const h = dot(x, w1); // (N, H)

    // Step 2: ReLU lets only positive sums through; h itself is needed again below.
    // An operation of ndarray-ops writes to its first argument.
    const hRelu = zeros(N, H);
    ops.maxs(hRelu, h, 0); // (N, H)

    // Step 3: every output weighs all hidden units.
    const yPred = dot(hRelu, w2); // (N, D_out)

    // ----------------------
    // Loss
    // ----------------------

    // The sum of the squared differences between prediction and target.
    const difference = zeros(N, D_out);
    ops.sub(difference, yPred, y); // (N, D_out)
    const loss = ops.norm2squared(difference);
    // Whoever runs this function prints it; lib/cli.ts does.
    if (t % logEvery === 0 || t === steps - 1) yield { t, loss };

    // ----------------------
    // Backpropagation
    // ----------------------

    // The derivative of (yPred - y)^2 is 2 (yPred - y).
    const gradYPred = difference;
    ops.mulseq(gradYPred, 2); // (N, D_out)

    // The gradient of w2: the transpose of hRelu, which w2 multiplied, times gradYPred.
    const gradW2 = dot(hRelu.transpose(1, 0), gradYPred); // (H, D_out)

    // The gradient of hRelu: gradYPred, back through the transpose of w2.
    const gradHRelu = dot(gradYPred, w2.transpose(1, 0)); // (N, H)

    // Where ReLU let nothing through, no gradient comes back.
    const gradH = zeros(N, H);
    ops.geqs(gradH, h, 0); // 1 where h >= 0, else 0
    ops.muleq(gradH, gradHRelu); // (N, H)

    // The gradient of w1, as for w2: the transpose of x times gradH.
    dot(x.transpose(1, 0), gradH, gradW1); // (D_in, H)

    // ----------------------
    // Weight update
    // ----------------------

    // A small step against the gradient makes the loss smaller.
    descend(w1, gradW1, learningRate); // (D_in, H)
    descend(w2, gradW2, learningRate); // (H, D_out)
  }
  return { w1, w2 };
}

/**
 * How {@linkcode dot} multiplies without BLAS. Sets `result` to the matrix product
 * of `a` and `b`, a block of 3 by 4 numbers at a time: twelve sums in twelve
 * variables. The rows of `a` and the columns of `b` are first copied, so that the
 * loop reads them in order.
 *
 * Source: K. Goto and R. van de Geijn, "Anatomy of high-performance matrix
 * multiplication", 2008.
 */
function multiplyInBlocks(a: Matrix, b: Matrix, result: Matrix) {
  const [rows, depth] = a.shape as [number, number];
  const columns = b.shape[1]!;
  const aPanels = new Float64Array(Math.ceil(rows / BLOCK_ROWS) * BLOCK_ROWS * depth);
  for (let i = 0; i < rows; i += BLOCK_ROWS) pack(a, i, BLOCK_ROWS, aPanels, i * depth);
  const bColumns = b.transpose(1, 0);
  const bPanel = new Float64Array(BLOCK_COLUMNS * depth);
  for (let j = 0; j < columns; j += BLOCK_COLUMNS) {
    pack(bColumns, j, BLOCK_COLUMNS, bPanel, 0);
    for (let i = 0; i < rows; i += BLOCK_ROWS) {
      multiplyPanels(aPanels, i * depth, bPanel, result, i, j);
    }
  }
}

/** Sets the block of `result` at row `i` and column `j`: one panel of `a` by one of `b`. */
function multiplyPanels(
  aPanels: Float64Array,
  aStart: number,
  bPanel: Float64Array,
  result: Matrix,
  i: number,
  j: number,
) {
  let c00 = 0, c01 = 0, c02 = 0, c03 = 0;
  let c10 = 0, c11 = 0, c12 = 0, c13 = 0;
  let c20 = 0, c21 = 0, c22 = 0, c23 = 0;
  for (let p = aStart, q = 0; q < bPanel.length; p += BLOCK_ROWS, q += BLOCK_COLUMNS) {
    const a0 = aPanels[p]!, a1 = aPanels[p + 1]!, a2 = aPanels[p + 2]!;
    const b0 = bPanel[q]!, b1 = bPanel[q + 1]!, b2 = bPanel[q + 2]!, b3 = bPanel[q + 3]!;
    c00 += a0 * b0;
    c01 += a0 * b1;
    c02 += a0 * b2;
    c03 += a0 * b3;
    c10 += a1 * b0;
    c11 += a1 * b1;
    c12 += a1 * b2;
    c13 += a1 * b3;
    c20 += a2 * b0;
    c21 += a2 * b1;
    c22 += a2 * b2;
    c23 += a2 * b3;
  }
  store(result, i, j, c00, c01, c02, c03);
  store(result, i + 1, j, c10, c11, c12, c13);
  store(result, i + 2, j, c20, c21, c22, c23);
}

/** Sets four numbers of row `i` from column `j` on, as far as `result` reaches. */
function store(
  result: Matrix,
  i: number,
  j: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
) {
  const [rows, columns] = result.shape as [number, number];
  if (i >= rows) return;
  const { data } = result;
  const place = i * columns + j;
  data[place] = c0;
  if (j + 1 < columns) data[place + 1] = c1;
  if (j + 2 < columns) data[place + 2] = c2;
  if (j + 3 < columns) data[place + 3] = c3;
}

/** The block of the result that {@linkcode multiplyPanels} adds up at once. */
const BLOCK_ROWS = 3;
const BLOCK_COLUMNS = 4;

/**
 * Copies `width` rows of `matrix`, from row `first` on, to `panel` from `start`
 * on: column after column, so that they can be read in one run. Rows below the
 * last one count as zeros.
 */
function pack(matrix: Matrix, first: number, width: number, panel: Float64Array, start: number) {
  const [rows, columns] = matrix.shape as [number, number];
  const [rowStride, columnStride] = matrix.stride as [number, number];
  const { data } = matrix;
  const place = matrix.offset + first * rowStride;
  const filled = Math.min(width, rows - first);
  for (let k = 0; k < columns; k++) {
    const column = start + k * width;
    for (let r = 0; r < filled; r++) {
      panel[column + r] = data[place + k * columnStride + r * rowStride]!;
    }
    for (let r = filled; r < width; r++) panel[column + r] = 0;
  }
}

/** This script, for the command line. */
export const script: Script = {
  file: "ndarray_neural_network.ts",
  summary: "Trains a two-layer ReLU network with ndarrays.",
  backends: DOT_BACKENDS,
  start: (options) => ({
    ...useDotBackend(options.backend),
    losses: train(draw(options, options.seed), options),
  }),
};

if (import.meta.main) await run(script);
