/**
 * Tensors in WebAssembly's memory, where BLAS can multiply them too: the backends `wasm`
 * and `blas` of TensorFlow.js share that memory, and differ in who multiplies.
 *
 * @module
 */

import { type BackendWasm, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import type { Blas } from "./blas.ts";

type Inputs<Names extends string> = Record<Names, tf.TensorInfo>;

/** What TensorFlow.js hands to a kernel. */
interface Call<Inputs, Attributes> {
  inputs: Inputs;
  attrs: Attributes;
  backend: BackendWasm;
}

type Kernel<Inputs, Attributes> = (call: Call<Inputs, Attributes>) => tf.TensorInfo;

type MatMul = Kernel<Inputs<"a" | "b">, { transposeA: boolean; transposeB: boolean }>;
type Sum = Kernel<Inputs<"x">, { axis: number | number[]; keepDims: boolean }>;
type Transpose = Kernel<Inputs<"x">, { perm: number[] }>;

/** The kernel of that name, as the package has it. */
function original<Kernel>(name: string): Kernel {
  return tf.getKernel(name, "wasm").kernelFunc as unknown as Kernel;
}

/** Makes TensorFlow.js use another kernel of that name. */
function replace<Kernel>(kernelName: string, backendName: string, kernel: Kernel) {
  const config = tf.getKernel(kernelName, backendName);
  tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel({ ...config, kernelFunc: kernel as unknown as tf.KernelFunc });
}

const transposeInWasm = original<Transpose>(tf.Transpose);
const matMulInWasm = matMul(original<MatMul>(tf.BatchMatMul));
replace(tf.BatchMatMul, "wasm", matMulInWasm);
replace(tf.Sum, "wasm", sum(original<Sum>(tf.Sum)));
tf.copyRegisteredKernels("wasm", "blas");

/** What the package registers; it is to wait until its binary is found. */
const createBackend = tf.findBackendFactory("wasm");

/** The memory and its operations, for both names; once disposed of, it has no `wasm`. */
let shared: BackendWasm | undefined;

/** Makes the backend, or a new one where the last one was disposed of. */
async function openShared(): Promise<BackendWasm> {
  if (shared?.wasm) return shared;
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
  const backend = await createBackend() as BackendWasm;

  // Where its memory is full, the package would go on to write at address 0; and it takes
  // a number of bytes that 32 bits don't hold for a smaller one.
  const wasm = backend.wasm as unknown as Record<"_malloc" | "_free", (value: number) => number>;
  // At its first call, each of these two puts the real function in its place.
  wasm._free(wasm._malloc(1));
  const malloc = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = bytes < 2 ** 32 ? malloc(bytes) : 0;
    if (address === 0) throw new RangeError("WebAssembly's memory allocation failed");
    return address;
  };
  // Each of the two names disposes of it.
  const dispose = backend.dispose.bind(backend);
  backend.dispose = () => backend.wasm && dispose();
  return shared = backend;
}

/** What is registered under each of the two names. */
const registered = new Map<string, BackendWasm>();

function register(name: string, backend: BackendWasm) {
  if (registered.get(name) === backend) return;
  if (tf.findBackendFactory(name)) tf.removeBackend(name);
  tf.registerBackend(name, () => backend);
  registered.set(name, backend);
}

/**
 * Registers WebAssembly as the backend `wasm` of TensorFlow.js, with kernels in the place
 * of its slow or inexact ones.
 *
 * @throws {Error} If there is no WebAssembly, or none with SIMD.
 */
export async function registerWasm() {
  register("wasm", await openShared());
}

/**
 * Registers the backend `blas`: WebAssembly, but a library multiplies.
 *
 * @throws {Error} If there is no WebAssembly, or none with SIMD.
 */
export async function registerBlas(blas: Blas) {
  register("blas", await openShared());
  replace(tf.BatchMatMul, "blas", matMulBy(blas));
}

/** Whether BLAS takes a tensor: a matrix of float32 that is not empty. */
function isMatrix({ shape, dtype }: tf.TensorInfo): boolean {
  return dtype === "float32" && shape.length === 2 && shape[0] > 0 && shape[1] > 0;
}

/** The matrix product by BLAS, with nothing copied; what BLAS does not take is WebAssembly's. */
function matMulBy(blas: Blas): MatMul {
  return (call) => {
    const { inputs: { a, b }, attrs: { transposeA, transposeB }, backend } = call;
    const [rows, depth] = transposeA ? a.shape.toReversed() : a.shape;
    const [inner, columns] = transposeB ? b.shape.toReversed() : b.shape;
    if (!isMatrix(a) || !isMatrix(b) || depth !== inner) return matMulInWasm(call);

    // Making the product may move WebAssembly's memory: its arrays come after it.
    const product = backend.makeOutput([rows, columns], "float32");
    const numbers = (tensor: tf.TensorInfo) =>
      backend.typedArrayFromHeap(tensor) as Float32Array<ArrayBuffer>;
    blas.gemm(
      { rows, depth, columns },
      { data: numbers(a), leadingDimension: a.shape[1], transposed: transposeA },
      { data: numbers(b), leadingDimension: b.shape[1], transposed: transposeB },
      numbers(product),
    );
    return product;
  };
}

/** A new tensor of zeros. */
function zeros(shape: number[], dtype: tf.DataType, backend: BackendWasm): tf.TensorInfo {
  const numbers = tf.util.makeZerosTypedArray(tf.util.sizeFromShape(shape), dtype as "float32");
  return backend.makeOutput(shape, dtype, undefined, numbers);
}

/**
 * The package's product, but of copies in the place of transposes, at which it is 5 times
 * slower; and of zeros where there is nothing to add up, which it leaves as memory was.
 */
function matMul(product: MatMul): MatMul {
  return ({ inputs: { a, b }, attrs: { transposeA, transposeB }, backend }) => {
    if (a.shape.length === 2 && b.shape.length === 2 && a.shape[transposeA ? 0 : 1] === 0) {
      return zeros([a.shape[transposeA ? 1 : 0], b.shape[transposeB ? 0 : 1]], "float32", backend);
    }
    const copies: tf.TensorInfo[] = [];
    const transposed = (x: tf.TensorInfo) => {
      const dimensions = [...x.shape.keys()];
      const perm = [...dimensions.slice(0, -2), ...dimensions.slice(-2).reverse()];
      const copy = transposeInWasm({ inputs: { x }, attrs: { perm }, backend });
      copies.push(copy);
      return copy;
    };
    try {
      const inputs = { a: transposeA ? transposed(a) : a, b: transposeB ? transposed(b) : b };
      return product({ inputs, attrs: { transposeA: false, transposeB: false }, backend });
    } finally {
      for (const { dataId } of copies) backend.disposeData(dataId);
    }
  };
}

/**
 * The package's sum, but in float64 where it is of all numbers, for the package adds them
 * in float32 from the first to the last, and loses digits where they are many; and of
 * zeros where there is nothing to add up.
 */
function sum(packageSum: Sum): Sum {
  return (call) => {
    const { inputs: { x }, attrs: { axis, keepDims }, backend } = call;
    const axes = tf.util.parseAxisParam(axis, x.shape);
    const [outShape, reduced] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes);
    const shape = keepDims ? tf.backend_util.expandShapeToKeepDim(outShape, axes) : outShape;
    if (reduced.includes(0)) return zeros(shape, x.dtype, backend);
    if (x.dtype !== "float32" || outShape.length > 0) return packageSum(call);
    const numbers = backend.typedArrayFromHeap(x);
    let total = 0;
    for (let i = 0; i < numbers.length; i++) total += numbers[i];
    return backend.makeOutput(shape, "float32", undefined, Float32Array.of(total));
  };
}
