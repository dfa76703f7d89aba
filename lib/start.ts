/**
 * Trains all three networks in turn and compares them: `deno task start`.
 *
 * @module
 */

import { script as naive } from "../naive_neural_network.ts";
import { script as ndarray } from "../ndarray_neural_network.ts";
import { script as tensor } from "../tensor_neural_network.ts";
import { follow, print, readOptions } from "./cli.ts";
import { formatTime } from "./timing.ts";

const options = readOptions({
  file: "lib/start.ts",
  summary: "Trains the three networks in turn and compares their times.",
});

/** Rewrites one line of the terminal, up to ten times a second. */
function progressLine(file: string) {
  const terminal = Deno.stderr.isTerminal();
  const encoder = new TextEncoder();
  let shown = -Infinity;
  if (!terminal) console.error(`Training ${file}`);
  return {
    show(t: number, loss: number) {
      if (!terminal || performance.now() - shown < 100) return;
      shown = performance.now();
      const percent = Math.floor(100 * (t + 1) / options.steps);
      const text = `Training ${file} ${percent}% - Loss Value: ${loss}`;
      Deno.stderr.writeSync(encoder.encode(`\r\x1b[K${text}`));
    },
    clear() {
      if (terminal) Deno.stderr.writeSync(encoder.encode("\r\x1b[K"));
    },
  };
}

const rows = [["", "in all", "per iteration", "last loss", "speed", "on"]];
let naiveTotal: number | undefined;
for (const script of [naive, ndarray, tensor]) {
  const progress = progressLine(script.file);
  let lastLoss = NaN;
  const backend = script.backends?.[0] ?? "";
  const { device, total } = await follow(script.start, { ...options, backend }, ({ t, loss }) => {
    progress.show(t, loss);
    lastLoss = loss;
  });
  progress.clear();
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
