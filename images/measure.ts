/**
 * Measures everything that the README shows: `deno task measure`.
 *
 * Measures the Python originals too, where `python3` has NumPy or PyTorch, and
 * says what it goes without. Everything is measured in three rounds, and the best
 * one counts: whatever else a machine does, it only ever adds time.
 *
 * @module
 */

import { cpus } from "node:os";
import * as tf from "@tensorflow/tfjs-core";
import { type Backend, OPEN, useBackend } from "../lib/backend.ts";
import { closeBlas, openBlas } from "../lib/blas.ts";
import type { Dimensions } from "../lib/cli.ts";
import { formatTime } from "../lib/timing.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import {
  arrayOperations,
  ndarrayOperations,
  type Operations,
  tensorOperations,
} from "../tests/operations.ts";
import type { Measurements, Time } from "./measurements.ts";

const HIDDEN_SIZES = [25, 50, 100, 200, 400, 800, 1600, 3200, 6400];
const ROUNDS = 3;

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
  if (!measured.skipped.includes(reason)) measured.skipped.push(reason);
}

/** Keeps a time, or the better one of two of the same thing. */
function keep(row: Measurements["iterations"][number]): void;
function keep(row: Measurements["operations"][number]): void;
function keep({ ms, ...what }: Time & { hidden?: number; operation?: string }) {
  console.error(`  ${Object.values(what).join(", ")}: ${formatTime(ms)}`);
  const rows: (typeof what & { ms: number })[] = "hidden" in what
    ? measured.iterations
    : measured.operations;
  const same = rows.find((row) =>
    row.name === what.name && row.hidden === what.hidden && row.operation === what.operation
  );
  if (same) same.ms = Math.min(same.ms, ms);
  else rows.push({ ...what, ms });
}

/** The median time of a call, in milliseconds, after some calls to warm up. */
async function medianTime(call: () => unknown): Promise<number> {
  for (const end = performance.now() + 300; performance.now() < end;) await call();
  const times: number[] = [];
  for (const end = performance.now() + 700; times.length < 3 || performance.now() < end;) {
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
  start(dimensions: Partial<Dimensions>): {
    iterate(): unknown;
    stop(): void;
  };
}

const TRAINING = { steps: Infinity, learningRate: 1e-9, logEvery: 1 };

const arrays: Version = {
  name: "arrays",
  start(dimensions) {
    const training = naive.train(naive.draw(dimensions), TRAINING);
    return { iterate: () => training.next(), stop: () => {} };
  },
};

/** The ndarray script: with BLAS, or with its own loops. */
function ndarrays(blas: boolean): Version {
  return {
    name: blas ? "ndarrays with BLAS" : "ndarrays",
    start(dimensions) {
      if (blas) openBlas();
      const training = nd.train(nd.draw(dimensions), TRAINING);
      return { iterate: () => training.next(), stop: closeBlas };
    },
  };
}

function tensors(name: string): Version {
  return {
    name,
    start(dimensions) {
      const network = tensor.draw(dimensions);
      const training = tensor.train(network, TRAINING);
      return { iterate: () => training.next(), stop: () => tf.dispose(Object.values(network)) };
    },
  };
}

async function measureIterations(version: Version) {
  for (const hidden of HIDDEN_SIZES) {
    const { iterate, stop } = version.start({ H: hidden });
    const ms = await medianTime(iterate);
    stop();
    keep({ name: version.name, hidden, ms });
  }
}

async function measureOperations(name: string, operations: Operations) {
  for (const [operation, call] of Object.entries(operations)) {
    keep({ name, operation, ms: await medianTime(call) });
  }
}

/** Everything on one backend of TensorFlow.js, if it is there and no software GPU. */
async function measureBackend(backend: Backend, name: string) {
  try {
    const device = await OPEN[backend](false);
    const [, library, version] = device.match(/with (WebGPU|TensorFlow) (.+)/) ?? [];
    if (library) measured.versions[library] = version!;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotSupported)) throw error;
    return skip(error.message);
  }
  await measureIterations(tensors(name));
  await measureOperations(name, tensorOperations());
}

/** The losses of each script, at the originals' size. */
async function measureLosses() {
  await useBackend("wasm");
  const trainings = {
    arrays: naive.train(naive.draw()),
    ndarrays: nd.train(nd.draw()),
    tensors: tensor.train(tensor.draw()),
  };
  for (const [name, reports] of Object.entries(trainings)) {
    console.error(`  ${name}`);
    const losses: number[] = measured.losses[name] = [];
    for await (const { loss } of reports) losses.push(Number(loss.toPrecision(8)));
  }
}

async function measureArrays() {
  await measureIterations(arrays);
  await measureOperations("arrays", arrayOperations());
}

async function measureNdarrays() {
  await measureIterations(ndarrays(false));
  try {
    measured.versions["BLAS"] = openBlas();
    await measureIterations(ndarrays(true));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotSupported)) throw error;
    skip(error.message);
  }
  await measureOperations("ndarrays", ndarrayOperations());
}

async function measureTensors() {
  await measureBackend("cpu", "tensors in JavaScript");
  await measureBackend("wasm", "tensors in WebAssembly");
  await measureBackend("webgpu", "tensors on WebGPU");
  await measureBackend("tensorflow", "tensors on TensorFlow");
}

async function measurePython() {
  const script = `${import.meta.dirname}/originals.py`;
  const command = new Deno.Command("python3", {
    args: [script, ...HIDDEN_SIZES.map(String)],
    stdout: "piped",
  });
  let python: Deno.ChildProcess;
  try {
    python = command.spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return skip("Python: there is no python3");
  }
  let rest = "";
  for await (const text of python.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const row of lines.map((line) => JSON.parse(line))) {
      if (row.name) {
        keep(row);
        continue;
      }
      for (const [key, name] of [["python", "Python"], ["numpy", "NumPy"], ["torch", "PyTorch"]]) {
        if (row[key!]) measured.versions[name!] = row[key!];
        else skip(`${name}: not installed for python3`);
      }
    }
  }
  if (!(await python.status).success) skip("Python: it failed, see above");
}

console.error("Losses");
await measureLosses();
for (let round = 1; round <= ROUNDS; round++) {
  console.error(`Round ${round} of ${ROUNDS}`);
  await measureArrays();
  await measureNdarrays();
  await measureTensors();
  await measurePython();
}

const file = new URL("measurements.json", import.meta.url);
const round = (_: string, value: unknown) =>
  typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(8)) : value;
await Deno.writeTextFile(file, `${JSON.stringify(measured, round)}\n`);
console.error(`Wrote ${file.pathname}`);
