/**
 * Trains all three networks in turn and compares them: `deno task start`.
 *
 * @module
 */

import { script as naive } from "../naive_neural_network.ts";
import { script as ndarray } from "../ndarray_neural_network.ts";
import { script as tensor } from "../tensor_neural_network.ts";
import { begin, follow, print, readOptions } from "./cli.ts";
import { formatTime } from "./timing.ts";

const options = readOptions({
  file: "lib/start.ts",
  summary: "Trains the three networks in turn and compares their times.",
});

/** Rewrites the last line of the terminal; says nothing where there is no terminal. */
function showProgress(text: string) {
  if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${text}`));
}

const rows = [["", "in all", "per iteration", "last loss", "speed", "on"]];
let naiveTotal: number | undefined;
for (const script of [naive, ndarray, tensor]) {
  const backend = script.backends?.[0] ?? "";
  const started = await begin(script, { ...options, backend });
  const { device } = started;
  let lastLoss = NaN;
  let shown = -Infinity;
  const total = await follow(started, options, ({ t, loss }) => {
    lastLoss = loss;
    if (performance.now() - shown < 100) return;
    shown = performance.now();
    showProgress(`${Math.floor(100 * (t + 1) / options.steps)}% - Loss Value: ${loss}`);
  });
  showProgress("");
  naiveTotal ??= total;
  rows.push([
    script.file,
    formatTime(total),
    formatTime(total / options.steps),
    lastLoss.toPrecision(5),
    `${(naiveTotal / total).toPrecision(3)}x`,
    device,
  ]);
}

const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
for (const row of rows) {
  const cells = row.map((cell, column) =>
    column === 0 || column === row.length - 1
      ? cell.padEnd(widths[column]!)
      : cell.padStart(widths[column]!)
  );
  print(`${cells.join("  ").trimEnd()}\n`);
}
