/** Benchmarks under the names that the pages use. @module */

import { TRAINERS } from "../images/tables.ts";
import { availableBackends, BLAS } from "./available.ts";

let current: { id: string; call: () => unknown } | undefined;

/**
 * Registers a benchmark, which makes what it needs when its turn comes, and keeps it until the
 * turn of the next one.
 *
 * @param group What is done.
 * @param name What does it.
 * @param start Makes what it needs, and returns the function that is timed.
 * @param runs How often it runs before it is timed, and then; if left out, Deno decides.
 */
export function bench(
  group: string,
  name: string,
  start: () => (() => unknown) | Promise<() => unknown>,
  runs: { warmup?: number; n?: number } = {},
) {
  const id = `${name}, ${group}`;
  Deno.bench(name, { group, baseline: name.startsWith("arrays"), ...runs }, async (b) => {
    if (current?.id !== id) {
      current = undefined;
      current = { id, call: await start() };
    }
    const { call } = current;
    b.start();
    await call();
    b.end();
  });
}

const tensorBackends: string[] = await availableBackends(false);

/** Our trainers that this machine can run; no software GPU. */
export const AVAILABLE = Object.entries(TRAINERS).filter(([, { script, backend }]) => {
  if (script === "tensor") return tensorBackends.includes(backend!);
  return script && (backend !== "blas" || BLAS);
});
