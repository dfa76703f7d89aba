/**
 * Measures everything that the pages show, in about a quarter of an hour, and writes it to
 * images/measurements.json: `deno task measure`. The machine should do nothing else meanwhile.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { cpus } from "node:os";
import * as tf from "@tensorflow/tfjs-core";
import { type Measurements, PRODUCTS, TRAINERS } from "../images/tables.ts";
import { UserError } from "../lib/errors.ts";
import { exitOnError } from "../lib/run.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import { useBackend } from "./available.ts";
import { AVAILABLE, BACKENDS, BENCHMARKS } from "./bench.ts";
import { ROOT } from "./run_script.ts";
import { iterationTime } from "./trainings.ts";

const OURS = [Deno.execPath(), "run", "--allow-all", "tests/time.ts"];
const ORIGINALS = ["python3", "tests/originals.py"];

/** Runs a program to its end, and gives what it prints. */
async function run([program, ...args]: string[]): Promise<string> {
  const output = { stdin: "null", stdout: "piped", stderr: "inherit" } as const;
  const command = new Deno.Command(program, { args, cwd: ROOT, ...output });
  const { success, stdout } = await command.output();
  if (!success) throw new UserError(`Cannot measure: ${program} ${args.join(" ")} failed`);
  return new TextDecoder().decode(stdout);
}

/** Keeps the times that time.ts and originals.py print, unless shorter ones were kept before. */
export function keepTimes(measured: Measurements, printed: string) {
  for (const line of printed.trimEnd().split("\n")) {
    const { name, group, ends } = JSON.parse(line);
    const ms = Number(iterationTime(ends).toPrecision(6));
    console.error(`${group}: ${name}: ${ms} ms`);
    const time = measured.times.find((time) => time.name === name && time.group === group);
    if (time) time.ms = Math.min(time.ms, ms);
    else measured.times.push({ name, group, ms });
  }
}

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
  await useBackend("wasm");
  const { w1 } = tensor.draw();
  memory["tensors, float32"] = w1.size * tf.util.bytesPerElement(w1.dtype);
  Object.assign(memory, JSON.parse(await run([...ORIGINALS, "memory"])));
}

/** Measures everything, and fails at once if something is missing that a user can install. */
async function measure(): Promise<Measurements> {
  if (!existsSync(new URL(".originals", ROOT))) {
    throw new UserError("Cannot measure: the originals are missing, run deno task originals");
  }
  const python: string[] = JSON.parse(await run([...ORIGINALS, "versions"]).catch(() => "[]"));
  if (python.length === 0) {
    throw new UserError("Cannot measure: it needs python3 with NumPy and PyTorch");
  }
  const trainers = [...AVAILABLE.map(([name]) => name), "Python lists", "NumPy", "PyTorch"];
  if (python.some((version) => version.startsWith("CUDA"))) trainers.push("PyTorch on CUDA");
  const measured: Measurements = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus()[0]?.model.trim()} with ${cpus().length} cores, under ${Deno.build.os}`,
    versions: [`Deno ${Deno.version.deno}`, `TensorFlow.js ${tf.version_core}`, ...python],
    memory: {},
    times: [],
  };
  // First, before the benchmarks make large arrays, which V8 could free meanwhile.
  await measureMemory(measured);
  await import("./products_bench.ts");
  const { OPERATIONS } = await import("./operations_bench.ts");
  for (const backend of BACKENDS) {
    const { device } = await useBackend(backend);
    if (backend !== "wasm") measured.versions.push(device.replace("tensors, with ", ""));
  }

  for (let round = 0; round < 3; round++) {
    for (const { name } of BENCHMARKS.filter(({ group }) => group === PRODUCTS)) {
      keepTimes(measured, await run([...OURS, "products", name]));
    }
    for (const name of Object.keys(OPERATIONS)) {
      keepTimes(measured, await run([...OURS, "operations", name]));
    }
    keepTimes(measured, await run([...ORIGINALS, "operations"]));
    for (const hidden of [25, 50, 100, 200, 400, 800, 1600, 3200, 6400]) {
      for (const name of trainers) {
        // An iteration of lists takes seconds there.
        if (name === "Python lists" && hidden > 400) continue;
        const program = TRAINERS[name].script ? OURS : ORIGINALS;
        keepTimes(measured, await run([...program, "iteration", name, `${hidden}`]));
      }
    }
  }
  return measured;
}

if (import.meta.main) {
  await exitOnError(async () => {
    const measured = await measure();
    const file = new URL("images/measurements.json", ROOT);
    const [, ...others] = JSON.parse(Deno.readTextFileSync(file));
    Deno.writeTextFileSync(file, `${JSON.stringify([measured, ...others])}\n`);
  });
}
