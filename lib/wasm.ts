/**
 * Tensors in WebAssembly's memory, where BLAS can multiply them too.
 *
 * @module
 */

import { type BackendWasm, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import type { Blas } from "./blas.ts";

type Inputs<Names extends string> = Record<Names, tf.TensorInfo>;

/** What TensorFlow.js hands to a kernel of the backend `wasm`. */
interface Call<Inputs, Attributes> {
  inputs: Inputs;
  attrs: Attributes;
  backend: BackendWasm;
}

type Kernel<Inputs, Attributes> = (call: Call<Inputs, Attributes>) => tf.TensorInfo;

type MatMul = Kernel<Inputs<"a" | "b">, { transposeA: boolean; transposeB: boolean }>;
type Sum = Kernel<Inputs<"x">, { axis: number | number[]; keepDims: boolean }>;
type Transpose = Kernel<Inputs<"x">, { perm: number[] }>;

/** The kernel of the package. */
function original<Kernel>(name: string): Kernel {
  return tf.getKernel(name, "wasm").kernelFunc as unknown as Kernel;
}

/** Makes TensorFlow.js use another kernel of that name. */
function replace<Kernel>(kernelName: string, kernel: Kernel) {
  const config = tf.getKernel(kernelName, "wasm");
  tf.unregisterKernel(kernelName, "wasm");
  tf.registerKernel({ ...config, kernelFunc: kernel as unknown as tf.KernelFunc });
}

/** The library that multiplies; without one, WebAssembly does. */
let multiplier: Blas | undefined;

let isReady = false;

/**
 * Prepares WebAssembly as a backend of TensorFlow.js.
 *
 * @param blas What multiplies matrices in its place.
 * @returns What it computes on, in words.
 * @throws {Error} If there is no WebAssembly, or none with SIMD.
 */
export async function prepareWasm(blas?: Blas): Promise<string> {
  multiplier = blas;
  if (!isReady) {
    if (!await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) {
      throw new Error("WebAssembly has no SIMD here");
    }
    // The package would read its binary from disk, which takes a permission.
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
    replace(tf.BatchMatMul, matMul(original<MatMul>(tf.BatchMatMul)));
    replace(tf.Sum, sum(original<Sum>(tf.Sum)));
    isReady = true;
  }
  return blas ? `tensors, with BLAS from ${blas.library}` : "tensors, with WebAssembly";
}

/** Whether BLAS takes a tensor: a matrix of float32 that is not empty. */
function isMatrix({ shape, dtype }: tf.TensorInfo): boolean {
  return dtype === "float32" && shape.length === 2 && shape[0] > 0 && shape[1] > 0;
}

/** The matrix product: by BLAS where it is open, with nothing copied. */
function matMul(inWasm: MatMul): MatMul {
  return ({ inputs: { a, b }, attrs: { transposeA, transposeB }, backend }) => {
    const rows = a.shape[transposeA ? 1 : 0];
    const depth = a.shape[transposeA ? 0 : 1];
    const columns = b.shape[transposeB ? 0 : 1];
    if (multiplier && isMatrix(a) && isMatrix(b) && depth === b.shape[transposeB ? 1 : 0]) {
      const product = backend.makeOutput([rows, columns], "float32");
      if (backend.getMemoryOffset(product.dataId) === 0) {
        backend.disposeData(product.dataId);
        throw new RangeError("WebAssembly's memory allocation failed");
      }
      // Making the product may have moved WebAssembly's memory: its arrays come after it.
      const numbers = (tensor: tf.TensorInfo) =>
        backend.typedArrayFromHeap(tensor) as Float32Array<ArrayBuffer>;
      multiplier.gemm(
        { rows, depth, columns },
        { data: numbers(a), leadingDimension: a.shape[1], transposed: transposeA },
        { data: numbers(b), leadingDimension: b.shape[1], transposed: transposeB },
        numbers(product),
      );
      return product;
    }

    // WebAssembly's own product leaves what was in memory where there is nothing to add up.
    if (depth === 0 && a.shape.length === 2 && b.shape.length === 2) {
      const zeros = new Float32Array(rows * columns);
      return backend.makeOutput([rows, columns], "float32", undefined, zeros);
    }

    // WebAssembly's own product is slow at transposes: it gets copies of them.
    const left = transposeA ? transposed(a, backend) : a;
    const right = transposeB ? transposed(b, backend) : b;
    const inputs = { a: left, b: right };
    const product = inWasm({ inputs, attrs: { transposeA: false, transposeB: false }, backend });
    if (transposeA) backend.disposeData(left.dataId);
    if (transposeB) backend.disposeData(right.dataId);
    return product;
  };
}

/** A copy with the last two dimensions swapped. */
function transposed(x: tf.TensorInfo, backend: BackendWasm): tf.TensorInfo {
  const dimensions = [...x.shape.keys()];
  const perm = [...dimensions.slice(0, -2), ...dimensions.slice(-2).reverse()];
  return original<Transpose>(tf.Transpose)({ inputs: { x }, attrs: { perm }, backend });
}

/**
 * The sum: of all numbers in float64, for WebAssembly's own adds them in float32
 * from the first to the last, and loses digits where they are many.
 */
function sum(inWasm: Sum): Sum {
  return (call) => {
    const { inputs: { x }, attrs: { axis, keepDims }, backend } = call;
    const isOfAll = tf.util.parseAxisParam(axis, x.shape).length === x.shape.length;
    if (x.dtype !== "float32" || !isOfAll) return inWasm(call);
    const numbers = backend.typedArrayFromHeap(x);
    let total = 0;
    for (let i = 0; i < numbers.length; i++) total += numbers[i];
    const shape = keepDims ? x.shape.map(() => 1) : [];
    return backend.makeOutput(shape, "float32", undefined, Float32Array.of(total));
  };
}
