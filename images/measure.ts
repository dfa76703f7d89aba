/**
 * Measures everything that the README shows: `deno task measure`.
 *
 * Measures the Python originals too, where `python3` has NumPy or PyTorch, and
 * says what it goes without.
 *
 * @module
 */

import { cpus } from "node:os";
// @ts-types="@types/ndarray"
import ndarray from "ndarray";
// @ts-types="@types/ndarray-ops"
import ops from "ndarray-ops";
import * as tf from "@tensorflow/tfjs-core";
import { type Backend, useBackend } from "../lib/backend.ts";
import { closeBlas, openBlas } from "../lib/blas.ts";
import type { Report } from "../lib/cli.ts";
import { formatTime } from "../lib/timing.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import type { Measurements } from "./measurements.ts";

const HIDDEN_SIZES = [25, 50, 100, 200, 400, 800, 1600, 3200, 6400];
const LENGTH = 1_000_000;

const measured: Measurements = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${Deno.build.os}`,
  versions: { Deno: Deno.version.deno, V8: Deno.version.v8, "TensorFlow.js": tf.version_core },
  skipped: [],
  losses: {},
  iterations: [],
  operations: [],
};

function skip(reason: string) {
  console.error(`  skipped: ${reason}`);
  measured.skipped.push(reason);
}

/** The median time of a call, in milliseconds, after some calls to warm up. */
async function medianTime(call: () => unknown): Promise<number> {
  for (const end = performance.now() + 500; performance.now() < end;) await call();
  const times: number[] = [];
  for (const end = performance.now() + 1500; times.length < 3 || performance.now() < end;) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return times[times.length >> 1]!;
}

/** A way to train, under the name that the pictures give it. */
interface Version {
  name: string;
  /** Starts a training; the function trains for one iteration. */
  start(dimensions: { N: number; D_in: number; H: number; D_out: number }): {
    iterate(): unknown;
    stop(): void;
  };
}

const TRAINING = { steps: Infinity, learningRate: 1e-9, logEvery: 1 };

const arrays: Version = {
  name: "arrays",
  start(dimensions) {
    const training = naive.train(naive.draw(dimensions, 0), TRAINING);
    return { iterate: () => training.next(), stop: () => {} };
  },
};

/** The ndarray script: with BLAS, or with its own loops. */
function ndarrays(blas: boolean): Version {
  return {
    name: blas ? "ndarrays with BLAS" : "ndarrays",
    start(dimensions) {
      if (blas) openBlas();
      const training = nd.train(nd.draw(dimensions, 0), TRAINING);
      return { iterate: () => training.next(), stop: closeBlas };
    },
  };
}

function tensors(name: string): Version {
  return {
    name,
    start(dimensions) {
      const network = tensor.draw(dimensions, 0);
      const training = tensor.train(network, TRAINING);
      return { iterate: () => training.next(), stop: () => tf.dispose(Object.values(network)) };
    },
  };
}

async function measureIterations(version: Version) {
  for (const hidden of HIDDEN_SIZES) {
    const { iterate, stop } = version.start({ N: 64, D_in: 1000, H: hidden, D_out: 10 });
    const ms = await medianTime(iterate);
    stop();
    console.error(`  ${version.name}, ${hidden} hidden units: ${formatTime(ms)}`);
    measured.iterations.push({ name: version.name, hidden, ms });
  }
}

async function measureOperations(name: string, operations: Record<string, () => unknown>) {
  for (const [operation, call] of Object.entries(operations)) {
    const ms = await medianTime(call);
    console.error(`  ${operation} of a million, ${name}: ${formatTime(ms)}`);
    measured.operations.push({ name, operation, ms });
  }
}

async function measureLosses(name: string, reports: Iterable<Report> | AsyncIterable<Report>) {
  console.error(`  losses of 500 iterations, ${name}`);
  const losses: number[] = [];
  for await (const { loss } of reports) losses.push(Number(loss.toPrecision(8)));
  measured.losses[name] = losses;
}

/** Everything on one backend of TensorFlow.js, if it is there and no GPU computed on the CPU. */
async function measureBackend(backend: Backend, name: string) {
  try {
    const { device } = await useBackend(backend);
    if (/llvmpipe|SwiftShader/.test(device)) return skip(`${backend}: only ${device}`);
    const [, library, version] = device.match(/with (WebGPU|TensorFlow) (.+)/) ?? [];
    if (library) measured.versions[library] = version!;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotSupported)) throw error;
    return skip(error.message);
  }
  await measureIterations(tensors(name));
  const numbers = tf.range(0, LENGTH);
  const read = async (compute: () => tf.Tensor) => {
    const result = compute();
    // A GPU may still be at work until a number is read.
    const number = tf.tidy(() => tf.slice(tf.reshape(result, [-1]), 0, 1));
    await number.data();
    tf.dispose([result, number]);
  };
  await measureOperations(name, {
    creation: () => read(() => tf.range(0, LENGTH)),
    squaring: () => read(() => tf.square(numbers)),
    sine: () => read(() => tf.sin(numbers)),
    summation: () => read(() => tf.sum(numbers)),
  });
  tf.dispose(numbers);
}

console.error("Arrays");
const training = { steps: 500, learningRate: 1e-6, logEvery: 1 };
const dimensions = { N: 64, D_in: 1000, H: 100, D_out: 10 };
await measureLosses("arrays", naive.train(naive.draw(dimensions, 0), training));
await measureIterations(arrays);
const createArray = () => Array.from({ length: LENGTH }, (_, i) => i);
const array = createArray();
await measureOperations("arrays", {
  creation: createArray,
  squaring: () => array.map((value) => value * value),
  sine: () => array.map((value) => Math.sin(value)),
  summation: () => array.reduce((total, value) => total + value, 0),
});

console.error("Ndarrays");
await measureLosses("ndarrays", nd.train(nd.draw(dimensions, 0), training));
await measureIterations(ndarrays(false));
try {
  measured.versions["BLAS"] = openBlas();
  await measureIterations(ndarrays(true));
} catch (error) {
  if (!(error instanceof Deno.errors.NotSupported)) throw error;
  skip(error.message);
}
const createNdarray = () => {
  const data = new Float64Array(LENGTH);
  for (let i = 0; i < LENGTH; i++) data[i] = i;
  return ndarray(data);
};
const numbers = createNdarray();
const empty = () => ndarray(new Float64Array(LENGTH));
await measureOperations("ndarrays", {
  creation: createNdarray,
  squaring: () => ops.mul(empty(), numbers, numbers),
  sine: () => ops.sin(empty(), numbers),
  summation: () => ops.sum(numbers),
});

console.error("Tensors");
await useBackend("wasm");
await measureLosses("tensors", tensor.train(tensor.draw(dimensions, 0), training));
await measureBackend("cpu", "tensors in JavaScript");
await measureBackend("wasm", "tensors in WebAssembly");
await measureBackend("webgpu", "tensors on WebGPU");
await measureBackend("tensorflow", "tensors on TensorFlow");

console.error("Python");
try {
  const script = new URL("originals.py", import.meta.url).pathname;
  const python = new Deno.Command("python3", {
    args: [script, ...HIDDEN_SIZES.map(String)],
    stdout: "piped",
  }).spawn();
  let buffered = "";
  for await (const text of python.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (buffered + text).split("\n");
    buffered = lines.pop()!;
    for (const line of lines) {
      const row = JSON.parse(line);
      if (row.name) {
        console.error(`  ${row.name}, ${row.hidden} hidden units: ${formatTime(row.ms)}`);
        measured.iterations.push(row);
        continue;
      }
      for (
        const [name, label] of [["python", "Python"], ["numpy", "NumPy"], ["torch", "PyTorch"]]
      ) {
        if (row[name!]) measured.versions[label!] = row[name!];
        else skip(`${label}: not installed for python3`);
      }
    }
  }
  if (!(await python.status).success) skip("Python: it failed, see above");
} catch (error) {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
  skip("Python: there is no python3");
}

const file = new URL("measurements.json", import.meta.url);
const round = (_: string, value: unknown) =>
  typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(8)) : value;
await Deno.writeTextFile(file, `${JSON.stringify(measured, round)}\n`);
console.error(`Wrote ${file.pathname}`);
