/**
 * What this machine has of the things that a test may have to go without.
 *
 * `EXPECTED_HERE` names, with commas between, those that must not be missing:
 * CI sets it to what it installed, so that nothing is skipped there unseen.
 *
 * @module
 */

import { closeBlas, openBlas } from "../lib/blas.ts";

const expected = (Deno.env.get("EXPECTED_HERE") ?? "").split(",");

/** Says on stderr why the tests of `name` are skipped; fails if they must not be. */
function missing(name: string, reason: string) {
  if (expected.includes(name)) {
    throw new Error(`Cannot skip the tests of ${name}, which is expected here: ${reason}`);
  }
  console.error(`Skipping the tests of ${name}: ${reason}`);
}

function hasBlas(): boolean {
  try {
    openBlas();
    closeBlas();
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotSupported)) throw error;
    missing("blas", error.message);
    return false;
  }
}

/** Whether a BLAS library can be opened. */
export const BLAS = hasBlas();
