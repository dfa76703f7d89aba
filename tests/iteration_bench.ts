/** One training iteration of each script, at the original's size. */

import * as tf from "@tensorflow/tfjs-core";
import { useBackend } from "../lib/backend.ts";
import { openBlas } from "../lib/blas.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import { availableBackends, BLAS } from "./available.ts";

const DIMENSIONS = { N: 64, D_in: 1000, H: 100, D_out: 10 };
const TRAINING = { steps: Infinity, learningRate: 1e-6, logEvery: 1 };

const group = "one training iteration";

const arrays = naive.train(naive.draw(DIMENSIONS, 0), TRAINING);
Deno.bench("naive", { group, baseline: true }, () => {
  arrays.next();
});

const ndarrays = nd.train(nd.draw(DIMENSIONS, 0), TRAINING);
Deno.bench("ndarray with loops", { group }, () => {
  ndarrays.next();
});
if (BLAS) {
  let library: string | undefined;
  Deno.bench("ndarray with BLAS", { group }, () => {
    library ??= openBlas();
    ndarrays.next();
  });
}

for (const backend of await availableBackends()) {
  await useBackend(backend);
  const tensors = tensor.train(tensor.draw(DIMENSIONS, 0), TRAINING);
  Deno.bench(`tensor on ${backend}`, { group }, async (b) => {
    await tf.setBackend(backend);
    b.start();
    await tensors.next();
    b.end();
  });
}
