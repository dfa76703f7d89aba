/** The backends of TensorFlow.js: where tensors are, and what computes them. @module */

import * as tf from "@tensorflow/tfjs-core";
import type { Backends } from "./backend.ts";
import { type Blas, startBlas } from "./blas.ts";
import { firstLine, NotAvailable } from "./errors.ts";

// In production mode, TensorFlow.js gives no advice on how to be faster.
tf.enableProdMode();

async function openWasm(blas?: Blas) {
  const { startWasm } = await import("./wasm.ts").catch((error) => {
    // In another project's workspace, Deno does not read what our deno.json allows.
    throw new NotAvailable("WebAssembly", `${firstLine(error)}, try --unstable-raw-imports`, true);
  });
  await startWasm(blas);
}

/** How to start each backend of the tensor script. */
export const TENSOR_BACKENDS = {
  tensorflow: async () => {
    const { startTensorflow } = await import("./tensorflow.ts");
    return { device: `tensors, with ${await startTensorflow()}` };
  },
  webgpu: async (mayBeSlow) => {
    const { startWebgpu } = await import("./webgpu.ts");
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
