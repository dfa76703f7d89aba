/**
 * A two-layer neural network, trained with tensors.
 *
 * The counterpart of `pytorch_neural_network.py`: a tensor lives where it is
 * computed, on a GPU for example, and its numbers come back when asked for. The
 * network predicts relu(x w1) w2.
 *
 *     deno run tensor_neural_network.ts
 *     deno run --allow-ffi tensor_neural_network.ts # may use BLAS
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import { openBackend } from "./lib/backend.ts";
import { seededNormal } from "./lib/random.ts";
import { main, print, report } from "./lib/run.ts";
import { TENSOR_BACKENDS } from "./lib/tensor_backends.ts";

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
 * `np.random.seed(seed)`, rounded to float32, the type of a tensor's numbers.
 */
export function draw({ N, D_in, H, D_out } = SIZES, seed = 0) {
  const normal = seededNormal(seed);
  const randn = (rows: number, columns: number) => {
    const numbers = Float32Array.from({ length: rows * columns }, normal);
    return tf.tensor2d(numbers, [rows, columns]);
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
  // A tensor never changes. A variable holds one, and can be given another; it
  // keeps the numbers when tf.tidy frees the tensor that it was made of.
  const w1 = tf.tidy(() => tf.variable(randn(D_in, H))); // (D_in, H)
  const w2 = tf.tidy(() => tf.variable(randn(H, D_out))); // (H, D_out)
  return { x, y, w1, w2 };
}

/** The data and the weights. */
export type Network = ReturnType<typeof draw>;

/**
 * Trains the network by gradient descent, and yields the loss of each
 * iteration: as a tensor, for whoever reads it to dispose of.
 *
 * @returns The trained weights: the variables `w1` and `w2` themselves.
 */
export function* train(
  { x, y, w1, w2 }: Network,
  { steps, learningRate } = TRAINING,
) {
  for (let t = 0; t < steps; t++) {
    // JavaScript frees its own memory, but not that of tensors. endScope frees
    // all tensors made since startScope, but for the loss, which is kept.
    tf.engine().startScope();

    // ----------------------
    // Forward pass
    // ----------------------

    // The network predicts y from x, with the weights that it has so far.

    // Step 1: Each hidden unit adds up all inputs of a sample, each times a
    // weight. For all samples and all units at once, that is a matrix product.
    const h = tf.matMul(x, w1); // (N, H)

    // Step 2: ReLU (rectified linear unit) replaces negative numbers with 0.
    // Without it the two layers could do no more than one: x times w1 times w2
    // is x times one matrix, the product of w1 and w2.
    const hRelu = tf.relu(h); // (N, H)

    // Step 3: Each output adds up all hidden units, weighted by w2.
    const yPred = tf.matMul(hRelu, w2); // (N, D_out)

    // ----------------------
    // Compute loss
    // ----------------------

    // The loss tells in one number how far the predictions are from the
    // targets: the sum of the squared differences. Squares are never negative,
    // so that errors above and below the target cannot cancel, and they make
    // large errors count most.
    const loss = tf.keep(tf.sum(tf.square(tf.sub(yPred, y)))); // a scalar, ()

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
    const gradYPred = tf.mul(2, tf.sub(yPred, y)); // (N, D_out)

    // yPred[i][k] is the sum over j of hRelu[i][j] times w2[j][k]. If w2[j][k]
    // grows a little, yPred[i][k] grows hRelu[i][j] times as much, in every
    // sample i. So its gradient is the sum over i of hRelu[i][j] times
    // gradYPred[i][k], a product with the transpose of hRelu.
    // The flags of tf.matMul say which of the two it is to transpose.
    const gradW2 = tf.matMul(hRelu, gradYPred, true, false); // (H, D_out)

    // If hRelu[i][j] grows a little, each output yPred[i][k] grows w2[j][k]
    // times as much. So its gradient is the sum over k of gradYPred[i][k] times
    // w2[j][k], a product with the transpose of w2: of w2 and not of gradW2,
    // because w2 is what hRelu was multiplied by.
    const gradHRelu = tf.matMul(gradYPred, w2, false, true); // (N, H)

    // Where h is negative, ReLU gives 0, and still does if h changes a little.
    // The loss does not depend on h there, so the gradient is 0. Elsewhere ReLU
    // passes h on unchanged, and so the gradient passes unchanged too.
    // The mask is 1 where h >= 0, and 0 where h < 0.
    const mask = tf.cast(tf.greaterEqual(h, 0), "float32"); // (N, H)
    const gradH = tf.mul(gradHRelu, mask); // (N, H)

    // h is x times w1, so w1 gets its gradient as w2 did.
    const gradW1 = tf.matMul(x, gradH, true, false); // (D_in, H)

    // ----------------------
    // Update weights
    // ----------------------

    // Gradient descent: the gradient points to where the loss grows fastest, so
    // learningRate times the gradient is subtracted from the weights. A step
    // that is small enough makes the loss smaller.
    w1.assign(tf.sub(w1, tf.mul(learningRate, gradW1))); // (D_in, H)
    w2.assign(tf.sub(w2, tf.mul(learningRate, gradW2))); // (H, D_out)

    tf.engine().endScope();

    // The original prints the loss before backpropagation. Here a GPU may have
    // only started on all of this, and works on while the loop at the end of
    // this file prints the loss. lib/run.ts reads the number back, by
    // `await loss.data()`, which is PyTorch's `loss.item()`.
    yield { t, loss };
  }
  return { w1, w2 };
}

if (import.meta.main) {
  await main({
    command: "deno run tensor_neural_network.ts",
    about: "Trains a two-layer ReLU network with tensors.",
    defaults: { ...SIZES, ...TRAINING },
    backends: TENSOR_BACKENDS,
  }, async (options) => {
    const backend = await openBackend(options.backend, TENSOR_BACKENDS);
    const losses = train(draw(options, options.seed), options);
    for await (const { t, loss } of report(losses, options, backend)) {
      print(`Current Iteration: ${t} - Loss Value: ${loss}`);
    }
  });
}
