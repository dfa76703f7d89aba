/**
 * Trains all three networks in turn and compares them, with each other and with
 * NumPy: `deno task start`.
 *
 * @module
 */

import { type Backend, openBackend } from "../lib/backend.ts";
import type { Options } from "../lib/cli.ts";
import { NDARRAY_BACKENDS } from "../lib/ndarrays.ts";
import { announce, ARRAYS, type Losses, print, readLosses, runCommand } from "../lib/run.ts";
import { TENSOR_BACKENDS } from "../lib/tensors.ts";
import { inMs, inSeconds } from "../lib/times.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import seed0 from "./numpy_losses/seed0_64x1000x100x10.json" with { type: "json" };
import seed42 from "./numpy_losses/seed42_64x1000x100x10.json" with { type: "json" };

/** The three scripts, each on the fastest backend. */
async function* trainings(options: Options): AsyncGenerator<[Backend, Losses]> {
  const { seed } = options;
  yield [ARRAYS, naive.train(naive.draw(options, seed), options)];
  const ndarrays = await openBackend("auto", NDARRAY_BACKENDS);
  yield [ndarrays, nd.train(nd.draw(options, seed), options, ndarrays.dot)];
  const tensors = await openBackend("auto", TENSOR_BACKENDS);
  yield [tensors, tensor.train(tensor.draw(options, seed), options)];
}

/** NumPy's losses for these sizes, this seed and rate, where they were recorded. */
function recordedLosses({ N, D_in, H, D_out, seed, learningRate }: Options): number[] | undefined {
  return [seed0, seed42].find((recorded) =>
    recorded.seed === seed && recorded.learningRate === learningRate &&
    recorded.dims.join() === [N, D_in, H, D_out].join()
  )?.numpy;
}

/** Writes a line to the terminal, if there is one, for the next one to be written over it. */
function showProgress(line: string) {
  if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(new TextEncoder().encode(`${line}\x1b[K\r`));
}

/** Trains the three, and makes a row of each; the first one has the heads. */
async function compare(options: Options, numpy?: number[]): Promise<string[][]> {
  const { steps } = options;
  const rows = [["", "total", "iteration", "last loss", "speed", "from NumPy"]];
  let first: number | undefined;
  for await (const [backend, losses] of trainings(options)) {
    announce(backend);
    let [last, worst, lastShown] = [NaN, 0, -Infinity];
    const start = performance.now();
    for await (const { t, loss } of readLosses(losses, options, backend.readsBehind)) {
      last = loss;
      if (numpy && t <= 100) worst = Math.max(worst, Math.abs(loss / numpy[t] - 1));
      if (performance.now() - lastShown < 100) continue;
      lastShown = performance.now();
      showProgress(`${Math.floor(100 * (t + 1) / steps)} %, loss ${Number(loss.toPrecision(5))}`);
    }
    const total = performance.now() - start;
    showProgress("");
    first ??= total;
    rows.push([
      backend.device,
      inSeconds(total),
      inMs(total / steps),
      `${Number(last.toPrecision(4))}`,
      `${(first / total).toPrecision(3)}x`,
      worst.toExponential(0),
    ]);
  }
  return numpy ? rows : rows.map((row) => row.slice(0, -1));
}

await runCommand({
  command: "deno task start",
  about: "Trains the three networks in turn, and compares their times and losses.",
  defaults: { ...naive.SIZES, ...naive.TRAINING },
}, async (options) => {
  const numpy = recordedLosses(options);
  const table = await compare(options, numpy);
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  for (const [device, ...figures] of table) {
    const cells = figures.map((cell, i) => cell.padStart(widths[i + 1]));
    print([device.padEnd(widths[0]), ...cells].join("  "));
  }
  if (!numpy) return;
  const last = Math.min(100, options.steps - 1);
  const what = "the largest relative difference from NumPy's losses";
  print(`\nfrom NumPy: ${what}, iterations 0 to ${last}`);
});
