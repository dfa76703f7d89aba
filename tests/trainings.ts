/** Starts the three scripts, times them, and says in figures how they compare. @module */

import { inMs } from "../images/tables.ts";
import { ARRAYS, type Backend, type Backends, openBackend } from "../lib/backend.ts";
import { type Command, type Options, readOptions } from "../lib/cli.ts";
import { NDARRAY_BACKENDS } from "../lib/ndarrays.ts";
import { type Losses, readLosses } from "../lib/run.ts";
import { TENSOR_BACKENDS } from "../lib/tensors.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import seed0 from "./numpy_losses/seed0_64x1000x100x10.json" with { type: "json" };
import seed42 from "./numpy_losses/seed42_64x1000x100x10.json" with { type: "json" };

/** Starts a script on a backend by its name, and gives the losses as they are read. */
const starting = <B extends Backend>(
  backends: Backends<B>,
  train: (options: Options, backend: B) => Losses,
) =>
async (options: Options, name = "auto") => {
  const backend = await openBackend(name, backends);
  return { backend, losses: readLosses(train(options, backend), options, backend.readsBehind) };
};

/** How to start each script. */
export const STARTS = {
  naive: starting(ARRAYS, (options) => naive.train(naive.draw(options, options.seed), options)),
  ndarray: starting(NDARRAY_BACKENDS, (options, { dot }) => {
    return nd.train(nd.draw(options, options.seed), options, dot);
  }),
  tensor: starting(TENSOR_BACKENDS, (options) => {
    return tensor.train(tensor.draw(options, options.seed), options);
  }),
};

/** The command that trains all three. Benchmarks and the page read their options as it does. */
export const COMPARISON: Command = {
  usage: "deno task start",
  about: "Trains the three networks in turn, and compares their times and losses.",
  defaults: { ...naive.SIZES, ...naive.TRAINING },
  usesArrays: true,
};

/** What the scripts do without flags. */
export const DEFAULTS = readOptions(COMPARISON, {});

/** NumPy's losses for these sizes, this seed and rate, where they were recorded. */
function recordedLosses({ N, D_in, H, D_out, seed, learningRate }: Options): number[] | undefined {
  return [seed0, seed42].find((recorded) =>
    recorded.seed === seed && recorded.learningRate === learningRate &&
    recorded.dims.join() === [N, D_in, H, D_out].join()
  )?.numpy;
}

const SAMPLE_MS = 20; // so long that neither a coarse clock nor losses read together matter

/**
 * The time of an iteration, or of any run: the median of averages over at least 20 ms each. The
 * first fifth, in which V8 may still be compiling, does not count.
 *
 * @param ends When the first began, and when each ended, in milliseconds.
 */
export function iterationTime(ends: number[]): number {
  const averages: number[] = [];
  let start = Math.floor((ends.length - 1) / 5);
  for (let i = start + 1; i < ends.length; i++) {
    const isLast = averages.length === 0 && i === ends.length - 1;
    if (ends[i] - ends[start] < SAMPLE_MS && !isLast) continue;
    averages.push((ends[i] - ends[start]) / (i - start));
    start = i;
  }
  averages.sort((a, b) => a - b);
  const middle = (averages.length - 1) / 2;
  return (averages[Math.floor(middle)] + averages[Math.ceil(middle)]) / 2;
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
