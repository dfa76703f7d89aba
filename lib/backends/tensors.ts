/** The backends of TensorFlow.js: where tensors are, and what computes them. @module */

import type { Backends } from "../open_backend.ts";
import { startBlas } from "./blas.ts";

/**
 * How to start each backend of the tensor script. `tensorflow`, `webgpu` and `wasm` are those of
 * TensorFlow.js. `blas` is this project's own, and the last, so that only its name chooses it.
 */
export const TENSOR_BACKENDS = {
  tensorflow: async () => {
    const { startNative } = await import("./tensors_native.ts");
    return { device: `tensors, with ${await startNative()}` };
  },
  webgpu: async (isNamed) => {
    const { startWebgpu } = await import("./tensors_webgpu.ts");
    // Deno's WebGPU sleeps 10 ms for each read, but the sleeps of 16 reads pass at the same time.
    return { device: `tensors, with ${await startWebgpu(isNamed)}`, readsBehind: 16 };
  },
  wasm: async () => {
    const { startWasm } = await import("./tensors_wasm.ts");
    await startWasm();
    return { device: "tensors, with WebAssembly" };
  },
  blas: async () => {
    const blas = startBlas();
    const { startWasmWithBlas } = await import("./tensors_blas.ts");
    await startWasmWithBlas(blas);
    return { device: `tensors, with BLAS from ${blas.library}`, hints: blas.hints };
  },
} satisfies Backends;
