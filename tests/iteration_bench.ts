/** One training iteration of each script, at the original's size. */

import * as tf from "@tensorflow/tfjs-core";
import { useBackend } from "../lib/backend.ts";
import { openBlas } from "../lib/blas.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import { availableBackends, BLAS } from "./available.ts";

const TRAINING = { steps: Infinity };

const group = "one training iteration";

const arrays = naive.train(naive.draw(), TRAINING);
Deno.bench("naive", { group, baseline: true }, () => {
  arrays.next();
});

const ndarrays = nd.train(nd.draw(), TRAINING);
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
  const tensors = tensor.train(tensor.draw(), TRAINING);
  Deno.bench(`tensor on ${backend}`, { group }, async (b) => {
    await tf.setBackend(backend);
    b.start();
    await tensors.next();
    b.end();
  });
}
