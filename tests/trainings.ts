/** Starts the three scripts, and says in figures how they compare. @module */

import { inMs } from "../images/times.ts";
import { ARRAYS, type Backend, openBackend } from "../lib/backend.ts";
import { type Command, type Options, readOptions } from "../lib/cli.ts";
import { NDARRAY_BACKENDS } from "../lib/ndarrays.ts";
import type { Losses } from "../lib/run.ts";
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

/** The command that trains all three, whose flags benchmarks and the page have too. */
export const COMPARISON: Command = {
  usage: "deno task start",
  about: "Trains the three networks in turn, and compares their times and losses.",
  defaults: { ...naive.SIZES, ...naive.TRAINING },
  usesArrays: true,
};

/** What the scripts do without flags. */
export const DEFAULTS = readOptions(COMPARISON, {});

/** NumPy's losses for these sizes, this seed and rate, where they were recorded. */
export function recordedLosses(options: Options): number[] | undefined {
  const { N, D_in, H, D_out, seed, learningRate } = options;
  return [seed0, seed42].find((recorded) =>
    recorded.seed === seed && recorded.learningRate === learningRate &&
    recorded.dims.join() === [N, D_in, H, D_out].join()
  )?.numpy;
}

/** What {@linkcode figures} are, in a line or two. */
export function notes(options: Options): string[] {
  const time = "iteration: the median, when the code is compiled; speed: times as fast as arrays";
  const what = "the largest relative difference from NumPy's losses";
  const last = Math.min(100, options.steps - 1);
  return recordedLosses(options) ? [time, `from NumPy: ${what}, iterations 0 to ${last}`] : [time];
}

/** Compares a training, by its losses so far and the time of an iteration. */
export function figures(options: Options, losses: number[], ms: number, msOfArrays: number) {
  const numpy = recordedLosses(options);
  const differences = losses.slice(0, 101).map((loss, t) => Math.abs(loss / numpy?.[t]! - 1));
  return {
    "iteration": inMs(ms),
    "speed": `${Number((msOfArrays / ms).toPrecision(2))}x`,
    "last loss": `${Number(losses.at(-1)!.toPrecision(4))}`,
    ...numpy && { "from NumPy": Math.max(...differences).toExponential(0) },
  };
}
