/**
 * Benchmarks named as the README names things, each of which makes what it needs when its
 * turn comes, and leaves nothing behind for the next.
 *
 * @module
 */

import { openBlas } from "../lib/blas.ts";
import { TENSOR_BACKENDS, type TensorBackend } from "../lib/tensor_backends.ts";

/** What a benchmark calls, and how to let go of it. */
export interface Subject {
  call(): unknown;
  stop?(): unknown;
}

let current: { name: string; subject: Subject } | undefined;

/**
 * Registers a benchmark.
 *
 * @param of What is timed: the group that it is compared in.
 * @param name What does it.
 */
export function bench(of: string, name: string, start: () => Subject | Promise<Subject>) {
  const id = `${name}, ${of}`;
  Deno.bench(name, { group: of, baseline: name.startsWith("arrays") }, async (b) => {
    if (current?.name !== id) {
      await current?.subject.stop?.();
      current = undefined;
      current = { name: id, subject: await start() };
    }
    const { subject } = current;
    b.start();
    await subject.call();
    b.end();
  });
}

/** Whether something opens; says why not. */
async function opens(open: () => unknown): Promise<boolean> {
  try {
    await open();
    return true;
  } catch (error) {
    console.error(`Skipping: ${(error as Error).message}`);
    return false;
  }
}

/** Whether BLAS may be used. */
export const HAS_BLAS = await opens(openBlas);

const LABELS: Record<TensorBackend, string> = {
  wasm: "tensors in WebAssembly",
  blas: "tensors with BLAS",
  tensorflow: "tensors on TensorFlow",
  webgpu: "tensors on WebGPU",
  cpu: "tensors in JavaScript",
};

/** The backends of TensorFlow.js that are there, and no software GPU, by the README's names. */
export const TENSORS: [name: string, backend: TensorBackend][] = [];
for (const [backend, name] of Object.entries(LABELS) as [TensorBackend, string][]) {
  if (await opens(() => TENSOR_BACKENDS[backend](false))) TENSORS.push([name, backend]);
}
