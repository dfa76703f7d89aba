/** Tensors in WebAssembly's memory, where WebAssembly itself multiplies them, or BLAS. @module */

import { type BackendWasm, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import binary from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm" with {
  type: "bytes",
};
import * as tf from "@tensorflow/tfjs-core";
import type { Blas } from "./blas.ts";

// The package would read its binary from disk, for which it would need a permission.
const url = URL.createObjectURL(new Blob([binary]));
setWasmPaths({
  "tfjs-backend-wasm.wasm": url,
  "tfjs-backend-wasm-simd.wasm": url,
  "tfjs-backend-wasm-threaded-simd.wasm": url,
}, true);

/** What TensorFlow.js hands to a kernel, the function that computes an operation. */
interface Call {
  inputs: { a: tf.TensorInfo; b: tf.TensorInfo; x?: tf.TensorInfo };
  attrs: { transposeA: boolean; transposeB: boolean; axis: number[] | null; keepDims: boolean };
  backend: BackendWasm;
}
type Kernel = (call: Call) => tf.TensorInfo;

/** The kernel of that name, as the package has it. */
const original = (name: string) => tf.getKernel(name, "wasm").kernelFunc as unknown as Kernel;
const packageMatMul = original(tf.BatchMatMul);
const packageSum = original(tf.Sum);

/** Makes TensorFlow.js use another kernel of that name. */
function replace(kernelName: string, kernel: Kernel) {
  const config = tf.getKernel(kernelName, "wasm");
  tf.unregisterKernel(kernelName, "wasm");
  tf.registerKernel({ ...config, kernelFunc: kernel as unknown as tf.KernelFunc });
}

/** Makes TensorFlow.js compute in WebAssembly, and multiply by BLAS if that is given. */
export async function startWasm(blas?: Blas) {
  replace(tf.BatchMatMul, matMul(blas));
  await tf.setBackend("wasm");
}

const isMatrix = ({ shape, dtype }: tf.TensorInfo) => shape.length === 2 && dtype === "float32";

/** The matrix product of two matrices; the package itself multiplies everything else. */
const matMul = (blas?: Blas): Kernel => (call) => {
  const { inputs: { a, b }, attrs: { transposeA, transposeB }, backend } = call;
  const [rows, depth] = transposeA ? a.shape.toReversed() : a.shape;
  const [inner, columns] = transposeB ? b.shape.toReversed() : b.shape;
  if (!isMatrix(a) || !isMatrix(b) || depth !== inner) return packageMatMul(call);

  if (!blas) {
    // With transposes the package is 5 times slower than with copies of them.
    const copy = (x: tf.TensorInfo) => tf.transpose(x as tf.Tensor);
    return tf.tidy(() => {
      const inputs = { a: transposeA ? copy(a) : a, b: transposeB ? copy(b) : b };
      const attrs = { ...call.attrs, transposeA: false, transposeB: false };
      return packageMatMul({ inputs, attrs, backend }) as tf.Tensor;
    });
  }

  // Making the product may move WebAssembly's memory: its arrays come after it.
  const product = backend.makeOutput([rows, columns], "float32");
  const numbers = (tensor: tf.TensorInfo) =>
    backend.typedArrayFromHeap(tensor) as Float32Array<ArrayBuffer>;
  blas.multiply(
    { data: numbers(a), shape: a.shape, transposed: transposeA },
    { data: numbers(b), shape: b.shape, transposed: transposeB },
    numbers(product),
  );
  return product;
};

/**
 * Adds up all numbers in float64. The package adds them in float32 from the first to the
 * last, and loses digits if there are many; it still computes every other sum.
 */
replace(tf.Sum, (call) => {
  const { inputs: { x }, attrs: { axis, keepDims }, backend } = call;
  if (axis !== null || keepDims || x?.dtype !== "float32") return packageSum(call);
  const numbers = backend.typedArrayFromHeap(x);
  let total = 0;
  for (let i = 0; i < numbers.length; i++) total += numbers[i];
  return backend.makeOutput([], "float32", undefined, Float32Array.of(total));
});
