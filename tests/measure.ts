/**
 * Measures everything that the pages show, in about a quarter of an hour, and writes it to
 * images/measurements.json: `deno task measure`. The machine should do nothing else meanwhile.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { cpus } from "node:os";
import * as tf from "@tensorflow/tfjs-core";
import { iteration, type Measurements, TRAINERS } from "../images/tables.ts";
import { openBackend } from "../lib/backend.ts";
import { startBlas } from "../lib/blas.ts";
import { UserError } from "../lib/errors.ts";
import { exitOnError } from "../lib/run.ts";
import { startTensorflow } from "../lib/tensorflow.ts";
import { TENSOR_BACKENDS } from "../lib/tensors.ts";
import { startWebgpu } from "../lib/webgpu.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import { ROOT } from "./run_script.ts";
import { iterationTime, median } from "./timing.ts";

const HIDDEN = [25, 50, 100, 200, 400, 800, 1600, 3200, 6400];
const DENO = Deno.execPath();
const ORIGINALS = ["python3", "tests/originals.py"];

/** The time that three quarters of the times do not exceed, as `deno bench` has it. */
export const p75 = (times: number[]) =>
  times.toSorted((a, b) => a - b)[Math.ceil(0.75 * times.length) - 1];

/** Keeps a time, unless a shorter one of the same name and group was measured before. */
export function keep(measured: Measurements, name: string, group: string, ms: number) {
  console.error(`${group}: ${name}: ${ms.toPrecision(3)} ms`);
  const rounded = Number(ms.toPrecision(6));
  const time = measured.times.find((time) => time.name === name && time.group === group);
  if (time) time.ms = Math.min(time.ms, rounded);
  else measured.times.push({ name, group, ms: rounded });
}

/** Keeps the times that `deno bench --json` prints, which are in nanoseconds. */
export function keepBenches(measured: Measurements, json: string) {
  for (const { name, group, results: [{ ok }] } of JSON.parse(json).benches) {
    keep(measured, name, group, ok.p75 / 1e6);
  }
}

/** Keeps one of the times of each line, an object in JSON. */
export function keepTimes(
  measured: Measurements,
  lines: string,
  pick: (times: number[]) => number,
) {
  for (
    const { name, group, times } of lines.trimEnd().split("\n").map((line) => JSON.parse(line))
  ) {
    keep(measured, name, group, pick(times));
  }
}

/** How to start what may not be there, and get its version. */
export const LIBRARIES = {
  BLAS: () => startBlas().library,
  TensorFlow: async () => (await startTensorflow()).replace("TensorFlow ", ""),
  WebGPU: () => startWebgpu(false),
};

/** Starts what may not be there, and keeps its version, or why it can't be used. */
export async function keepVersions(
  measured: Measurements,
  starts: Record<string, () => string | Promise<string>>,
) {
  for (const [name, start] of Object.entries(starts)) {
    try {
      measured.versions[name] = await start();
    } catch (error) {
      measured.skipped.push((error as Error).message.replace("Cannot use ", ""));
    }
  }
}

/** Whether this machine has what a trainer needs, by the names of the versions that it has. */
export function isHere(name: string, versions: Record<string, string>): boolean {
  const { backend = "" } = TRAINERS[name];
  const needed = name.endsWith("CUDA")
    ? "CUDA"
    : { blas: "BLAS", tensorflow: "TensorFlow", webgpu: "WebGPU" }[backend];
  return !needed || needed in versions;
}

/** The sittings with a new one in the place of the first, which the pages show. */
export const replaceFirst = (sittings: Measurements[], measured: Measurements) => [
  measured,
  ...sittings.slice(1),
];

/** Runs a program to its end, and gives what it prints. */
async function run([program, ...args]: string[]): Promise<string> {
  const output = { stdin: "null", stdout: "piped", stderr: "inherit" } as const;
  const command = new Deno.Command(program, { args, cwd: ROOT, ...output });
  const { success, stdout } = await command.output();
  if (!success) throw new UserError(`Cannot measure: ${program} ${args.join(" ")} failed`);
  return new TextDecoder().decode(stdout);
}

/** How to time the iterations of a trainer. */
const timingOf = (name: string, hidden: number) => [
  ...TRAINERS[name].script
    ? [DENO, "run", "--allow-all", "tests/time_training.ts"]
    : [...ORIGINALS, "iteration"],
  name,
  `${hidden}`,
];

/** Measures the memory of w1: for arrays and ndarrays what V8 uses for twenty, divided by 20. */
async function measureMemory({ memory }: Measurements) {
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
  memory["arrays of arrays"] = memoryOf(() => naive.draw(sizes).w1);
  memory["ndarrays, Float64Array"] = memoryOf(() => nd.draw(sizes).w1);
  await openBackend("wasm", TENSOR_BACKENDS);
  const { w1 } = tensor.draw();
  memory["tensors, float32"] = w1.size * tf.util.bytesPerElement(w1.dtype);
  Object.assign(memory, JSON.parse(await run([...ORIGINALS, "memory"])));
}

/** Measures everything, and fails at once if something is missing that a user can install. */
async function measure(): Promise<Measurements> {
  const measured: Measurements = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus()[0]?.model.trim()} with ${cpus().length} cores, under ${Deno.build.os}`,
    versions: { "Deno": Deno.version.deno, "TensorFlow.js": tf.version_core },
    skipped: [],
    memory: {},
    times: [],
  };
  if (!existsSync(new URL(".originals", ROOT))) {
    throw new UserError("Cannot measure: the originals are missing, run deno task originals");
  }
  const python = await run([...ORIGINALS, "versions"]).catch(() => "{}");
  const { NumPy, PyTorch } = JSON.parse(python);
  if (!NumPy || !PyTorch) {
    throw new UserError("Cannot measure: it needs python3 with NumPy and PyTorch");
  }

  // First, while there is nothing else that V8 could free.
  await measureMemory(measured);
  await keepVersions(measured, LIBRARIES);
  Object.assign(measured.versions, JSON.parse(python));

  const trainers = Object.keys(TRAINERS).filter((name) => isHere(name, measured.versions));
  for (let round = 0; round < 3; round++) {
    const products = await run([DENO, "run", "--allow-all", "tests/time_products.ts"]);
    keepTimes(measured, products, median);
    const operations = ["bench", "--json", "--allow-all", "tests/operations_bench.ts"];
    keepBenches(measured, await run([DENO, ...operations]));
    keepTimes(measured, await run([...ORIGINALS, "operations"]), p75);
    for (const hidden of HIDDEN) {
      for (const name of trainers) {
        // An iteration of lists takes seconds there.
        if (name === "Python lists" && hidden > 400) continue;
        const times = JSON.parse(await run(timingOf(name, hidden)));
        keep(measured, name, iteration(hidden), iterationTime(times));
      }
    }
  }
  return measured;
}

if (import.meta.main) {
  await exitOnError(async () => {
    const measured = await measure();
    const file = new URL("images/measurements.json", ROOT);
    const sittings = replaceFirst(JSON.parse(Deno.readTextFileSync(file)), measured);
    Deno.writeTextFileSync(file, `${JSON.stringify(sittings)}\n`);
  });
}
