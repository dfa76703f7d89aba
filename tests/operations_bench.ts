/** The originals' four operations on a million numbers: arrays, ndarrays, tensors. */

// @ts-types="@types/ndarray"
import ndarray from "ndarray";
// @ts-types="@types/ndarray-ops"
import ops from "ndarray-ops";
import * as tf from "@tensorflow/tfjs-core";
import { useBackend } from "./available.ts";
import { bench } from "./bench.ts";

// The numbers are 0.5, 1.5, …: fractions, for V8 keeps arrays of whole numbers in another way.
const LENGTH = 1_000_000;
const numbers = Array.from({ length: LENGTH }, (_, i) => i + 0.5);
const block = ndarray(Float64Array.from(numbers));
const empty = () => ndarray(new Float64Array(LENGTH));
await useBackend("wasm");
const tensor = tf.tensor(numbers);

/** What computes each operation, by its kind. */
export const OPERATIONS: Record<string, Record<string, () => unknown>> = {
  "arrays, loops": {
    creation() {
      const made = new Array<number>(LENGTH);
      for (let i = 0; i < LENGTH; i++) made[i] = i + 0.5;
      return made;
    },
    squaring() {
      const squares = new Array<number>(LENGTH);
      for (let i = 0; i < LENGTH; i++) squares[i] = numbers[i] * numbers[i];
      return squares;
    },
    sine() {
      const sines = new Array<number>(LENGTH);
      for (let i = 0; i < LENGTH; i++) sines[i] = Math.sin(numbers[i]);
      return sines;
    },
    summation() {
      let sum = 0;
      for (let i = 0; i < LENGTH; i++) sum += numbers[i];
      return sum;
    },
  },
  "ndarrays": {
    creation() {
      const { data } = empty();
      for (let i = 0; i < LENGTH; i++) data[i] = i + 0.5;
      return data;
    },
    squaring() {
      const squares = empty();
      ops.mul(squares, block, block);
      return squares.data;
    },
    sine() {
      const sines = empty();
      ops.sin(sines, block);
      return sines.data;
    },
    summation: () => ops.sum(block),
  },
  "tensors in WebAssembly": {
    creation: () => tf.range(0.5, LENGTH + 0.5),
    squaring: () => tf.square(tensor),
    sine: () => tf.sin(tensor),
    summation: () => tf.sum(tensor),
  },
};

for (const operation of ["creation", "squaring", "sine", "summation"]) {
  for (const [name, operations] of Object.entries(OPERATIONS)) {
    const compute = operations[operation];
    const computeAndFree = () => tf.dispose(compute() as tf.Tensor);
    const start = () => name.startsWith("tensors") ? computeAndFree : compute;
    const baseline = name === "arrays, loops";
    bench({ group: `${operation} of a million numbers`, name, baseline, start });
  }
}
