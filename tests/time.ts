/**
 * Times the benchmarks of one name in a file: `time.ts products NAME`, or `time.ts iteration NAME
 * HIDDEN`. Each runs 500 times, or as often as it can in 1.5 seconds, but at least five times.
 * Prints a JSON object for each: when it began, and when each run ended, in milliseconds.
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
