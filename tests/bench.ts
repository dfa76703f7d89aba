/**
 * Benchmarks named as the README names things, each of which makes what it needs when its
 * turn comes, and leaves nothing behind for the next.
 *
 * @module
 */

import { TENSOR_BACKENDS, type TensorBackend } from "../lib/tensor_backends.ts";

/** What a benchmark calls, and how to let go of it. */
export interface Subject {
  call(): unknown;
  stop?(): unknown;
}

let current: { id: string; subject: Subject } | undefined;

/** How each benchmark starts, by its name and what is timed. */
export const STARTS = new Map<string, () => Subject | Promise<Subject>>();

/**
 * Registers a benchmark.
 *
 * @param of What is timed: the group that it is compared in.
 * @param name What does it.
 */
export function bench(of: string, name: string, start: () => Subject | Promise<Subject>) {
  const id = `${name}, ${of}`;
  STARTS.set(id, start);
  Deno.bench(name, { group: of, baseline: name.startsWith("arrays") }, async (b) => {
    if (current?.id !== id) {
      await current?.subject.stop?.();
      current = undefined;
      current = { id, subject: await start() };
    }
    const { subject } = current;
    b.start();
    await subject.call();
    b.end();
  });
}

const NAMES: Record<TensorBackend, string> = {
  wasm: "tensors in WebAssembly",
  blas: "tensors with BLAS",
  tensorflow: "tensors on TensorFlow",
  webgpu: "tensors on WebGPU",
  cpu: "tensors in JavaScript",
};

/** The backends of TensorFlow.js that are there, and no software GPU, by the README's names. */
export const TENSORS: [name: string, backend: TensorBackend][] = [];
for (const [backend, name] of Object.entries(NAMES) as [TensorBackend, string][]) {
  try {
    await TENSOR_BACKENDS[backend](false);
    TENSORS.push([name, backend]);
  } catch (error) {
    console.error(`Skipping ${name}: ${(error as Error).message}`);
  }
}
