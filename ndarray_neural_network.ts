/**
 * A two-layer neural network, trained with ndarrays.
 *
 * The counterpart of `numpy_neural_network.py`. It does what
 * naive_neural_network.ts does, whose comments explain the network and its
 * gradients: read that first. The comments here explain what ndarrays change,
 * and show how the original says the same.
 *
 * An ndarray is one typed array (its `data`), a shape, and strides: how many
 * numbers to step for the next row, and for the next column. The element in row
 * i and column j is `data[i * stride[0] + j * stride[1]]`.
 *
 *     deno run ndarray_neural_network.ts
 *     deno run --allow-ffi ndarray_neural_network.ts # BLAS multiplies, as in NumPy
 *
 * ndarray and ndarray-ops are npm packages. What they lack is this project's own: `zeros`
 * and `subtractScaled` (lib/matrices.ts), and the product `dotInWasm`
 * (lib/backends/ndarrays.ts).
 *
 * @module
 */

// @ts-types="@types/ndarray"
import ndarray from "ndarray";
// @ts-types="@types/ndarray-ops"
import ops from "ndarray-ops";
import { dotInWasm, NDARRAY_BACKENDS } from "./lib/backends/ndarrays.ts";
import { subtractScaled, zeros } from "./lib/matrices.ts";
import { seededNormal } from "./lib/random.ts";
import { main } from "./lib/run.ts";

/** The sizes of the network, named as in the original. */
export const SIZES = {
  N: 64, // samples in a batch
  D_in: 1000, // input features
  H: 100, // units of the hidden layer
  D_out: 10, // outputs
};

/** How it is trained. */
export const TRAINING = {
  steps: 500, // iterations
  learningRate: 1e-6, // this times its gradient is subtracted from each weight
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
  // All numbers of a matrix lie in one typed array, row after row.
  // NumPy: np.random.randn(rows, columns)
  const randn = (rows: number, columns: number) => {
    const numbers = Float64Array.from({ length: rows * columns }, normal);
    return ndarray(numbers, [rows, columns]);
  };
  const x = randn(N, D_in); // (N, D_in), the inputs
  const y = randn(N, D_out); // (N, D_out), the targets
  const w1 = randn(D_in, H); // (D_in, H), the weights of the hidden layer
  const w2 = randn(H, D_out); // (H, D_out), the weights of the outputs
  return { x, y, w1, w2 };
}

/** The data and the weights. */
export type Network = ReturnType<typeof draw>;

/**
 * Trains the network by gradient descent, and yields the loss of each
 * iteration.
 *
 * @param training Numbers to use in place of those in {@linkcode TRAINING}.
 * @param dot The matrix product, which ndarray-ops does not have: `dot(a, b)` is
 *   NumPy's `a.dot(b)`. If left out, WebAssembly computes it.
 * @returns The trained weights: `w1` and `w2` themselves, changed in place as
 *   in NumPy.
 */
export function* train(
  { x, y, w1, w2 }: Network,
  training: Partial<typeof TRAINING> = {},
  dot = dotInWasm,
) {
  const { steps, learningRate } = { ...TRAINING, ...training };
  const [N] = x.shape;
  const [H, D_out] = w2.shape;

  for (let t = 0; t < steps; t++) {
    // Forward pass

    // Step 1: The sums of the hidden units.
    // NumPy: h = x.dot(w1)
    const h = dot(x, w1); // (N, H)

    // Step 2: ReLU. Operations of ndarray-ops write to their first argument, so
    // each result starts as zeros. An s at the end of a name (maxs, muls, geqs)
    // says that the last argument is a single number.
    // NumPy: h_relu = np.maximum(h, 0)
    const hRelu = zeros(N, H);
    ops.maxs(hRelu, h, 0); // (N, H)

    // Step 3: The predictions.
    // NumPy: y_pred = h_relu.dot(w2)
    const yPred = dot(hRelu, w2); // (N, D_out)

    // Loss: the sum of the squared differences. norm2squared squares each
    // number and adds up the squares.
    // NumPy: loss = np.square(y_pred - y).sum()
    const difference = zeros(N, D_out);
    ops.sub(difference, yPred, y); // (N, D_out)
    const loss = ops.norm2squared(difference);
    yield { t, loss };

    // Backpropagation

    // NumPy: grad_y_pred = 2.0 * (y_pred - y)
    const gradYPred = zeros(N, D_out);
    ops.muls(gradYPred, difference, 2); // (N, D_out)

    // transpose takes the dimensions in their new order, here the second before
    // the first, and gives an ndarray with the same data and the two strides
    // swapped. No number moves, as in NumPy.
    // NumPy: grad_w2 = h_relu.T.dot(grad_y_pred)
    const gradW2 = dot(hRelu.transpose(1, 0), gradYPred); // (H, D_out)

    // NumPy: grad_h_relu = grad_y_pred.dot(w2.T)
    const gradHRelu = dot(gradYPred, w2.transpose(1, 0)); // (N, H)

    // NumPy sets the gradient to 0 by a condition. ndarray-ops has no such
    // assignment, but can multiply: by 0 where h < 0, and by 1 where the gradient
    // is to pass.
    // NumPy: grad_h = grad_h_relu.copy(); grad_h[h < 0] = 0
    const mask = zeros(N, H);
    ops.geqs(mask, h, 0); // (N, H), 1 where h >= 0 and 0 where h < 0
    const gradH = zeros(N, H);
    ops.mul(gradH, gradHRelu, mask); // (N, H)

    // NumPy: grad_w1 = x.T.dot(grad_h)
    const gradW1 = dot(x.transpose(1, 0), gradH); // (D_in, H)

    // Update weights, in place

    // NumPy: w1 -= learning_rate * grad_w1
    subtractScaled(w1, learningRate, gradW1); // (D_in, H)

    // NumPy: w2 -= learning_rate * grad_w2
    subtractScaled(w2, learningRate, gradW2); // (H, D_out)
  }
  return { w1, w2 };
}

// This does what the end of naive_neural_network.ts does, with the dot of the
// backend that the flags choose.
if (import.meta.main) {
  await main({
    usage: "deno run ndarray_neural_network.ts",
    about: "Trains a two-layer ReLU network with ndarrays.",
    defaults: { ...SIZES, ...TRAINING },
    backends: NDARRAY_BACKENDS,
  }, (options, { dot }) => train(draw(options, options.seed), options, dot));
}
