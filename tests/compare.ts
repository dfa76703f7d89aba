/**
 * Trains all three networks in turn and compares them, with each other and with
 * NumPy: `deno task start`.
 *
 * @module
 */

import type { Options } from "../lib/cli.ts";
import { announce, print, readLosses, runCommand } from "../lib/run.ts";
import { inMs, inSeconds } from "../images/times.ts";
import { iterationTime } from "./timing.ts";
import { DEFAULTS, recordedLosses, STARTS } from "./trainings.ts";

/** Writes a line to the terminal, if there is one, for the next one to be written over it. */
function showProgress(line: string) {
  if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(new TextEncoder().encode(`${line}\x1b[K\r`));
}

/** Trains the three, each on its fastest backend, and makes a table of them. */
async function compare(options: Options, numpy?: number[]): Promise<string[][]> {
  const { steps } = options;
  const table = [["", "total", "iteration", "speed", "last loss", "from NumPy"]];
  let iterationOfArrays: number | undefined;
  for (const start of Object.values(STARTS)) {
    const [backend, losses] = await start(options, "auto");
    announce(backend);
    let last = NaN;
    let worst = 0;
    let lastShown = -Infinity;
    const times = [performance.now()];
    for await (const { t, loss } of readLosses(losses, options, backend.readsBehind)) {
      times.push(performance.now());
      last = loss;
      if (numpy && t <= 100) worst = Math.max(worst, Math.abs(loss / numpy[t] - 1));
      if (times.at(-1)! - lastShown < 100) continue;
      lastShown = times.at(-1)!;
      showProgress(`${Math.floor(100 * (t + 1) / steps)} %, loss ${Number(loss.toPrecision(5))}`);
    }
    showProgress("");
    const iteration = iterationTime(times);
    iterationOfArrays ??= iteration;
    table.push([
      backend.device,
      inSeconds(times.at(-1)! - times[0]),
      inMs(iteration),
      `${(iterationOfArrays / iteration).toPrecision(2)}x`,
      `${Number(last.toPrecision(4))}`,
      worst.toExponential(0),
    ]);
  }
  return numpy ? table : table.map((row) => row.slice(0, -1));
}

await runCommand({
  usage: "deno task start",
  about: "Trains the three networks in turn, and compares their times and losses.",
  defaults: DEFAULTS,
  usesArrays: true,
}, async (options) => {
  const numpy = recordedLosses(options);
  const table = await compare(options, numpy);
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  for (const [device, ...figures] of table) {
    const cells = figures.map((cell, i) => cell.padStart(widths[i + 1]));
    print([device.padEnd(widths[0]), ...cells].join("  "));
  }
  print("\niteration: the median, when V8 has compiled the code; speed compares the medians");
  if (!numpy) return;
  const last = Math.min(100, options.steps - 1);
  const what = "the largest relative difference from NumPy's losses";
  print(`from NumPy: ${what}, iterations 0 to ${last}`);
});
