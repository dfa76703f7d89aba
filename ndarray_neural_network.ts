/**
 * A two-layer neural network, trained with ndarrays.
 *
 * The counterpart of `numpy_neural_network.py`: a matrix is one typed array, a
 * shape, and strides: how many numbers to step for the next row, and for the
 * next column. The network predicts relu(x w1) w2.
 *
 *     deno run ndarray_neural_network.ts
 *     deno run --allow-ffi ndarray_neural_network.ts # multiplies as NumPy does
 *
 * @module
 */

// @ts-types="@types/ndarray"
import ndarray from "ndarray";
// @ts-types="@types/ndarray-ops"
import ops from "ndarray-ops";
import { openBackend } from "./lib/backend.ts";
import { linearAlgebra, zeros } from "./lib/linear_algebra.ts";
import { NDARRAY_BACKENDS } from "./lib/ndarray_backends.ts";
import { seededNormal } from "./lib/random.ts";
import { main, print, report } from "./lib/run.ts";

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
  // How far an iteration moves each weight: this times its gradient. It is so
  // small because the first gradients are large, with a loss of 26 million.
  learningRate: 1e-6,
};

/**
 * Makes random data and random weights: the numbers that NumPy draws after
 * `np.random.seed(seed)`, so that the losses can be compared with NumPy's.
 */
export function draw({ N, D_in, H, D_out } = SIZES, seed = 0) {
  const normal = seededNormal(seed);
  const randn = (rows: number, columns: number) => {
    const numbers = Float64Array.from({ length: rows * columns }, normal);
    return ndarray(numbers, [rows, columns]);
  };

  // In practice, x would hold measurements (the pixels of images, say) and y
  // the right answers (what the images show). Here both are random, which is
  // enough to show the training: the network learns its 64 answers by heart.
  const x = randn(N, D_in); // (N, D_in), the inputs
  const y = randn(N, D_out); // (N, D_out), the targets

  // The weights are what the network learns. w1 leads from the inputs to the
  // hidden layer: w1[i][j] is the weight of input i in hidden unit j. w2 leads
  // from there to the outputs. They start at random, because hidden units that
  // start equal would be changed equally, and stay equal.
  const w1 = randn(D_in, H); // (D_in, H)
  const w2 = randn(H, D_out); // (H, D_out)
  return { x, y, w1, w2 };
}

/** The data and the weights. */
export type Network = ReturnType<typeof draw>;

/**
 * Trains the network by gradient descent, and yields the loss of each
 * iteration.
 *
 * @param algebra What multiplies the matrices; WebAssembly, if left out.
 * @returns The trained weights: `w1` and `w2` themselves, changed in place as
 *   in NumPy.
 */
export function* train(
  { x, y, w1, w2 }: Network,
  { steps, learningRate } = TRAINING,
  algebra = linearAlgebra(),
) {
  const [N] = x.shape;
  const [H, D_out] = w2.shape;
  // ndarray-ops has no matrix product: dot(a, b) is NumPy's a.dot(b).
  const { dot, subtractScaled } = algebra;

  for (let t = 0; t < steps; t++) {
    // ----------------------
    // Forward pass
    // ----------------------

    // The network predicts y from x, with the weights that it has so far.

    // Step 1: Each hidden unit adds up all inputs of a sample, each times a
    // weight. For all samples and all units at once, that is a matrix product.
    const h = dot(x, w1); // (N, H)

    // Step 2: ReLU (rectified linear unit) replaces negative numbers with 0.
    // Without it the two layers could do no more than one: x times w1 times w2
    // is x times one matrix, the product of w1 and w2.
    // Operations of ndarray-ops write to their first argument, so each result
    // starts as zeros. An s at the end of a name (maxs, muls, geqs) says that
    // the last argument is a single number.
    const hRelu = zeros(N, H);
    ops.maxs(hRelu, h, 0); // (N, H)

    // Step 3: Each output adds up all hidden units, weighted by w2.
    const yPred = dot(hRelu, w2); // (N, D_out)

    // ----------------------
    // Compute loss
    // ----------------------

    // The loss tells in one number how far the predictions are from the
    // targets: the sum of the squared differences. Squares are never negative,
    // so that errors above and below the target cannot cancel, and they make
    // large errors count most. norm2squared is the sum of the squares.
    const difference = zeros(N, D_out);
    ops.sub(difference, yPred, y); // (N, D_out)
    const loss = ops.norm2squared(difference);

    // The loop at the end of this file prints it, to show that it falls as the
    // network learns.
    yield { t, loss };

    // ----------------------
    // Backpropagation
    // ----------------------

    // The gradient of a matrix has its shape, and says for each of its numbers
    // how fast the loss grows as that number grows. Backpropagation goes back
    // through the steps of the forward pass, until it has the gradients of w1
    // and w2. Each follows from one that was computed before, by the chain
    // rule: if b grows 3 times as fast as a, and the loss 2 times as fast as b,
    // then the loss grows 6 times as fast as a.

    // The loss is the sum of (yPred - y)^2. The derivative of the square of a
    // difference is 2 times the difference.
    const gradYPred = zeros(N, D_out);
    ops.muls(gradYPred, difference, 2); // (N, D_out)

    // yPred[i][k] is the sum over j of hRelu[i][j] times w2[j][k]. If w2[j][k]
    // grows a little, yPred[i][k] grows hRelu[i][j] times as much, in every
    // sample i. So its gradient is the sum over i of hRelu[i][j] times
    // gradYPred[i][k], a product with the transpose of hRelu.
    // A transpose is the same memory with the strides swapped.
    const gradW2 = dot(hRelu.transpose(1, 0), gradYPred); // (H, D_out)

    // If hRelu[i][j] grows a little, each output yPred[i][k] grows w2[j][k]
    // times as much. So its gradient is the sum over k of gradYPred[i][k] times
    // w2[j][k], a product with the transpose of w2: of w2 and not of gradW2,
    // because w2 is what hRelu was multiplied by.
    const gradHRelu = dot(gradYPred, w2.transpose(1, 0)); // (N, H)

    // Where h is negative, ReLU gives 0, and still does if h changes a little.
    // The loss does not depend on h there, so the gradient is 0. Elsewhere ReLU
    // passes h on unchanged, and so the gradient passes unchanged too.
    const mask = zeros(N, H);
    ops.geqs(mask, h, 0); // (N, H), 1 where h >= 0 and 0 where h < 0
    const gradH = zeros(N, H);
    ops.mul(gradH, gradHRelu, mask); // (N, H)

    // h is x times w1, so w1 gets its gradient as w2 did.
    const gradW1 = dot(x.transpose(1, 0), gradH); // (D_in, H)

    // ----------------------
    // Update weights
    // ----------------------

    // Gradient descent: the gradient points to where the loss grows fastest, so
    // learningRate times the gradient is subtracted from the weights. A step
    // that is small enough makes the loss smaller.
    subtractScaled(w1, learningRate, gradW1); // w1 -= learningRate * gradW1
    subtractScaled(w2, learningRate, gradW2); // w2 -= learningRate * gradW2
  }
  return { w1, w2 };
}

if (import.meta.main) {
  await main({
    command: "deno run ndarray_neural_network.ts",
    about: "Trains a two-layer ReLU network with ndarrays.",
    defaults: { ...SIZES, ...TRAINING },
    backends: NDARRAY_BACKENDS,
  }, async (options) => {
    const backend = await openBackend(options.backend, NDARRAY_BACKENDS);
    const losses = train(draw(options, options.seed), options, backend.algebra);
    for await (const { t, loss } of report(losses, options, backend)) {
      print(`Current Iteration: ${t} - Loss Value: ${loss}`);
    }
  });
}
