/**
 * Trains all three networks in turn and compares them, with each other and with
 * NumPy: `deno task start`.
 *
 * @module
 */

import { type Backend, openBackend } from "../lib/backend.ts";
import { ARRAYS_LIMIT, type Options } from "../lib/cli.ts";
import { NDARRAY_BACKENDS } from "../lib/ndarray_backends.ts";
import { type Losses, main, print, report, threeDigits } from "../lib/run.ts";
import { TENSOR_BACKENDS } from "../lib/tensor_backends.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import seed0 from "./numpy_losses/seed0_64x1000x100x10.json" with { type: "json" };
import seed42 from "./numpy_losses/seed42_64x1000x100x10.json" with { type: "json" };

/** The three scripts, each on what `auto` takes. */
async function* trainings(options: Options): AsyncGenerator<[Backend, Losses]> {
  const { seed } = options;
  yield [{ device: "arrays of arrays" }, naive.train(naive.draw(options, seed), options)];
  const ndarrays = await openBackend("auto", NDARRAY_BACKENDS);
  yield [ndarrays, nd.train(nd.draw(options, seed), options, ndarrays.algebra)];
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
  const rows = [["", "in all", "iteration", "last loss", "speed", "from NumPy"]];
  let first: number | undefined;
  for await (const [backend, losses] of trainings(options)) {
    let [last, total, worst, lastShown] = [NaN, 0, 0, -Infinity];
    for await (const { t, loss, elapsed } of report(losses, options, backend)) {
      [last, total] = [loss, elapsed];
      if (numpy && t <= 100) worst = Math.max(worst, Math.abs(loss / numpy[t] - 1));
      if (elapsed - lastShown < 100 || t === steps - 1) continue;
      lastShown = elapsed;
      showProgress(`${Math.floor(100 * (t + 1) / steps)} %, loss ${loss.toPrecision(5)}`);
    }
    first ??= total;
    rows.push([
      backend.device,
      `${threeDigits(total / 1000)} s`,
      `${threeDigits(total / steps)} ms`,
      last.toPrecision(4),
      `${(first / total).toPrecision(3)}x`,
      worst.toExponential(0),
    ]);
  }
  return rows;
}

await main({
  command: "deno task start",
  about: "Trains the three networks in turn, and compares their times and losses.",
  defaults: { ...naive.SIZES, ...naive.TRAINING },
  limit: ARRAYS_LIMIT,
}, async (options) => {
  const numpy = recordedLosses(options);
  const rows = await compare(options, numpy);
  const table = numpy ? rows : rows.map((row) => row.slice(0, -1));
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  for (const [device, ...figures] of table) {
    const cells = figures.map((cell, i) => cell.padStart(widths[i + 1]));
    print([device.padEnd(widths[0]), ...cells].join("  "));
  }
  if (!numpy) return;
  const last = Math.min(100, options.steps - 1);
  print(
    `\nfrom NumPy: the largest relative difference from NumPy's losses, iterations 0 to ${last}`,
  );
});
