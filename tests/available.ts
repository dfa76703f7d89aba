/**
 * What this machine has of the things that a test may have to go without.
 *
 * `EXPECTED_HERE` names, with commas between, those that must not be missing:
 * CI sets it to what it installed, so that nothing is skipped there unseen.
 *
 * @module
 */

import { type Backend, BACKENDS, useBackend } from "../lib/backend.ts";
import { closeBlas, openBlas } from "../lib/blas.ts";

const expected = (Deno.env.get("EXPECTED_HERE") ?? "").split(",");

/** Says on stderr why `name` is skipped; fails if it must not be. */
function missing(name: string, reason: string) {
  if (expected.includes(name)) {
    throw new Error(`Cannot skip ${name}, which is expected here: ${reason}`);
  }
  console.error(`Skipping ${name}: ${reason}`);
}

/** Whether something can be opened; says so, or fails, where it can't. */
async function isAvailable(name: string, open: () => unknown): Promise<boolean> {
  try {
    await open();
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotSupported)) throw error;
    missing(name, error.message);
    return false;
  }
}

/** Whether there is a BLAS library. */
export const BLAS = await isAvailable("blas", openBlas);
closeBlas();

/** The backends of TensorFlow.js that this machine has, a software GPU included. */
export async function availableBackends(): Promise<Backend[]> {
  const backends: Backend[] = [];
  const [, ...names] = BACKENDS;
  for (const backend of names) {
    if (await isAvailable(backend, () => useBackend(backend))) backends.push(backend);
  }
  return backends;
}
