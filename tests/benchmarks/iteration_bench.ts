/**
 * One training iteration of each script, at the original's size; or with as many hidden units as
 * the arguments say: `deno bench -A tests/benchmarks/iteration_bench.ts -- 25 400`.
 */

import * as tf from "@tensorflow/tfjs-core";
import { NDARRAY_BACKENDS } from "../../lib/backends/ndarrays.ts";
import { TENSOR_BACKENDS } from "../../lib/backends/tensors.ts";
import { type Losses, readLosses } from "../../lib/losses.ts";
import type { Backend } from "../../lib/open_backend.ts";
import * as naive from "../../naive_neural_network.ts";
import * as nd from "../../ndarray_neural_network.ts";
import * as tensor from "../../tensor_neural_network.ts";
import { availableBackends, BLAS } from "../available.ts";

// So small a rate that the losses stay as they are, however long it trains.
const TRAINING = { steps: Infinity, learningRate: 1e-9, logEvery: 1 };

/** `train` of the tensor script, with the flags of tf.matMul in place of tf.transpose. */
function* trainWithFlags({ x, y, w1, w2 }: tensor.Network): Losses {
  for (let t = 0;; t++) {
    const loss = tf.tidy(() => {
      const h = tf.matMul(x, w1);
      const hRelu = tf.relu(h);
      const yPred = tf.matMul(hRelu, w2);
      const loss = tf.sum(tf.square(tf.sub(yPred, y)));
      const gradYPred = tf.mul(2, tf.sub(yPred, y));
      const gradW2 = tf.matMul(hRelu, gradYPred, true, false);
      const gradHRelu = tf.matMul(gradYPred, w2, false, true);
      const mask = tf.cast(tf.greaterEqual(h, 0), "float32");
      const gradH = tf.mul(gradHRelu, mask);
      const gradW1 = tf.matMul(x, gradH, true, false);
      w1.assign(tf.sub(w1, tf.mul(TRAINING.learningRate, gradW1)));
      w2.assign(tf.sub(w2, tf.mul(TRAINING.learningRate, gradW2)));
      return loss;
    });
    yield { t, loss };
  }
}

interface Started {
  losses: Losses;
  readsBehind?: number; // how many iterations may begin before a loss is read
}

let current: { start: unknown; losses: ReturnType<typeof readLosses> } | undefined;

/** Registers a benchmark of the iterations of a training, which starts when its turn comes. */
function benchIterations(
  name: string,
  hidden: string,
  start: (sizes: { H: number }) => Started | Promise<Started>,
) {
  const group = `an iteration with ${hidden} hidden units`;
  const options = { name, group, baseline: name === "arrays", warmup: 100, n: 300 };
  Deno.bench(options, async () => {
    if (current?.start !== start) {
      current = undefined; // no other training is kept in memory
      const { losses, readsBehind } = await start({ H: Number(hidden) });
      current = { start, losses: readLosses(losses, TRAINING, readsBehind) };
    }
    await current.losses.next();
  });
}

const tensorBackends = await availableBackends(false);

for (const hidden of Deno.args.length > 0 ? Deno.args : ["100"]) {
  benchIterations("arrays", hidden, (sizes) => {
    return { losses: naive.train(naive.draw(sizes), TRAINING) };
  });

  for (const backend of ["typescript", "wasm", "blas"] as const) {
    if (backend === "blas" && !BLAS) continue;
    benchIterations(`ndarrays, ${backend}`, hidden, (sizes) => {
      const { dot } = NDARRAY_BACKENDS[backend]();
      return { losses: nd.train(nd.draw(sizes), TRAINING, dot) };
    });
  }

  for (const backend of tensorBackends) {
    benchIterations(`tensors, ${backend}`, hidden, async (sizes) => {
      const started: Backend = await TENSOR_BACKENDS[backend](false);
      const losses = tensor.train(tensor.draw(sizes), TRAINING);
      return { losses, readsBehind: started.readsBehind ?? 0 };
    });
  }

  benchIterations("tensors, wasm, with matMul's transpose flags", hidden, async (sizes) => {
    await TENSOR_BACKENDS.wasm();
    return { losses: trainWithFlags(tensor.draw(sizes)) };
  });
}
