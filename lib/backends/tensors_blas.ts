/** Tensors in WebAssembly's memory, whose products BLAS computes there. @module */

import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import type { Blas } from "./blas.ts";
import { startWasm } from "./tensors_wasm.ts";

/**
 * Adds a backend named `blas` to TensorFlow.js and makes it compute: WebAssembly, except that BLAS
 * multiplies matrices. The backend `wasm` stays as the package has it.
 *
 * @throws {NotAvailable} If WebAssembly does not start.
 */
export async function startWasmWithBlas(blas: Blas) {
  await startWasm();
  if (!tf.findBackendFactory("blas")) {
    const wasm = tf.backend();
    tf.registerBackend("blas", () => wasm);
    tf.copyRegisteredKernels("wasm", "blas");
    const { kernelFunc, ...kernel } = tf.getKernel(tf.BatchMatMul, "blas");
    tf.unregisterKernel(tf.BatchMatMul, "blas");
    tf.registerKernel({
      ...kernel,
      kernelFunc: (call) => multiply(blas, call) ?? kernelFunc(call),
    });
  }
  await tf.setBackend("blas");
}

/** Multiplies two matrices of float32, of which none is to be transposed; nothing else. */
function multiply(blas: Blas, { inputs, attrs, backend }: Parameters<tf.KernelFunc>[0]) {
  const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
  if (attrs!.transposeA || attrs!.transposeB) return undefined;
  if (!isFullMatrix(a) || !isFullMatrix(b) || a.shape[1] !== b.shape[0]) return undefined;

  const wasm = backend as BackendWasm;
  // This comes first: the memory may grow for it, and arrays from before would be lost.
  const product = wasm.makeOutput([a.shape[0], b.shape[1]], "float32");
  const toFactor = (tensor: tf.TensorInfo) => {
    const data = wasm.typedArrayFromHeap(tensor) as Float32Array<ArrayBuffer>;
    return { data, rows: tensor.shape[0], columns: tensor.shape[1], transposed: false };
  };
  blas.multiply(toFactor(a), toFactor(b), toFactor(product).data);
  return product;
}

/** Whether this is a matrix of float32. BLAS takes none without numbers. */
function isFullMatrix({ dtype, shape }: tf.TensorInfo): boolean {
  return dtype === "float32" && shape.length === 2 && !shape.includes(0);
}
