/** The originals' four operations on a million numbers: arrays, ndarrays, tensors. */

// @ts-types="@types/ndarray"
import ndarray from "ndarray";
// @ts-types="@types/ndarray-ops"
import ops from "ndarray-ops";
import * as tf from "@tensorflow/tfjs-core";
import { openBackend } from "../lib/backend.ts";
import { TENSOR_BACKENDS } from "../lib/tensors.ts";
import { AVAILABLE, bench } from "./bench.ts";

/** What to call for each operation; of tensors, the promise of the last number of its result. */
export type Operations = Record<"creation" | "squaring" | "sine" | "summation", () => unknown>;

// The numbers are 0.5, 1.5, …: fractions, for V8 keeps arrays of whole numbers in another way.
const LENGTH = 1_000_000;
const numbers = Array.from({ length: LENGTH }, (_, i) => i + 0.5);

const loops: Operations = {
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
};

const block = ndarray(Float64Array.from(numbers));
const empty = () => ndarray(new Float64Array(LENGTH));

const ndarrays: Operations = {
  creation() {
    const made = empty();
    for (let i = 0; i < LENGTH; i++) made.data[i] = i + 0.5;
    return made.data;
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
};

export const OPERATIONS: Record<string, Operations> = {
  "arrays, loops": loops,
  "ndarrays": ndarrays,
};

/** Tensors, on the backend that is in use. */
export function tensorOperations(): Operations {
  // A GPU may still be at work until a number is read.
  const finished = (compute: () => tf.Tensor) => async () => {
    const number = tf.tidy(() => {
      const result = tf.reshape(compute(), [-1]);
      return tf.slice(result, result.size - 1, 1);
    });
    const [last] = await number.data();
    number.dispose();
    return last;
  };
  const creation = () => tf.range(0.5, LENGTH + 0.5);
  const tensor = creation();
  return {
    creation: finished(creation),
    squaring: finished(() => tf.square(tensor)),
    sine: finished(() => tf.sin(tensor)),
    summation: finished(() => tf.sum(tensor)),
  };
}

for (const operation of ["creation", "squaring", "sine", "summation"] as const) {
  const group = `${operation} of a million numbers`;
  for (const [name, kind] of Object.entries(OPERATIONS)) bench(group, name, () => kind[operation]);
  for (const [name, { script, backend }] of AVAILABLE) {
    if (script !== "tensor") continue;
    bench(group, name, async () => {
      await openBackend(backend!, TENSOR_BACKENDS);
      return tensorOperations()[operation];
    });
  }
}
