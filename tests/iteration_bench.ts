/**
 * One training iteration of each script, at the original's size; or with as many hidden
 * units as the arguments say: `deno bench tests/iteration_bench.ts -- 25 400`.
 */

import { iteration } from "../images/tables.ts";
import { readOptions } from "../lib/cli.ts";
import { exitOnError } from "../lib/run.ts";
import { AVAILABLE, bench } from "./bench.ts";
import { COMPARISON, DEFAULTS, STARTS } from "./trainings.ts";

await exitOnError(() => {
  for (const hidden of Deno.args.length > 0 ? Deno.args : [`${DEFAULTS.H}`]) {
    const sizes = readOptions(COMPARISON, { hidden });
    // So small a rate that the losses stay as they are, however long it trains.
    const options = { ...sizes, steps: Infinity, learningRate: 1e-9 };
    for (const [name, { script, backend }] of AVAILABLE) {
      const start = async () => {
        const { losses } = await STARTS[script!](options, backend);
        return () => losses.next();
      };
      const baseline = name === "arrays";
      bench({ group: iteration(sizes.H), name, baseline, start }, { warmup: 100, n: 300 });
    }
  }
});
