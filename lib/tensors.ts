/** The backends of TensorFlow.js: where tensors are, and what computes them. @module */

import * as tf from "@tensorflow/tfjs-core";
import type { Backends } from "./backend.ts";
import { type Blas, startBlas } from "./blas.ts";
import { firstLine, NotAvailable } from "./errors.ts";

// In production mode, TensorFlow.js gives no advice on how to be faster.
tf.enableProdMode();

/** Gives a module of a backend, which may lack something that Deno must allow or fetch. */
const load = <Module>(what: string, module: Promise<Module>, remedy = ""): Promise<Module> =>
  module.catch((error) => {
    throw new NotAvailable(what, `${firstLine(error)}${remedy}`, true);
  });

async function openWasm(blas?: Blas) {
  // In another project's workspace, Deno does not read what our deno.json allows.
  const remedy = ", try --unstable-raw-imports";
  const { startWasm } = await load("WebAssembly", import("./wasm.ts"), remedy);
  await startWasm(blas);
}

/** How to start each backend of the tensor script. */
export const TENSOR_BACKENDS = {
  tensorflow: async () => {
    const { startTensorflow } = await load("tensorflow", import("./tensorflow.ts"));
    return { device: `tensors, with ${await startTensorflow()}` };
  },
  webgpu: async (mayBeSlow) => {
    const { startWebgpu } = await load("webgpu", import("./webgpu.ts"));
    // Deno's WebGPU sleeps 10 ms for each read, but the sleeps of 16 reads pass at the same time.
    return { device: `tensors, with ${await startWebgpu(mayBeSlow)}`, readsBehind: 16 };
  },
  blas: async () => {
    const blas = startBlas();
    await openWasm(blas);
    return { device: `tensors, with BLAS from ${blas.library}`, hints: blas.hints };
  },
  wasm: async () => {
    await openWasm();
    return { device: "tensors, with WebAssembly" };
  },
} satisfies Backends;
