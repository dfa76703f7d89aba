/**
 * Measures everything that the README shows, in about ten minutes, to measurements.json:
 * `deno task measure`. The benchmarks are those that `deno bench` runs; python3 times the
 * originals. The machine should do nothing else.
 *
 * @module
 */

import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import config from "../deno.json" with { type: "json" };
import { openBackend } from "../lib/backend.ts";
import { openBlas } from "../lib/blas.ts";
import type { NotAvailable } from "../lib/errors.ts";
import { readLosses } from "../lib/run.ts";
import { TENSOR_BACKENDS } from "../lib/tensor_backends.ts";
import { loadTensorflow } from "../lib/tensorflow.ts";
import { registerWebgpu } from "../lib/webgpu.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import { benchTimes, extrapolate, type Measurements, p75, timeOf, WHOLE } from "./measurements.ts";

const HIDDEN = ["25", "50", "100", "200", "400", "800", "1600", "3200", "6400"];
const WHOLE_RUNS = 8;
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DENO = Deno.execPath();

const measured: Measurements = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${Deno.build.os}`,
  versions: { Deno: Deno.version.deno, "TensorFlow.js": tf.version_core },
  devices: [],
  skipped: [],
  losses: {},
  times: [],
};

function keep(name: string, of: string, ms: number) {
  console.error(`${of}: ${name}: ${ms.toPrecision(3)} ms`);
  measured.times.push({ name, of, ms: Number(ms.toPrecision(6)) });
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

/** Runs one of the benchmarks. */
async function measureBench(what: string, ...args: string[]) {
  const file = `tests/${what}_bench.ts`;
  const json = await run(DENO, "bench", "--json", "-A", file, "--", ...args);
  for (const { name, of, ms } of benchTimes(json)) keep(name, of, ms);
}

/** Runs the originals' benchmarks. */
async function measurePython(...args: string[]) {
  const lines = (await run("python3", "images/originals.py", ...args)).trimEnd().split("\n");
  for (const { name, of, times } of lines.map((line) => JSON.parse(line))) {
    keep(name, of, p75(times));
  }
}

/** What takes part, and what does not. */
async function findVersions() {
  const opening = [() => `BLAS ${openBlas().library}`, loadTensorflow, () => registerWebgpu(false)];
  for (const open of opening) {
    try {
      measured.devices.push(await open());
    } catch (error) {
      const { what, why } = error as NotAvailable;
      measured.skipped.push(`${what}: ${why}`);
    }
  }
  Object.assign(measured.versions, JSON.parse(await run("python3", "images/originals.py")));
}

/** The losses of each script, at the originals' size. */
async function measureLosses() {
  await openBackend("wasm", TENSOR_BACKENDS);
  const trainings = {
    arrays: naive.train(naive.draw()),
    ndarrays: nd.train(nd.draw()),
    tensors: tensor.train(tensor.draw()),
  };
  for (const [name, losses] of Object.entries(trainings)) {
    const rounded: number[] = measured.losses[name] = [];
    for await (const { loss } of readLosses(losses, { ...naive.TRAINING, logEvery: 1 })) {
      rounded.push(Number(loss.toPrecision(8)));
    }
  }
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
  "tensors on TensorFlow": [DENO, ...config.tasks.tensorflow.command.split(" ").slice(1)],
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
    if (timeOf(measured, name) === undefined) continue;
    const times: number[] = [];
    while (times.length < WHOLE_RUNS) times.push(await processTime(command));
    keep(name, WHOLE, p75(times));
  }
  // All the iterations of lists would take ten minutes.
  const none = await processTime(python("lists", "0"));
  keep("Python lists", WHOLE, extrapolate(none, await processTime(python("lists", "10"))));
}

await findVersions();
await measureLosses();
await measureBench("products");
await measurePython("products");
await measureBench("iteration", ...HIDDEN);
await measurePython("iterations", ...HIDDEN);
await measureWhole();
Deno.writeTextFileSync(`${ROOT}images/measurements.json`, `${JSON.stringify(measured)}\n`);
