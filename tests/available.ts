/** What tests and benchmarks can use on this machine. What is missing is named on stderr. @module */

import { type Blas, startBlas } from "../lib/backends/blas.ts";
import { TENSOR_BACKENDS } from "../lib/backends/tensors.ts";
import { findAdapter } from "../lib/backends/tensors_webgpu.ts";
import { NotAvailable } from "../lib/errors.ts";

/** The name of a backend of tensors. */
export type TensorBackend = keyof typeof TENSOR_BACKENDS;

/** Whether all these permissions are granted. If not, says so. Never prompts. */
export function permitted(...names: Deno.PermissionName[]): boolean {
  const isGranted = (name: Deno.PermissionName) => {
    return Deno.permissions.querySync({ name }).state === "granted";
  };
  if (names.every(isGranted)) return true;
  const flags = names.map((name) => `--allow-${name}`).join(" ");
  console.error(`Left out: tests that need ${flags}, which deno task test grants`);
  return false;
}

/** Starts something, or gives nothing and says why. */
export async function startIfAvailable<T>(start: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof NotAvailable)) throw error;
    console.error(`Left out: ${error.message}`);
    return undefined;
  }
}

/** The BLAS library of this machine, if any. */
export const BLAS: Blas | undefined = await startIfAvailable(startBlas);
if (BLAS) keepLoaded(BLAS.library);

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

/** The backends of tensors that work here. A GPU in software counts only if `mayBeSlow`. */
export async function availableBackends(mayBeSlow = true): Promise<TensorBackend[]> {
  const available: TensorBackend[] = ["wasm"];
  if (BLAS) available.push("blas");
  if (await startIfAvailable(() => findAdapter(mayBeSlow))) available.push("webgpu");
  if (await startIfAvailable(TENSOR_BACKENDS.tensorflow)) available.push("tensorflow");
  return available;
}
