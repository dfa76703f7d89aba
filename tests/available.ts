/**
 * What this machine has of the things that a test may have to go without.
 *
 * `EXPECTED_HERE` names, with commas between, those that must not be missing:
 * CI sets it to what it installed, so that nothing is skipped there unseen.
 *
 * @module
 */

import { openBackend } from "../lib/backend.ts";
import { type Blas, startBlas } from "../lib/blas.ts";
import { NotAvailable } from "../lib/errors.ts";
import { TENSOR_BACKENDS } from "../lib/tensors.ts";
import { findAdapter } from "../lib/webgpu.ts";

/** The name of a backend of tensors. */
export type TensorBackend = keyof typeof TENSOR_BACKENDS;

/** Whether a permission is granted; never prompts. */
const isGranted = (permission: Deno.PermissionDescriptor) =>
  Deno.permissions.querySync(permission).state === "granted";

const variable = "EXPECTED_HERE";
const expected = isGranted({ name: "env", variable })
  ? (Deno.env.get(variable) ?? "").split(",")
  : [];

/**
 * Whether tests may do what they do; if not, says on stderr what they need.
 *
 * @param tests The tests, in words.
 * @param names The permissions that they need.
 */
export function permitted(tests: string, ...names: Deno.PermissionName[]): boolean {
  const lacking = names.filter((name) => !isGranted({ name }));
  if (lacking.length === 0) return true;
  const flags = lacking.map((name) => `--allow-${name}`).join(" ");
  console.error(`Ignoring ${tests}: they need ${flags}, which deno task test grants`);
  return false;
}

/** Registers a test of something that may not be there. */
export const testIf = (isThere: unknown, name: string, fn: () => void | Promise<void>) =>
  Deno.test({ name, ignore: !isThere, fn });

/** Opens something; where it can't be, says why it is skipped, or fails if it must be there. */
async function open<Thing>(
  name: string,
  openIt: () => Thing,
  mustBeThere = expected.includes(name),
): Promise<Awaited<Thing> | undefined> {
  try {
    return await openIt();
  } catch (error) {
    if (!(error instanceof NotAvailable)) throw error;
    if (mustBeThere) {
      throw new Error(`Cannot skip ${name}, which is expected here: ${error.message}`);
    }
    console.error(`Skipping ${name}: ${error.message}`);
    return undefined;
  }
}

/** The BLAS library of this machine, if any. */
export const BLAS: Blas | undefined = await open("blas", startBlas);

/** Makes TensorFlow.js compute on that backend. */
export const useBackend = (name: TensorBackend) => openBackend(name, TENSOR_BACKENDS);

/** The backends of TensorFlow.js that this machine has; a software GPU, if it may be slow. */
export async function availableBackends(mayBeSlow = true): Promise<TensorBackend[]> {
  const backends: TensorBackend[] = [];
  for (const name of Object.keys(TENSOR_BACKENDS) as TensorBackend[]) {
    // It was said above if BLAS is missing. A GPU is started only by the tests that use it.
    if (name === "blas" && !BLAS) continue;
    const start = () => name === "webgpu" ? findAdapter(mayBeSlow) : useBackend(name);
    // Where a GPU is expected, one in software will do.
    const mustBeThere = mayBeSlow && expected.includes(name);
    if (await open(name, start, mustBeThere)) backends.push(name);
  }
  return backends;
}
