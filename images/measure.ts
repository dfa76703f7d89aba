/**
 * Measures everything that the pages show, in about ten minutes, to measurements.json:
 * `deno task measure`. The benchmarks are those that `deno bench` runs; python3 times the
 * originals. The machine should do nothing else.
 *
 * @module
 */

import assert from "node:assert/strict";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import config from "../deno.json" with { type: "json" };
import { openBackend } from "../lib/backend.ts";
import { startBlas } from "../lib/blas.ts";
import { readLosses } from "../lib/run.ts";
import { startTensorflow } from "../lib/tensorflow.ts";
import { TENSOR_BACKENDS } from "../lib/tensors.ts";
import { startWebgpu } from "../lib/webgpu.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import numpy from "../tests/numpy_losses/seed11_3x5x4x2.json" with { type: "json" };
import { type Measurements, WHOLE } from "./figures.ts";

const HIDDEN = ["25", "50", "100", "200", "400", "800", "1600", "3200", "6400"];
const WHOLE_RUNS = 8;
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DENO = Deno.execPath();

const measured: Measurements = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus()[0]?.model.trim()} with ${cpus().length} cores, under ${Deno.build.os}`,
  versions: { Deno: Deno.version.deno, "TensorFlow.js": tf.version_core },
  skipped: [],
  losses: {},
  memory: {},
  times: [],
};

/** Keeps the shortest time of that name. */
function keep(name: string, of: string, ms: number) {
  console.error(`${of}: ${name}: ${ms.toPrecision(3)} ms`);
  const rounded = Number(ms.toPrecision(6));
  const time = measured.times.find((time) => time.name === name && time.of === of);
  if (time) time.ms = Math.min(time.ms, rounded);
  else measured.times.push({ name, of, ms: rounded });
}

/** Runs a program to its end, and gives what it prints. */
async function run(program: string, ...args: string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command(program, {
    args,
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot measure: ${program} ${args.join(" ")} failed`);
  return new TextDecoder().decode(stdout);
}

/** Runs one of the benchmarks, which counts in nanoseconds. */
async function measureBench(what: string, ...args: string[]) {
  const file = `tests/${what}_bench.ts`;
  const json = await run(DENO, "bench", "--json", "-A", file, "--", ...args);
  for (const { name, group, results: [{ ok }] } of JSON.parse(json).benches) {
    keep(name, group, ok.p75 / 1e6);
  }
}

/** The time that three quarters of the times do not exceed, as `deno bench` has it. */
const p75 = (times: number[]) =>
  times.toSorted((a, b) => a - b)[Math.ceil(0.75 * times.length) - 1];

/** Runs the originals, which are in Python. */
const runOriginals = (...args: string[]) => run("python3", "images/originals.py", ...args);

/** Runs the originals' benchmarks. */
async function measurePython(...args: string[]) {
  const lines = (await runOriginals(...args)).trimEnd().split("\n");
  for (const { name, of, times } of lines.map((line) => JSON.parse(line))) {
    keep(name, of, p75(times));
  }
}

/** What computes, and what can't. */
async function findVersions() {
  const starts: Record<string, () => string | Promise<string>> = {
    BLAS: () => startBlas().library,
    TensorFlow: startTensorflow,
    WebGPU: () => startWebgpu(false),
  };
  for (const [name, start] of Object.entries(starts)) {
    try {
      measured.versions[name] = (await start()).replace(/^TensorFlow /, "");
    } catch (error) {
      measured.skipped.push((error as Error).message.replace("Cannot use ", ""));
    }
  }
  Object.assign(measured.versions, JSON.parse(await runOriginals()));
}

/** Stops unless the originals that are timed print NumPy's losses. */
async function checkOriginals() {
  const { seed, dims: [N, D_in, H, D_out] } = numpy;
  const { x, y, w1, w2 } = naive.draw({ N, D_in, H, D_out }, seed);
  const network = JSON.stringify([x, y, w1, w2]);
  for (const name of ["lists", "numpy", "torch"]) {
    // The lists' original lets every gradient pass, so that only its first loss is NumPy's.
    const steps = name === "lists" ? 1 : 50;
    const losses = JSON.parse(await runOriginals("losses", name, `${steps}`, network));
    for (const [t, loss] of losses.entries()) {
      assert.ok(Math.abs(loss / numpy.numpy[t] - 1) < 1e-4, `${name}, ${t}: ${loss}`);
    }
  }
}

/** The losses at the originals' size, in float64 and in float32. */
async function measureLosses() {
  await openBackend("wasm", TENSOR_BACKENDS);
  const trainings = {
    "float64": naive.train(naive.draw()),
    "float32": tensor.train(tensor.draw()),
  };
  for (const [name, losses] of Object.entries(trainings)) {
    const rounded: number[] = measured.losses[name] = [];
    for await (const { loss } of readLosses(losses, { ...naive.TRAINING, logEvery: 1 })) {
      rounded.push(Number(loss.toPrecision(5)));
    }
  }
}

/** The memory of the first weights, of which V8 is given twenty. */
async function measureMemory() {
  // The task starts V8 with --expose-gc.
  const { gc } = globalThis as unknown as { gc(): void };
  const used = () => {
    gc();
    const { heapUsed, external } = Deno.memoryUsage();
    return heapUsed + external;
  };
  const memoryOf = (draw: () => unknown) => {
    const before = used();
    const matrices = Array.from({ length: 20 }, draw);
    return (used() - before) / matrices.length;
  };
  const sizes = { N: 1, D_out: 1 };
  measured.memory["arrays of arrays"] = memoryOf(() => naive.draw(sizes).w1);
  measured.memory["ndarrays, Float64Array"] = memoryOf(() => nd.draw(sizes).w1);
  await openBackend("wasm", TENSOR_BACKENDS);
  const { w1 } = tensor.draw();
  measured.memory["tensors, float32"] = w1.size * tf.util.bytesPerElement(w1.dtype);
  Object.assign(measured.memory, JSON.parse(await runOriginals("memory")));
}

const ours = (...args: string[]) => [DENO, "run", ...args];
const python = (...args: string[]) => ["python3", "images/originals.py", "whole", ...args];

/** How to run each script, by the name that its iterations have. */
const SCRIPTS: Record<string, string[]> = {
  "arrays": ours("naive_neural_network.ts"),
  "ndarrays": ours("ndarray_neural_network.ts"),
  "ndarrays with BLAS": ours("--allow-ffi", "ndarray_neural_network.ts"),
  "tensors in WebAssembly": ours("tensor_neural_network.ts", "--backend", "wasm"),
  "tensors with BLAS": ours("--allow-ffi", "tensor_neural_network.ts", "--backend", "blas"),
  "tensors on TensorFlow": [DENO, ...config.tasks.tensorflow.command.split("deno ")[1].split(" ")],
  "tensors on WebGPU": ours("tensor_neural_network.ts", "--backend", "webgpu"),
  "NumPy": python("numpy", "500"),
  "PyTorch": python("torch", "500"),
  "PyTorch on CUDA": python("cuda", "500"),
};

/** How long a process takes from its start to its end, in milliseconds. */
async function processTime([program, ...args]: string[]): Promise<number> {
  const start = performance.now();
  await run(program, ...args);
  return performance.now() - start;
}

/** The whole scripts whose iterations could be measured. */
async function measureWhole() {
  for (const [name, command] of Object.entries(SCRIPTS)) {
    if (!measured.times.some((time) => time.name === name)) continue;
    const times: number[] = [];
    while (times.length < WHOLE_RUNS) times.push(await processTime(command));
    keep(name, WHOLE, p75(times));
  }
  // All iterations of lists would take ten minutes: ten of them, fifty times.
  const none = await processTime(python("lists", "0"));
  const ten = await processTime(python("lists", "10")) - none;
  keep("Python lists", WHOLE, none + 50 * ten);
}

// First, while there is nothing else that V8 could free.
await measureMemory();
await findVersions();
await checkOriginals();
await measureLosses();
for (let round = 0; round < 3; round++) {
  await measureBench("products");
  await measurePython("products");
  await measureBench("operations");
  await measurePython("operations");
  for (const hidden of HIDDEN) await measureBench("iteration", hidden);
  await measurePython("iterations", ...HIDDEN);
}
await measureWhole();
Deno.writeTextFileSync(`${ROOT}images/measurements.json`, `${JSON.stringify(measured)}\n`);
