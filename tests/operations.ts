/**
 * The four operations on a million numbers, by arrays, ndarrays and tensors.
 *
 * @module
 */

// @ts-types="@types/ndarray"
import ndarray from "ndarray";
// @ts-types="@types/ndarray-ops"
import ops from "ndarray-ops";
import * as tf from "@tensorflow/tfjs-core";

const LENGTH = 1_000_000;

/** What to call for each operation; of tensors, the promise of the first number of its result. */
export type Operations = Record<"creation" | "squaring" | "sine" | "summation", () => unknown>;

// 0.5, 1.5, …: fractions, for V8 keeps arrays of whole numbers in another way.

/** Arrays as one would write them. */
export function arrayOperations(): Operations {
  const creation = () => {
    const array: number[] = [];
    for (let i = 0; i < LENGTH; i++) array.push(i + 0.5);
    return array;
  };
  const array = creation();
  return {
    creation,
    squaring: () => array.map((value) => value * value),
    sine: () => array.map((value) => Math.sin(value)),
    summation: () => array.reduce((total, value) => total + value, 0),
  };
}

/** Arrays with a loop in the place of each function that is called for each number. */
export function loopOperations(): Operations {
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
  const creation = () => {
    const data = new Float64Array(LENGTH);
    for (let i = 0; i < LENGTH; i++) data[i] = i + 0.5;
    return ndarray(data);
  };
  const numbers = creation();
  const empty = () => ndarray(new Float64Array(LENGTH));
  return {
    creation,
    squaring: () => ops.mul(empty(), numbers, numbers),
    sine: () => ops.sin(empty(), numbers),
    summation: () => ops.sum(numbers),
  };
}

/** On the backend that is in use when an operation is called. */
export function tensorOperations(): Operations {
  const creation = () => tf.range(0.5, LENGTH + 0.5);
  // A GPU may still be at work until a number is read.
  const finished = async (compute: () => tf.Tensor) => {
    const result = compute();
    const number = tf.tidy(() => tf.slice(tf.reshape(result, [-1]), 0, 1));
    const [first] = await number.data();
    tf.dispose([result, number]);
    return first;
  };
  const numbers = creation();
  return {
    creation: () => finished(creation),
    squaring: () => finished(() => tf.square(numbers)),
    sine: () => finished(() => tf.sin(numbers)),
    summation: () => finished(() => tf.sum(numbers)),
  };
}
