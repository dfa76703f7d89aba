/** One training iteration of each script, at the original's size. */

import { useBackend } from "../lib/backend.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import { availableBackends, BLAS } from "./available.ts";

const ENDLESS = { steps: Infinity, learningRate: naive.TRAINING.learningRate };

const group = "one training iteration";

const arrays = naive.train(naive.draw(), ENDLESS);
Deno.bench("naive", { group, baseline: true }, () => {
  arrays.next();
});

const ndarrays = nd.train(nd.draw(), ENDLESS);
Deno.bench("ndarray with loops", { group }, () => {
  ndarrays.next();
});

if (BLAS) {
  const ndarraysOnBlas = nd.train(nd.draw(), ENDLESS, BLAS);
  Deno.bench("ndarray with BLAS", { group }, () => {
    ndarraysOnBlas.next();
  });
}

for (const backend of await availableBackends()) {
  await useBackend(backend);
  const tensors = tensor.train(tensor.draw(), ENDLESS);
  Deno.bench(`tensor on ${backend}`, { group }, async (b) => {
    await useBackend(backend);
    b.start();
    const { value, done } = tensors.next();
    if (done) throw new Error("Cannot go on: the training has ended");
    await value.loss.data();
    value.loss.dispose();
    b.end();
  });
}
