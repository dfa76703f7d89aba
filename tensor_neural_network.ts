/**
 * A two-layer neural network, trained with tensors.
 *
 * The counterpart of `pytorch_neural_network.py`. It does what
 * naive_neural_network.ts does, whose comments explain the network and its
 * gradients: read that first. Here is explained what tensors change.
 *
 * A tensor is a matrix (or a block of any number of dimensions) that lives where
 * it is computed, on a GPU for example. Its numbers come back when asked for.
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
  N: 64, // samples in a batch
  D_in: 1000, // input features
  H: 100, // units of the hidden layer
  D_out: 10, // outputs
};

/** How it is trained. */
export const TRAINING = {
  steps: 500, // iterations
  learningRate: 1e-6, // how far a weight moves, over its gradient
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
  const x = randn(N, D_in); // (N, D_in), the inputs
  const y = randn(N, D_out); // (N, D_out), the targets

  // JavaScript frees its own memory when nothing refers to it any more, but it
  // knows nothing of a GPU's. tf.tidy calls a function, and then frees every
  // tensor that was made in it. A tensor never changes; a variable holds one,
  // can be given another, and is not freed by tf.tidy.
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
    // startScope and endScope are the two halves of tf.tidy: endScope frees all
    // tensors that were made since. tf.tidy itself would not do here, because
    // the function that it calls can't yield.
    tf.engine().startScope();

    // Forward pass

    const h = tf.matMul(x, w1); // (N, H)
    const hRelu = tf.relu(h); // (N, H)
    const yPred = tf.matMul(hRelu, w2); // (N, D_out)

    // Loss: a tensor too, with no dimension and one number. It outlives the
    // scope, because tf.keep says so.
    const loss = tf.keep(tf.sum(tf.square(tf.sub(yPred, y)))); // a scalar, ()

    // Backpropagation

    const gradYPred = tf.mul(2, tf.sub(yPred, y)); // (N, D_out)

    // The flags of tf.matMul say which of the two it is to transpose.
    const gradW2 = tf.matMul(hRelu, gradYPred, true, false); // (H, D_out)
    const gradHRelu = tf.matMul(gradYPred, w2, false, true); // (N, H)

    // PyTorch sets the gradient to 0 where h < 0. Tensors never change, so the
    // gradient is multiplied by a mask: 1 where h >= 0, and 0 where h < 0.
    const mask = tf.cast(tf.greaterEqual(h, 0), "float32"); // (N, H)
    const gradH = tf.mul(gradHRelu, mask); // (N, H)

    const gradW1 = tf.matMul(x, gradH, true, false); // (D_in, H)

    // Update weights. assign lets go of the variable's old numbers, and shares
    // those of the new tensor. endScope frees that tensor, but no numbers that
    // a variable still refers to.
    w1.assign(tf.sub(w1, tf.mul(learningRate, gradW1))); // (D_in, H)
    w2.assign(tf.sub(w2, tf.mul(learningRate, gradW2))); // (H, D_out)

    tf.engine().endScope();

    // The original prints the loss before backpropagation. Here a GPU may have
    // only started on all of this, and works on while the loss is read back. It
    // is a tensor where it is yielded, and a number where it is printed: report
    // (lib/run.ts) awaits loss.data(), which is PyTorch's loss.item().
    yield { t, loss };
  }
  return { w1, w2 };
}

// As in naive_neural_network.ts; openBackend takes what the tensors live on.
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
