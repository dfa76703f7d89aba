/** Trains all three networks and compares them, with NumPy too: `deno task start`. @module */

import { inSeconds } from "../images/tables.ts";
import { announce, print, runCommand } from "../lib/run.ts";
import { COMPARISON, figures, iterationTime, notes, STARTS } from "./trainings.ts";

/** Writes a line to the terminal, if there is one, for the next one to be written over it. */
function showProgress(line: string) {
  if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(new TextEncoder().encode(`${line}\x1b[K\r`));
}

await runCommand(COMPARISON, async (options) => {
  // Each is trained on its fastest backend.
  const rows: Record<string, string>[] = [];
  let iterationOfArrays: number | undefined;
  for (const start of Object.values(STARTS)) {
    const { backend, losses: training } = await start(options);
    announce(backend);
    const losses: number[] = [];
    let lastShown = -Infinity;
    const times = [performance.now()];
    for await (const { t, loss } of training) {
      times.push(performance.now());
      losses.push(loss);
      if (times.at(-1)! - lastShown < 100) continue;
      lastShown = times.at(-1)!;
      const percent = Math.floor(100 * (t + 1) / options.steps);
      showProgress(`${percent} %, loss ${Number(loss.toPrecision(5))}`);
    }
    showProgress("");
    const iteration = iterationTime(times);
    iterationOfArrays ??= iteration;
    const total = inSeconds(times.at(-1)! - times[0]);
    const compared = figures(options, losses, iteration, iterationOfArrays);
    rows.push({ "": backend.device, total, ...compared });
  }

  const table = [Object.keys(rows[0]), ...rows.map((row) => Object.values(row))];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  for (const [device, ...rest] of table) {
    const cells = rest.map((cell, i) => cell.padStart(widths[i + 1]));
    print([device.padEnd(widths[0]), ...cells].join("  "));
  }
  print(["", ...notes(options)].join("\n"));
});
