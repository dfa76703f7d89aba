/**
 * A two-layer neural network, trained with tensors.
 *
 * The counterpart of `pytorch_neural_network.py`: a tensor lives on the backend
 * that computes, and its numbers come back only where they are asked for.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import { type Backend, BACKENDS, useBackend } from "./lib/backend.ts";
import { type Dimensions, type Report, run, type Script, type Training } from "./lib/cli.ts";
import { seededNormal } from "./lib/random.ts";

/** What the network learns from, and what it learns. */
export interface Network {
  /** The inputs, of shape (N, D_in). */
  x: tf.Tensor2D;
  /** The outputs that it should give, of shape (N, D_out). */
  y: tf.Tensor2D;
  /** The weights from the inputs to the hidden layer, of shape (D_in, H). */
  w1: tf.Variable<tf.Rank.R2>;
  /** The weights from the hidden layer to the outputs, of shape (H, D_out). */
  w2: tf.Variable<tf.Rank.R2>;
}

/**
 * Draws data and first weights at random, as NumPy does after `np.random.seed(seed)`,
 * and rounds them to float32, the numbers of a tensor.
 */
export function draw(
  { N = 64, D_in = 1000, H = 100, D_out = 10 }: Partial<Dimensions> = {},
  seed = 0,
): Network {
  const normal = seededNormal(seed);
  const randn = (rows: number, columns: number) =>
    tf.tensor2d(Float32Array.from({ length: rows * columns }, normal), [rows, columns]);

  // Random numbers stand in for real inputs and for the outputs they should give.
  const x = randn(N, D_in);
  const y = randn(N, D_out);

  // A variable keeps the numbers of the tensor that it is made of; tidy frees the tensor.
  const w1 = tf.tidy(() => tf.variable(randn(D_in, H)));
  const w2 = tf.tidy(() => tf.variable(randn(H, D_out)));
  return { x, y, w1, w2 };
}

/**
 * Trains the network by gradient descent on the sum of the squared errors. Yields
 * the losses: of each `logEvery`-th iteration and of the last, before its update.
 *
 * @returns The trained weights: the variables `w1` and `w2` themselves.
 */
export async function* train(
  { x, y, w1, w2 }: Network,
  { steps = 500, learningRate = 1e-6, logEvery = 1 }: Partial<Training> = {},
): AsyncGenerator<Report, { w1: tf.Variable<tf.Rank.R2>; w2: tf.Variable<tf.Rank.R2> }> {
  for (let t = 0; t < steps; t++) {
    // Every tensor made in here is freed at the end, except the one returned.
    const loss = tf.tidy(() => {
      // ----------------------
      // Forward pass
      // ----------------------

      // Step 1: every hidden unit weighs all inputs of a sample.
      const h = tf.matMul(x, w1); // (N, H)

      // Step 2: ReLU lets only positive sums through; h itself is needed again below.
      const hRelu = tf.relu(h); // (N, H)

      // Step 3: every output weighs all hidden units.
      const yPred = tf.matMul(hRelu, w2); // (N, D_out)

      // ----------------------
      // Loss
      // ----------------------

      // The sum of the squared differences between prediction and target.
      const loss = tf.sum(tf.square(tf.sub(yPred, y)));

      // ----------------------
      // Backpropagation
      // ----------------------

      // The derivative of (yPred - y)^2 is 2 (yPred - y).
      const gradYPred = tf.mul(2, tf.sub(yPred, y)); // (N, D_out)

      // The gradient of w2: the transpose of hRelu, which w2 multiplied, times gradYPred.
      // (tf.matMul can transpose too, but in WebAssembly it is slow at it.)
      const gradW2 = tf.matMul(tf.transpose(hRelu), gradYPred); // (H, D_out)

      // The gradient of hRelu: gradYPred, back through the transpose of w2.
      const gradHRelu = tf.matMul(gradYPred, tf.transpose(w2)); // (N, H)

      // Where ReLU let nothing through, no gradient comes back.
      const gradH = tf.mul(gradHRelu, tf.cast(tf.greaterEqual(h, 0), "float32")); // (N, H)

      // The gradient of w1, as for w2: the transpose of x times gradH.
      const gradW1 = tf.matMul(tf.transpose(x), gradH); // (D_in, H)

      // ----------------------
      // Weight update
      // ----------------------

      // A small step against the gradient makes the loss smaller.
      w1.assign(tf.sub(w1, tf.mul(learningRate, gradW1))); // (D_in, H)
      w2.assign(tf.sub(w2, tf.mul(learningRate, gradW2))); // (H, D_out)
      return loss;
    });

    // Reading a number back waits for the backend, so only where it is reported.
    const logged = t % logEvery === 0 || t === steps - 1;
    const [value] = logged ? await loss.data() : [];
    loss.dispose();
    if (value !== undefined) yield { t, loss: value };
  }
  return { w1, w2 };
}

/** This script, for the command line. */
export const script: Script = {
  file: "tensor_neural_network.ts",
  summary: "Trains a two-layer ReLU network with tensors.",
  backends: BACKENDS,
  start: async (options) => ({
    ...await useBackend(options.backend as Backend | "auto"),
    losses: train(draw(options, options.seed), options),
  }),
};

if (import.meta.main) await run(script);
