/**
 * One training iteration of each script, at the original's size; or with as many hidden
 * units as the arguments say: `deno bench tests/iteration_bench.ts -- 25 400`.
 */

import { openBackend } from "../lib/backend.ts";
import { NDARRAY_BACKENDS } from "../lib/ndarrays.ts";
import { readLosses } from "../lib/run.ts";
import { TENSOR_BACKENDS } from "../lib/tensors.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import { bench, NDARRAYS, TENSORS } from "./bench.ts";

// So small a rate that the losses stay as they are, however long it trains.
const ENDLESS = { steps: Infinity, learningRate: 1e-9 };

for (const H of Deno.args.length > 0 ? Deno.args.map(Number) : [naive.SIZES.H]) {
  const of = `an iteration with ${H} hidden units`;

  bench(of, "arrays", () => {
    const training = naive.train(naive.draw({ H }), ENDLESS);
    return () => training.next();
  });

  for (const [name, backend] of NDARRAYS) {
    bench(of, name, async () => {
      const { dot } = await openBackend(backend, NDARRAY_BACKENDS);
      const training = nd.train(nd.draw({ H }), ENDLESS, dot);
      return () => training.next();
    });
  }

  for (const [name, backend] of TENSORS) {
    bench(of, name, async () => {
      const { readsBehind } = await openBackend(backend, TENSOR_BACKENDS);
      // Each loss is read as the script reads it, while the training goes on.
      const training = tensor.train(tensor.draw({ H }), ENDLESS);
      const losses = readLosses(training, { ...ENDLESS, logEvery: 1 }, readsBehind);
      return () => losses.next();
    });
  }
}
