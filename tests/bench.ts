/** Benchmarks under the names that the pages use. @module */

import { TRAINERS } from "../images/tables.ts";
import { availableBackends } from "./available.ts";

interface Benchmark {
  group: string; // what is done
  name: string; // what does it
  baseline: boolean; // whether the others of its group are compared with it
  /** Makes what it needs, and returns the function that is timed. */
  start(): (() => unknown) | Promise<() => unknown>;
}

/** Every benchmark that was registered. */
export const BENCHMARKS: Benchmark[] = [];

let current: { benchmark: Benchmark; run: () => unknown } | undefined; // no other is kept in memory

/**
 * Registers a benchmark, which is started when its turn comes.
 * @param runs How often it runs untimed (`warmup`) and timed (`n`); if left out, Deno decides.
 */
export function bench(benchmark: Benchmark, runs: { warmup?: number; n?: number } = {}) {
  const { group, name, baseline, start } = benchmark;
  BENCHMARKS.push(benchmark);
  Deno.bench(name, { group, baseline, ...runs }, async (b) => {
    if (current?.benchmark !== benchmark) {
      current = undefined;
      current = { benchmark, run: await start() };
    }
    b.start();
    await current.run();
    b.end();
  });
}

export const BACKENDS = await availableBackends(false); // of tensors; a software GPU is left out

/** Our trainers that this machine can run. A software GPU is left out. */
export const AVAILABLE = Object.entries(TRAINERS).filter(([, { script, backend = "typescript" }]) =>
  script && ["typescript", ...BACKENDS].includes(backend)
);
