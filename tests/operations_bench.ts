/** The original's four operations, on a million numbers: arrays, ndarrays, tensors. */

// @ts-types="@types/ndarray"
import ndarray from "ndarray";
// @ts-types="@types/ndarray-ops"
import ops from "ndarray-ops";
import * as tf from "@tensorflow/tfjs-core";
import { useBackend } from "../lib/backend.ts";
import { availableBackends } from "./available.ts";

const LENGTH = 1_000_000;

const createArray = () => Array.from({ length: LENGTH }, (_, i) => i);

const createNdarray = () => {
  const data = new Float64Array(LENGTH);
  for (let i = 0; i < LENGTH; i++) data[i] = i;
  return ndarray(data);
};

const array = createArray();
const nd = createNdarray();
const empty = () => ndarray(new Float64Array(LENGTH));

const OPERATIONS: Record<string, [onArray: () => void, onNdarray: () => void]> = {
  creation: [createArray, createNdarray],
  squaring: [() => array.map((value) => value * value), () => ops.mul(empty(), nd, nd)],
  sine: [() => array.map((value) => Math.sin(value)), () => ops.sin(empty(), nd)],
  summation: [() => array.reduce((total, value) => total + value, 0), () => ops.sum(nd)],
};

const TENSOR_OPERATIONS: Record<string, (tensor: tf.Tensor1D) => tf.Tensor> = {
  creation: () => tf.range(0, LENGTH),
  squaring: tf.square,
  sine: tf.sin,
  summation: tf.sum,
};

const backends = await availableBackends();
for (const [group, [onArray, onNdarray]] of Object.entries(OPERATIONS)) {
  Deno.bench("arrays", { group, baseline: true }, onArray);
  Deno.bench("ndarrays", { group }, onNdarray);
  for (const backend of backends) {
    await useBackend(backend);
    const tensor = tf.range(0, LENGTH);
    Deno.bench(`tensors on ${backend}`, { group }, async (b) => {
      await tf.setBackend(backend);
      b.start();
      const result = TENSOR_OPERATIONS[group]!(tensor);
      // A backend may still be at work until a number is read.
      const number = tf.tidy(() => tf.slice(tf.reshape(result, [-1]), 0, 1));
      await number.data();
      b.end();
      tf.dispose([result, number]);
    });
  }
}
