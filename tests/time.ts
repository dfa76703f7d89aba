/**
 * Runs the benchmarks of that name in a file as originals.py runs the Python originals, each for
 * 500 runs or 1.5 seconds: `time.ts products NAME`, or `time.ts iteration NAME HIDDEN`. Prints a
 * JSON object for each: when it began, and when each of its runs ended, in milliseconds.
 */

import { BENCHMARKS } from "./bench.ts";

const [file, wanted] = Deno.args.splice(0, 2); // what is left is iteration_bench.ts's own
await import(`./${file}_bench.ts`);
for (const { name, group, start } of BENCHMARKS) {
  if (name !== wanted) continue;
  const run = await start();
  const ends = [performance.now()];
  while (ends.length <= 5 || ends.length <= 500 && ends.at(-1)! < ends[0] + 1500) {
    await run();
    ends.push(performance.now());
  }
  console.log(JSON.stringify({ name, group, ends }));
}
