/** Tensors in WebAssembly, by the backend of TensorFlow.js. @module */

import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import binary from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm" with {
  type: "bytes",
};
import { firstLine, NotAvailable } from "../errors.ts";
import { setBackend } from "./tensors_set_backend.ts";

// The package would read its binary from disk, for which it would need a permission.
const url = URL.createObjectURL(new Blob([binary]));
const names = ["", "-simd", "-threaded-simd"].map((kind) => `tfjs-backend-wasm${kind}.wasm`);
setWasmPaths(Object.fromEntries(names.map((name) => [name, url])), true);

/**
 * Makes TensorFlow.js compute in WebAssembly.
 *
 * @throws {NotAvailable} If WebAssembly does not start.
 */
export async function startWasm() {
  try {
    // If one of these two fails, TensorFlow.js would wait for ever.
    if (!WebAssembly.validate(binary)) throw new Error("this processor has no SIMD");
    await fetch(url);
    await setBackend("wasm");
  } catch (error) {
    throw new NotAvailable("WebAssembly", firstLine(error), true);
  }
}
