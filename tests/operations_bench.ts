/** The originals' four operations on a million numbers: arrays, ndarrays, tensors. */

// @ts-types="@types/ndarray"
import ndarray from "ndarray";
// @ts-types="@types/ndarray-ops"
import ops from "ndarray-ops";
import * as tf from "@tensorflow/tfjs-core";
import { openBackend } from "../lib/backend.ts";
import { TENSOR_BACKENDS } from "../lib/tensor_backends.ts";
import { bench, TENSORS } from "./bench.ts";

/** What to call for each operation; of tensors, the promise of the first number of its result. */
export type Operations = Record<"creation" | "squaring" | "sine" | "summation", () => unknown>;

// The numbers are 0.5, 1.5, …: fractions, for V8 keeps arrays of whole numbers in another way.
const LENGTH = 1_000_000;

/** Arrays, by loops. */
export function arrayOperations(): Operations {
  const creation = () => {
    const made = new Array<number>(LENGTH);
    for (let i = 0; i < LENGTH; i++) made[i] = i + 0.5;
    return made;
  };
  const array = creation();
  return {
    creation,
    squaring: () => {
      const squares = new Array<number>(LENGTH);
      for (let i = 0; i < LENGTH; i++) squares[i] = array[i] * array[i];
      return squares;
    },
    sine: () => {
      const sines = new Array<number>(LENGTH);
      for (let i = 0; i < LENGTH; i++) sines[i] = Math.sin(array[i]);
      return sines;
    },
    summation: () => {
      let sum = 0;
      for (let i = 0; i < LENGTH; i++) sum += array[i];
      return sum;
    },
  };
}

/** Ndarrays, by ndarray-ops. */
export function ndarrayOperations(): Operations {
  const empty = () => ndarray(new Float64Array(LENGTH));
  const creation = () => {
    const made = empty();
    for (let i = 0; i < LENGTH; i++) made.data[i] = i + 0.5;
    return made;
  };
  const numbers = creation();
  return {
    creation,
    squaring: () => ops.mul(empty(), numbers, numbers),
    sine: () => ops.sin(empty(), numbers),
    summation: () => ops.sum(numbers),
  };
}

/** Tensors, on the backend that is in use when an operation is called. */
export function tensorOperations(): Operations {
  // A GPU may still be at work until a number is read.
  const finished = (compute: () => tf.Tensor) => async () => {
    const number = tf.tidy(() => tf.slice(tf.reshape(compute(), [-1]), 0, 1));
    const [first] = await number.data();
    number.dispose();
    return first;
  };
  const creation = () => tf.range(0.5, LENGTH + 0.5);
  const numbers = creation();
  return {
    creation: finished(creation),
    squaring: finished(() => tf.square(numbers)),
    sine: finished(() => tf.sin(numbers)),
    summation: finished(() => tf.sum(numbers)),
  };
}

for (const operation of ["creation", "squaring", "sine", "summation"] as const) {
  const of = `${operation} of a million numbers`;
  bench(of, "arrays", () => ({ call: arrayOperations()[operation] }));
  bench(of, "ndarrays", () => ({ call: ndarrayOperations()[operation] }));
  for (const [name, backend] of TENSORS) {
    bench(of, name, async () => {
      await openBackend(backend, TENSOR_BACKENDS);
      return { call: tensorOperations()[operation] };
    });
  }
}
