/**
 * One training iteration of each script, at the original's size; or with as many hidden
 * units as the arguments say: `deno bench tests/iteration_bench.ts -- 25 400`.
 */

import * as tf from "@tensorflow/tfjs-core";
import { openBackend } from "../lib/backend.ts";
import { NDARRAY_BACKENDS } from "../lib/ndarray_backends.ts";
import { readLosses } from "../lib/run.ts";
import { TENSOR_BACKENDS } from "../lib/tensor_backends.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import { bench, TENSORS } from "./bench.ts";

// So small that the losses stay as they are, however long it trains.
const ENDLESS = { steps: Infinity, learningRate: 1e-9 };

const NDARRAYS = {
  wasm: "ndarrays",
  typescript: "ndarrays with loops",
  blas: "ndarrays with BLAS",
};

for (const H of Deno.args.length > 0 ? Deno.args.map(Number) : [naive.SIZES.H]) {
  const of = `an iteration with ${H} hidden units`;
  const sizes = { ...naive.SIZES, H };

  bench(of, "arrays", () => {
    const training = naive.train(naive.draw(sizes), ENDLESS);
    return { call: () => training.next() };
  });

  for (const [backend, name] of Object.entries(NDARRAYS)) {
    // Where there is BLAS, tensors have it too.
    if (backend === "blas" && !TENSORS.some(([, available]) => available === "blas")) continue;
    bench(of, name, async () => {
      const { algebra } = await openBackend(backend, NDARRAY_BACKENDS);
      const training = nd.train(nd.draw(sizes), ENDLESS, algebra);
      return { call: () => training.next() };
    });
  }

  for (const [name, backend] of TENSORS) {
    bench(of, name, async () => {
      await openBackend(backend, TENSOR_BACKENDS);
      const network = tensor.draw(sizes);
      // Each loss is read as the script reads it, while the training goes on.
      const losses = readLosses(tensor.train(network, ENDLESS), { ...ENDLESS, logEvery: 1 });
      return {
        call: () => losses.next(),
        stop: async () => {
          await losses.return(undefined);
          tf.dispose(Object.values(network));
        },
      };
    });
  }
}
