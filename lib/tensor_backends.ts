/**
 * The backends of TensorFlow.js: what the tensors live and are computed on.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Backend, Open } from "./backend.ts";
import { openBlas } from "./blas.ts";

// In production mode, TensorFlow.js gives no advice on how to be faster.
tf.enableProdMode();

/**
 * Makes TensorFlow.js compute on the backend of that name.
 *
 * @throws {Error} If it doesn't start, or computes wrongly.
 */
async function start(name: string, device: string): Promise<Backend> {
  if (!await tf.setBackend(name)) throw new Error("TensorFlow.js can't start it");
  const product = tf.tidy(() => tf.matMul([[1, 2]], [[3], [4]]));
  const [value] = await product.data();
  product.dispose();
  if (value !== 11) throw new Error(`1 times 3 plus 2 times 4 is ${value} there`);
  return { device: `tensors, with ${device}` };
}

/** How to open each backend, in the order in which `auto` tries them. */
export const TENSOR_BACKENDS = {
  tensorflow: async () => {
    const { loadTensorflow } = await import("./tensorflow.ts");
    return start("tensorflow", loadTensorflow());
  },
  webgpu: async (named) => {
    const { registerWebgpu } = await import("./webgpu.ts");
    return start("webgpu", await registerWebgpu(named));
  },
  blas: async () => {
    const blas = openBlas();
    const { registerWasm } = await import("./wasm.ts");
    await registerWasm("blas", blas);
    return start("blas", `BLAS from ${blas.library}`);
  },
  wasm: async () => {
    const { registerWasm } = await import("./wasm.ts");
    await registerWasm("wasm");
    return start("wasm", "WebAssembly");
  },
  cpu: async () => {
    await import("@tensorflow/tfjs-backend-cpu");
    return start("cpu", "plain JavaScript");
  },
} satisfies Record<string, Open>;

/** The name of a backend. */
export type TensorBackend = keyof typeof TENSOR_BACKENDS;
