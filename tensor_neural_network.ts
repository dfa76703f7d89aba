/**
 * A two-layer neural network, trained with tensors.
 *
 * The counterpart of `pytorch_neural_network.py`. It does what
 * naive_neural_network.ts does, whose comments explain the network and its
 * gradients: read that first. The comments here explain what tensors change,
 * and show how the original says the same.
 *
 * A tensor is a matrix (or a block of any number of dimensions) that is kept
 * where it is computed, on a GPU for example. Its numbers come back only when
 * the program asks for them.
 *
 *     deno run tensor_neural_network.ts
 *     deno run tensor_neural_network.ts --backend wasm # not on a GPU
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import { TENSOR_BACKENDS } from "./lib/backends/tensors.ts";
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
 * `np.random.seed(seed)`, rounded to float32, the type of a tensor's numbers.
 *
 * A backend has to be started before, for example by
 * `await TENSOR_BACKENDS.wasm()` (lib/backends/tensors.ts).
 *
 * @param sizes Sizes to use in place of those in {@linkcode SIZES}.
 */
export function draw(sizes: Partial<typeof SIZES> = {}, seed = 0) {
  const { N, D_in, H, D_out } = { ...SIZES, ...sizes };
  const normal = seededNormal(seed);
  // PyTorch: torch.randn(rows, columns)
  const randn = (rows: number, columns: number) => {
    const numbers = Float32Array.from({ length: rows * columns }, normal);
    return tf.tensor2d(numbers, [rows, columns]);
  };
  const x = randn(N, D_in); // (N, D_in), the inputs
  const y = randn(N, D_out); // (N, D_out), the targets

  // A tensor of TensorFlow.js never changes. A variable holds a tensor, and can
  // be given another one. JavaScript frees its own memory when nothing refers to
  // it any more, but it can't free a GPU's. So tf.tidy calls a function, and then
  // frees every tensor that the function has made, except the one that it
  // returns and those that variables hold.
  const w1 = tf.tidy(() => tf.variable(randn(D_in, H))); // (D_in, H)
  const w2 = tf.tidy(() => tf.variable(randn(H, D_out))); // (H, D_out)
  return { x, y, w1, w2 };
}

/** The data and the weights. */
export type Network = ReturnType<typeof draw>;

/**
 * Trains the network by gradient descent, and yields the loss of each
 * iteration, as a tensor that the caller has to dispose of.
 *
 * @param training Numbers to use in place of those in {@linkcode TRAINING}.
 * @returns The trained weights: the variables `w1` and `w2` themselves.
 * @throws {Error} If `y` is not of shape (N, D_out).
 */
export function* train(
  { x, y, w1, w2 }: Network,
  training: Partial<typeof TRAINING> = {},
) {
  const { steps, learningRate } = { ...TRAINING, ...training };
  // If y had the shape (N, 1), tf.sub would use its one column for every output.
  tf.util.assertShapesMatch(y.shape, [x.shape[0], w2.shape[1]], "Cannot train, y:");

  for (let t = 0; t < steps; t++) {
    const loss = tf.tidy(() => {
      // Forward pass

      // PyTorch: h = x.mm(w1)
      const h = tf.matMul(x, w1); // (N, H)

      // PyTorch: h_relu = h.clamp(min=0)
      const hRelu = tf.relu(h); // (N, H)

      // PyTorch: y_pred = h_relu.mm(w2)
      const yPred = tf.matMul(hRelu, w2); // (N, D_out)

      // The loss is a tensor too, with no dimension and one number.
      // PyTorch: loss = (y_pred - y).pow(2).sum()
      const loss = tf.sum(tf.square(tf.sub(yPred, y))); // ()

      // Backpropagation, by hand as in the original. (tf.variableGrads would derive
      // the gradients by itself.)

      // PyTorch: grad_y_pred = 2.0 * (y_pred - y)
      const gradYPred = tf.mul(2, tf.sub(yPred, y)); // (N, D_out)

      // tf.transpose copies the numbers. The flags of tf.matMul can transpose too,
      // but in WebAssembly that makes an iteration four times as slow.
      // PyTorch: grad_w2 = h_relu.t().mm(grad_y_pred)
      const gradW2 = tf.matMul(tf.transpose(hRelu), gradYPred); // (H, D_out)

      // PyTorch: grad_h_relu = grad_y_pred.mm(w2.t())
      const gradHRelu = tf.matMul(gradYPred, tf.transpose(w2)); // (N, H)

      // PyTorch sets the gradient to 0 where h < 0. These tensors never change, so
      // the gradient is multiplied by a mask: 1 where h >= 0, and 0 where h < 0.
      // PyTorch: grad_h = grad_h_relu.clone(); grad_h[h < 0] = 0
      const mask = tf.cast(tf.greaterEqual(h, 0), "float32"); // (N, H)
      const gradH = tf.mul(gradHRelu, mask); // (N, H)

      // PyTorch: grad_w1 = x.t().mm(grad_h)
      const gradW1 = tf.matMul(tf.transpose(x), gradH); // (D_in, H)

      // Update weights. assign gives the variable the new numbers, and frees the
      // old ones.

      // PyTorch: w1 -= learning_rate * grad_w1
      w1.assign(tf.sub(w1, tf.mul(learningRate, gradW1))); // (D_in, H)

      // PyTorch: w2 -= learning_rate * grad_w2
      w2.assign(tf.sub(w2, tf.mul(learningRate, gradW2))); // (H, D_out)
      return loss;
    });

    // The original prints the loss before backpropagation. Here the loss is
    // yielded after the update, so that a GPU has a whole iteration to compute
    // while main (lib/run.ts) waits for the number: it awaits loss.data(), which
    // is PyTorch's loss.item().
    yield { t, loss };
  }
  return { w1, w2 };
}

// This does what the end of naive_neural_network.ts does, on the backend that the
// flags choose.
if (import.meta.main) {
  await main({
    usage: "deno run tensor_neural_network.ts",
    about: "Trains a two-layer ReLU network with tensors.",
    defaults: { ...SIZES, ...TRAINING },
    backends: TENSOR_BACKENDS,
  }, (options) => train(draw(options, options.seed), options));
}
