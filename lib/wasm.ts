/**
 * Tensors in WebAssembly's memory, where BLAS can multiply them too: the backends `wasm`
 * and `blas` of TensorFlow.js share that memory, and differ in who multiplies.
 *
 * @module
 */

import { type BackendWasm, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import type { Blas } from "./blas.ts";

/** What TensorFlow.js calls for an operation. */
type Kernel<Inputs, Attributes> = (
  call: { inputs: Inputs; attrs: Attributes; backend: BackendWasm },
) => tf.TensorInfo;

type One = { x: tf.TensorInfo };
type Two = { a: tf.TensorInfo; b: tf.TensorInfo };
type MatMul = Kernel<Two, { transposeA: boolean; transposeB: boolean }>;
type Sum = Kernel<One, { axis: number | number[]; keepDims: boolean }>;
type Transpose = Kernel<One, { perm: number[] }>;

/** The kernel of that name, as the package has it. */
const original = <K>(name: string) => tf.getKernel(name, "wasm").kernelFunc as unknown as K;

/** Makes TensorFlow.js use another kernel of that name. */
function replace<K>(kernelName: string, backendName: string, kernel: K) {
  const config = tf.getKernel(kernelName, backendName);
  tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel({ ...config, kernelFunc: kernel as unknown as tf.KernelFunc });
}

const transposeInWasm = original<Transpose>(tf.Transpose);
const packageMatMul = original<MatMul>(tf.BatchMatMul);
const packageSum = original<Sum>(tf.Sum);
replace(tf.BatchMatMul, "wasm", matMulInWasm);
replace(tf.Sum, "wasm", sum);
tf.copyRegisteredKernels("wasm", "blas");

// What the package registers would look for its binary on disk.
const createBackend = tf.findBackendFactory("wasm");
tf.removeBackend("wasm");

/** The memory and its operations, for both names, until it is disposed of. */
let shared: Promise<BackendWasm> | undefined;

/** What WebAssembly's module has besides what its type tells. */
interface Emscripten {
  _malloc(bytes: number): number;
  _free(address: number): void;
  HEAPU8: Uint8Array;
}

/** Makes the backend. */
async function open(): Promise<BackendWasm> {
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

  // Where its memory is full, the package would go on to write at address 0, or beyond its
  // end; and it takes a number of bytes that 32 bits don't hold for a smaller one.
  const wasm = backend.wasm as unknown as Emscripten;
  // At its first call, each of these two puts the real function in its place.
  wasm._free(wasm._malloc(1));
  const malloc = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = malloc(bytes) >>> 0;
    if (address === 0 || address + bytes > wasm.HEAPU8.length) {
      throw new RangeError("WebAssembly's memory allocation failed");
    }
    return address;
  };
  // Where one of the two names is removed, so is the other.
  const dispose = backend.dispose.bind(backend);
  backend.dispose = () => {
    if (!shared) return;
    shared = undefined;
    for (const name of ["wasm", "blas"]) if (tf.findBackendFactory(name)) tf.removeBackend(name);
    dispose();
  };
  return backend;
}

/**
 * Registers WebAssembly as a backend of TensorFlow.js, with kernels in the place of the
 * package's slow or inexact ones.
 *
 * @param blas What multiplies on the backend `blas`.
 * @throws {Error} If there is no WebAssembly, or none with SIMD.
 */
export async function registerWasm(name: "wasm" | "blas", blas?: Blas) {
  shared ??= open();
  const backend = await shared.catch((error) => {
    shared = undefined;
    throw error;
  });
  if (blas) replace(tf.BatchMatMul, name, matMulBy(blas));
  if (!tf.findBackend(name)) tf.registerBackend(name, () => backend);
}

/** Whether BLAS takes a tensor: a matrix of float32 that is not empty. */
const isMatrix = ({ shape, dtype }: tf.TensorInfo) =>
  dtype === "float32" && shape.length === 2 && shape[0] > 0 && shape[1] > 0;

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
function matMulInWasm({ inputs: { a, b }, attrs, backend }: Parameters<MatMul>[0]) {
  const { transposeA, transposeB } = attrs;
  const [rows, depth] = transposeA ? a.shape.slice(-2).reverse() : a.shape.slice(-2);
  const [inner, columns] = transposeB ? b.shape.slice(-2).reverse() : b.shape.slice(-2);
  const [batchesA, batchesB] = [a, b].map(({ shape }) => shape.slice(0, -2));
  const isEmpty = depth === inner && [rows, depth, columns, ...batchesA, ...batchesB].includes(0);
  if (isEmpty && a.dtype === "float32" && b.dtype === "float32") {
    const batches = tf.broadcast_util.assertAndGetBroadcastShape(batchesA, batchesB);
    return zeros([...batches, rows, columns], "float32", backend);
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
    return packageMatMul({ inputs, attrs: { transposeA: false, transposeB: false }, backend });
  } finally {
    for (const { dataId } of copies) backend.disposeData(dataId);
  }
}

/**
 * The package's sum, but in float64 where it is of all numbers, for the package adds them
 * in float32 from the first to the last, and loses digits where they are many; and of
 * zeros where there is nothing to add up.
 */
function sum(call: Parameters<Sum>[0]) {
  const { inputs: { x }, attrs: { axis, keepDims }, backend } = call;
  const axes = tf.util.parseAxisParam(axis, x.shape);
  const [outShape, reduced] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes);
  const shape = keepDims ? tf.backend_util.expandShapeToKeepDim(outShape, axes) : outShape;
  if (reduced.includes(0)) return zeros(shape, x.dtype, backend);
  if (x.dtype !== "float32" || outShape.length > 0) return packageSum(call);
  let total = 0;
  for (const value of backend.typedArrayFromHeap(x)) total += value;
  return backend.makeOutput(shape, "float32", undefined, Float32Array.of(total));
}
