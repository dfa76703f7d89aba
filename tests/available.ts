/**
 * Which permissions, libraries and GPUs tests and benchmarks can use here. What is missing is
 * named on stderr.
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

/** Whether all these permissions are granted; if not, says so. Never prompts. */
export function permitted(tests: string, ...names: Deno.PermissionName[]): boolean {
  const lacking = names.filter((name) => Deno.permissions.querySync({ name }).state !== "granted");
  if (lacking.length === 0) return true;
  const flags = lacking.map((name) => `--allow-${name}`).join(" ");
  console.error(`Ignoring ${tests}: they need ${flags}, which deno task test grants`);
  return false;
}

/** Registers a test that is ignored where something that it needs is not there. */
export const testIf = (isThere: boolean, name: string, fn: () => void | Promise<void>) =>
  Deno.test({ name, ignore: !isThere, fn });

/** Starts something, or says why it is skipped. */
export async function tryTo<T>(start: () => T | Promise<T>, name: string): Promise<T | undefined> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof NotAvailable)) throw error;
    console.error(`Skipping ${name}: ${error.message}`);
    return undefined;
  }
}

/**
 * Keeps a library loaded until the process ends. Deno unloads it at the end of each file of tests
 * or benchmarks, while its threads may still run.
 */
function keepLoaded(library: string) {
  const flags = { linux: 0x1002, darwin: 0x82 }[Deno.build.os as string]; // RTLD_NODELETE, RTLD_NOW
  if (!flags) return;
  const dlopen = { parameters: ["buffer", "i32"], result: "pointer" } as const;
  Deno.dlopen(library, { dlopen }).symbols.dlopen(new TextEncoder().encode(`${library}\0`), flags);
}

/** The BLAS library of this machine, if any. */
export const BLAS: Blas | undefined = await tryTo(startBlas, "blas");
if (BLAS) keepLoaded(BLAS.library);

/** Makes TensorFlow.js compute on that backend. */
export const useBackend = (name: TensorBackend) => openBackend(name, TENSOR_BACKENDS);

/** The backends of TensorFlow.js that work here. A software GPU counts only if `mayBeSlow`. */
export async function availableBackends(mayBeSlow = true): Promise<TensorBackend[]> {
  const backends: TensorBackend[] = [];
  for (const name of Object.keys(TENSOR_BACKENDS) as TensorBackend[]) {
    // A missing BLAS was named above.
    if (name === "blas" && !BLAS) continue;
    // A GPU is started only by the tests that use it.
    const start = name === "webgpu" ? () => findAdapter(mayBeSlow) : () => useBackend(name);
    if (await tryTo<unknown>(start, name)) backends.push(name);
  }
  return backends;
}
