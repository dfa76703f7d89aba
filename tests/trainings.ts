/** Starts the three scripts, for what compares and measures them. @module */

import { type Backend, openBackend } from "../lib/backend.ts";
import type { Options } from "../lib/cli.ts";
import { NDARRAY_BACKENDS } from "../lib/ndarrays.ts";
import { ARRAYS, type Losses } from "../lib/run.ts";
import { TENSOR_BACKENDS } from "../lib/tensors.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import seed0 from "./numpy_losses/seed0_64x1000x100x10.json" with { type: "json" };
import seed42 from "./numpy_losses/seed42_64x1000x100x10.json" with { type: "json" };

/** What a script computes on, and the losses that it yields. */
export type Training = [Backend, Losses];

/** How to start each script, on a backend by its name. */
export const STARTS: Record<string, (options: Options, backend: string) => Promise<Training>> = {
  async naive(options) {
    const backend = await openBackend("auto", ARRAYS);
    return [backend, naive.train(naive.draw(options, options.seed), options)];
  },
  async ndarray(options, name) {
    const backend = await openBackend(name, NDARRAY_BACKENDS);
    return [backend, nd.train(nd.draw(options, options.seed), options, backend.dot)];
  },
  async tensor(options, name) {
    const backend = await openBackend(name, TENSOR_BACKENDS);
    return [backend, tensor.train(tensor.draw(options, options.seed), options)];
  },
};

/** What the scripts do without flags. */
export const DEFAULTS: Options = {
  ...naive.SIZES,
  ...naive.TRAINING,
  seed: 0,
  logEvery: 1,
  backend: "auto",
};

/** NumPy's losses for these sizes, this seed and rate, where they were recorded. */
export function recordedLosses(options: Options): number[] | undefined {
  const { N, D_in, H, D_out, seed, learningRate } = options;
  return [seed0, seed42].find((recorded) =>
    recorded.seed === seed && recorded.learningRate === learningRate &&
    recorded.dims.join() === [N, D_in, H, D_out].join()
  )?.numpy;
}
