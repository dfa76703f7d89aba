/**
 * The backends of TensorFlow.js: what the tensors are kept and computed on.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";

/** What `--backend` takes, the default first. */
export const BACKENDS = ["wasm", "cpu"] as const;

/** The name of a backend. */
export type Backend = typeof BACKENDS[number];

/**
 * Loads the WebAssembly backend. It would read its binary from disk, which takes
 * a permission; a module that holds the binary takes none.
 */
async function loadWasm() {
  const [{ setWasmPaths }, { default: binary }] = await Promise.all([
    import("@tensorflow/tfjs-backend-wasm"),
    import("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm", {
      with: { type: "bytes" },
    }),
  ]);
  const url = URL.createObjectURL(new Blob([binary]));
  setWasmPaths({
    "tfjs-backend-wasm.wasm": url,
    "tfjs-backend-wasm-simd.wasm": url,
    "tfjs-backend-wasm-threaded-simd.wasm": url,
  }, true);
}

/**
 * Makes TensorFlow.js compute on the backend of that name.
 *
 * @returns What the tensors are on, in words.
 */
export async function useBackend(name: Backend): Promise<string> {
  // In production mode it prints no advice on how to be faster in Node.js.
  tf.enableProdMode();
  if (!tf.findBackendFactory(name)) {
    await (name === "wasm" ? loadWasm() : import("@tensorflow/tfjs-backend-cpu"));
  }
  await tf.setBackend(name);
  return name === "wasm" ? "tensors, in WebAssembly" : "tensors, in plain JavaScript";
}
