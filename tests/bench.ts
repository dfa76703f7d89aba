/**
 * Benchmarks named as the pages name things.
 *
 * @module
 */

import { availableBackends, BLAS, type TensorBackend } from "./available.ts";

let current: { id: string; call: () => unknown } | undefined;

/**
 * Registers a benchmark, which makes what it needs when its turn comes, and keeps it until the
 * turn of the next one.
 *
 * @param of What is timed: the group that it is compared in.
 * @param name What does it.
 * @param start Gives what a run calls.
 */
export function bench(
  of: string,
  name: string,
  start: () => (() => unknown) | Promise<() => unknown>,
) {
  const id = `${name}, ${of}`;
  Deno.bench(name, { group: of, baseline: name.startsWith("arrays") }, async (b) => {
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

/** The backends of ndarrays, by the pages' names. */
export const NDARRAYS: [name: string, backend: string][] = [
  ["ndarrays", "wasm"],
  ["ndarrays with loops", "typescript"],
];
if (BLAS) NDARRAYS.push(["ndarrays with BLAS", "blas"]);

const NAMES: Record<TensorBackend, string> = {
  wasm: "tensors in WebAssembly",
  blas: "tensors with BLAS",
  tensorflow: "tensors on TensorFlow",
  webgpu: "tensors on WebGPU",
};

const available = await availableBackends(false);

/** The backends of tensors that are there, by the pages' names; no software GPU. */
export const TENSORS = (Object.entries(NAMES) as [backend: TensorBackend, name: string][])
  .filter(([backend]) => available.includes(backend))
  .map(([backend, name]) => [name, backend] as const);
