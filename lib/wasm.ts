/** Tensors in WebAssembly's memory, where WebAssembly itself multiplies them, or BLAS. @module */

import { type BackendWasm, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import binary from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm" with {
  type: "bytes",
};
import * as tf from "@tensorflow/tfjs-core";
import type { Blas } from "./blas.ts";
import { firstLine, NotAvailable } from "./errors.ts";

// The package would read its binary from disk, for which it would need a permission.
const url = URL.createObjectURL(new Blob([binary]));
const names = ["", "-simd", "-threaded-simd"].map((kind) => `tfjs-backend-wasm${kind}.wasm`);
setWasmPaths(Object.fromEntries(names.map((name) => [name, url])), true);

/** What TensorFlow.js hands to a kernel, the function that computes an operation. */
type Call<Inputs, Attrs> = { inputs: Inputs; attrs: Attrs; backend: BackendWasm };
type MatMulCall = Call<{ a: tf.TensorInfo; b: tf.TensorInfo }, tf.BatchMatMulAttrs>;
type SumCall = Call<{ x: tf.TensorInfo }, { axis: number[] | null; keepDims: boolean }>;
type Kernel<C> = (call: C) => tf.TensorInfo;

const [matMulConfig, sumConfig] = [tf.BatchMatMul, tf.Sum].map((name) =>
  tf.getKernel(name, "wasm")
);
const packageMatMul = matMulConfig.kernelFunc as unknown as Kernel<MatMulCall>;
const packageSum = sumConfig.kernelFunc as unknown as Kernel<SumCall>;

/** Makes TensorFlow.js use a kernel of ours in place of the package's. */
function replace(config: tf.KernelConfig, kernel: Kernel<MatMulCall> | Kernel<SumCall>) {
  tf.unregisterKernel(config.kernelName, "wasm");
  tf.registerKernel({ ...config, kernelFunc: kernel as unknown as tf.KernelFunc });
}

/**
 * Makes TensorFlow.js compute in WebAssembly, and multiply by BLAS if that is given.
 * @throws {NotAvailable} If WebAssembly does not start.
 */
export async function startWasm(blas?: Blas) {
  // Without SIMD, TensorFlow.js would wait for ever.
  const why = "WebAssembly" in globalThis ? "this processor has no SIMD" : "it is off";
  if (!globalThis.WebAssembly?.validate(binary)) throw new NotAvailable("WebAssembly", why, true);
  replace(matMulConfig, matMul(blas));
  if (await tf.setBackend("wasm")) return;
  // TensorFlow.js says only that it failed. A second start says why.
  const reason = await Promise.try(tf.findBackendFactory("wasm")).then(() => "", firstLine);
  throw new NotAvailable("WebAssembly", reason, true);
}

const isMatrix = ({ shape, dtype }: tf.TensorInfo) => shape.length === 2 && dtype === "float32";

/** The matrix product of two matrices; the package itself multiplies everything else. */
const matMul = (blas?: Blas): Kernel<MatMulCall> => (call) => {
  const { inputs: { a, b }, attrs: { transposeA, transposeB }, backend } = call;
  const [rows, depth] = transposeA ? a.shape.toReversed() : a.shape;
  const [bRows, columns] = transposeB ? b.shape.toReversed() : b.shape;
  if (!isMatrix(a) || !isMatrix(b) || depth !== bRows) return packageMatMul(call);

  if (!blas) {
    // With transposes the package is 5 times slower than with copies of them.
    const transposed = (matrix: tf.TensorInfo) => tf.transpose(matrix as tf.Tensor);
    return tf.tidy(() => {
      const inputs = { a: transposeA ? transposed(a) : a, b: transposeB ? transposed(b) : b };
      const attrs = { ...call.attrs, transposeA: false, transposeB: false };
      return packageMatMul({ inputs, attrs, backend }) as tf.Tensor;
    });
  }

  // This comes first: WebAssembly's memory may grow for it, and arrays from before would be lost.
  const product = backend.makeOutput([rows, columns], "float32");
  const side = (tensor: tf.TensorInfo, transposed: boolean) => {
    const data = backend.typedArrayFromHeap(tensor) as Float32Array<ArrayBuffer>;
    return { data, shape: tensor.shape, transposed };
  };
  blas.multiply(side(a, transposeA), side(b, transposeB), side(product, false).data);
  return product;
};

// Adds up all numbers in float64. The package adds them in float32 from the first to the last,
// and loses digits if there are many; it still computes every other sum.
replace(sumConfig, (call: SumCall) => {
  const { inputs: { x }, attrs: { axis, keepDims }, backend } = call;
  if (axis !== null || keepDims || x.dtype !== "float32") return packageSum(call);
  const numbers = backend.typedArrayFromHeap(x);
  let total = 0;
  for (let i = 0; i < numbers.length; i++) total += numbers[i];
  return backend.makeOutput([], "float32", undefined, Float32Array.of(total));
});
