/** The originals' four operations on a million numbers: arrays, ndarrays, tensors. */

// @ts-types="@types/ndarray"
import ndarray from "ndarray";
// @ts-types="@types/ndarray-ops"
import ops from "ndarray-ops";
import * as tf from "@tensorflow/tfjs-core";
import { TENSOR_BACKENDS } from "../../lib/backends/tensors.ts";

// The numbers are 0.5, 1.5, …: fractions, for V8 keeps arrays of whole numbers in another way.
const LENGTH = 1_000_000;
const numbers = Array.from({ length: LENGTH }, (_, i) => i + 0.5);
const block = ndarray(Float64Array.from(numbers));
const empty = () => ndarray(new Float64Array(LENGTH));
await TENSOR_BACKENDS.wasm();
const tensor = tf.tensor(numbers);

/** Registers a benchmark; the others of its group are compared with that of arrays. */
function bench(operation: string, kind: string, run: () => void) {
  const group = `${operation} of a million numbers`;
  Deno.bench(`${operation}, ${kind}`, { group, baseline: kind === "arrays" }, run);
}

bench("creation", "arrays", () => {
  const made = new Array<number>(LENGTH);
  for (let i = 0; i < LENGTH; i++) made[i] = i + 0.5;
});
bench("creation", "ndarrays", () => {
  const { data } = empty();
  for (let i = 0; i < LENGTH; i++) data[i] = i + 0.5;
});
bench("creation", "tensors", () => tf.range(0.5, LENGTH + 0.5).dispose());

bench("squaring", "arrays", () => {
  const squares = new Array<number>(LENGTH);
  for (let i = 0; i < LENGTH; i++) squares[i] = numbers[i] * numbers[i];
});
bench("squaring", "ndarrays", () => void ops.mul(empty(), block, block));
bench("squaring", "tensors", () => tf.square(tensor).dispose());

bench("sine", "arrays", () => {
  const sines = new Array<number>(LENGTH);
  for (let i = 0; i < LENGTH; i++) sines[i] = Math.sin(numbers[i]);
});
bench("sine", "ndarrays", () => void ops.sin(empty(), block));
bench("sine", "tensors", () => tf.sin(tensor).dispose());

const sums: number[] = [0]; // kept, so that V8 can't leave the additions out
bench("summation", "arrays", () => {
  let sum = 0;
  for (let i = 0; i < LENGTH; i++) sum += numbers[i];
  sums[0] = sum;
});
bench("summation", "ndarrays", () => {
  sums[0] = ops.sum(block);
});
bench("summation", "tensors", () => tf.sum(tensor).dispose());
