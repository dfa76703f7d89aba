/**
 * Trains all three networks in turn and compares them, with each other and with
 * NumPy: `deno task start`.
 *
 * @module
 */

import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import { useBackend } from "./backend.ts";
import { type Options, print, readOptions } from "./cli.ts";
import seed0 from "./goldens/seed0_64x1000x100x10.json" with { type: "json" };
import seed42 from "./goldens/seed42_64x1000x100x10.json" with { type: "json" };
import { useBlas } from "./linear_algebra.ts";
import { follow, type Training } from "./report.ts";
import { formatTime } from "./timing.ts";

const options = readOptions({
  command: "deno task start",
  about: "Trains the three networks in turn, and compares their times and losses.",
  defaults: { ...naive.SIZES, ...naive.TRAINING },
});
const { seed, steps } = options;

/** The three scripts, each on what `auto` takes. */
const SCRIPTS: Record<string, () => Training | Promise<Training>> = {
  "naive_neural_network.ts": () => ({
    device: "arrays of arrays",
    losses: naive.train(naive.draw(options, seed), options),
  }),
  "ndarray_neural_network.ts": () => {
    const { blas, ...told } = useBlas("auto");
    return { ...told, losses: nd.train(nd.draw(options, seed), options, blas) };
  },
  "tensor_neural_network.ts": async () => {
    const told = await useBackend("auto");
    return { ...told, losses: tensor.train(tensor.draw(options, seed), options) };
  },
};

/** NumPy's losses for these sizes, this seed and rate, where they were recorded. */
function recordedLosses({ N, D_in, H, D_out, learningRate }: Options): number[] | undefined {
  return [seed0, seed42].find((golden) =>
    golden.seed === seed && golden.learningRate === learningRate &&
    golden.dims.join() === [N, D_in, H, D_out].join()
  )?.numpy;
}

/** Rewrites the last line of the terminal, if there is one; what is told next takes its place. */
function showProgress(text: string) {
  if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${text}`));
}

const numpy = recordedLosses(options);
const rows = [["", "in all", "per iteration", "last loss", "from NumPy", "speed"]];
let naiveTotal: number | undefined;
for (const [file, start] of Object.entries(SCRIPTS)) {
  let device = "";
  let last = NaN;
  let total = 0;
  let worst = 0;
  let lastShown = -Infinity;
  const starting = async () => {
    const training = await start();
    device = training.device;
    return training;
  };
  for await (const { t, loss, elapsed } of follow(file, options, starting)) {
    [last, total] = [loss, elapsed];
    if (numpy && t <= 100) worst = Math.max(worst, Math.abs(loss / numpy[t] - 1));
    if (performance.now() - lastShown < 100 || t === steps - 1) continue;
    lastShown = performance.now();
    showProgress(`${Math.floor(100 * (t + 1) / steps)}% - Loss Value: ${loss}`);
  }
  naiveTotal ??= total;
  rows.push([
    device,
    formatTime(total),
    formatTime(total / steps),
    last.toPrecision(5),
    worst.toExponential(0),
    `${(naiveTotal / total).toPrecision(3)}x`,
  ]);
}

const fromNumpy = rows[0].indexOf("from NumPy");
const table = rows.map((row) => row.filter((_, column) => numpy || column !== fromNumpy));
const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
for (const row of table) {
  const cells = row.map((cell, column) =>
    column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])
  );
  print(cells.join("  "));
}
if (numpy) {
  print(
    "\nfrom NumPy: the largest relative difference from NumPy's losses, iterations 0 to " +
      Math.min(100, steps - 1),
  );
}
