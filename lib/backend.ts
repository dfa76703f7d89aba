/**
 * The backends of TensorFlow.js: what the tensors live and are computed on.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";

// In production mode, TensorFlow.js gives no advice on how to be faster.
tf.enableProdMode();

/** The name of a backend. */
export type Backend = "tensorflow" | "webgpu" | "wasm" | "cpu";

/**
 * Makes TensorFlow.js compute on a backend.
 *
 * @param software Whether a software GPU, which computes on the CPU, will do.
 * @returns What it computes on, in words.
 * @throws {Deno.errors.NotSupported} If the backend is not available.
 */
export type Open = (software: boolean) => Promise<string>;

let wasmIsReady = false;

/** WebAssembly. The package would read its binary from disk, which takes a permission. */
async function openWasm(): Promise<string> {
  const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  if (!wasmIsReady) {
    if (!await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) {
      throw new Deno.errors.NotSupported("Cannot use wasm: WebAssembly has no SIMD here");
    }
    const { default: binary } = await import(
      "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
      { with: { type: "bytes" } }
    );
    const url = URL.createObjectURL(new Blob([binary]));
    setWasmPaths({
      "tfjs-backend-wasm.wasm": url,
      "tfjs-backend-wasm-simd.wasm": url,
      "tfjs-backend-wasm-threaded-simd.wasm": url,
    }, true);
    wasmIsReady = true;
  }
  await tf.setBackend("wasm");
  return "tensors, with WebAssembly";
}

/** Plain JavaScript. */
async function openCpu(): Promise<string> {
  await import("@tensorflow/tfjs-backend-cpu");
  await tf.setBackend("cpu");
  return "tensors, with plain JavaScript";
}

/** How to open each backend, in the order in which `auto` tries them. */
export const OPEN: Record<Backend, Open> = {
  tensorflow: async () => await (await import("./tensorflow.ts")).openTensorflow(),
  webgpu: async (software) => await (await import("./webgpu.ts")).openWebgpu(software),
  wasm: openWasm,
  cpu: openCpu,
};

/** What `--backend` takes, the default first. */
export const BACKENDS: readonly ["auto", ...Backend[]] = [
  "auto",
  ...Object.keys(OPEN) as Backend[],
];

/**
 * Makes TensorFlow.js compute on the backend of that name; or, for `auto`, on the
 * first one available, but on no software GPU.
 *
 * @param open How to open each backend, in the order to try them.
 * @returns What the tensors are on, in words, and why on nothing better.
 * @throws {Deno.errors.NotSupported} If the backend, or for `auto` each of them, is
 *   not available.
 */
export async function useBackend(
  name: "auto" | Backend,
  open: Record<Backend, Open> = OPEN,
): Promise<{ device: string; passedOver: string[] }> {
  if (name !== "auto") return { device: await open[name](true), passedOver: [] };

  const passedOver: string[] = [];
  for (const candidate of Object.values(open)) {
    try {
      return { device: await candidate(false), passedOver };
    } catch (error) {
      if (!(error instanceof Deno.errors.NotSupported)) throw error;
      passedOver.push(error.message);
    }
  }
  throw new Deno.errors.NotSupported("Cannot use any backend: none is available");
}
