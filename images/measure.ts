/**
 * Measures everything that the README shows: `deno task measure`.
 *
 * @module
 */

import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import config from "../deno.json" with { type: "json" };
import { type Backend, OPEN, useBackend } from "../lib/backend.ts";
import { type Blas, openBlas } from "../lib/blas.ts";
import { report } from "../lib/report.ts";
import { formatTime } from "../lib/timing.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import { readArguments } from "./arguments.ts";
import { writeFiles } from "./files.ts";
import { ORDERS } from "./loop_orders.ts";
import { HIDDEN, type Measurements, type Row } from "./measurements.ts";
import { median, medianTime } from "./median_time.ts";
import {
  arrayOperations,
  loopOperations,
  ndarrayOperations,
  type Operations,
  tensorOperations,
} from "./operations.ts";
import { measureInProcess, ORIGINALS, type Versions } from "./process.ts";

readArguments(`Measures everything that the README shows, to images/measurements.json.

Usage: deno task measure

Measures iterations, operations and whole scripts of ours, and of the Python
originals where python3 has NumPy or PyTorch. What this machine lacks is passed over,
and named on stderr. Iterations and operations are measured in three rounds, and the
best one counts: whatever else a machine does, it only ever adds time.

Takes about ten minutes, in which the machine should do nothing else.

  -h, --help  print this text`);

const HIDDEN_SIZES = [25, 50, 100, 200, 400, 800, 1600, 3200, 6400];
const ROUNDS = 3;
const WHOLE_RUNS = 5;

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const measured: Measurements = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${Deno.build.os}`,
  versions: { Deno: Deno.version.deno, "TensorFlow.js": tf.version_core },
  skipped: [],
  losses: {},
  iterations: [],
  operations: [],
  loops: [],
  whole: [],
};

function skip(what: string, why: unknown) {
  const [line] = (why instanceof Error ? why.message : `${why}`).split("\n");
  const reason = `${what}: ${line.replace(/^Cannot use \S+: /, "")}`;
  console.error(`  skipped ${reason}`);
  if (!measured.skipped.includes(reason)) measured.skipped.push(reason);
}

/** Keeps a time, or the better one of two of the same thing. */
function keep({ ms, ...what }: Row) {
  console.error(`  ${Object.values(what).join(", ")}: ${formatTime(ms)}`);
  const rows: Row[] = "hidden" in what
    ? measured.iterations
    : "order" in what
    ? measured.loops
    : measured.operations;
  const isSame = ({ ms: _, ...row }: Row) => JSON.stringify(row) === JSON.stringify(what);
  const same = rows.find(isSame);
  if (same) same.ms = Math.min(same.ms, ms);
  else rows.push({ ...what, ms });
}

/** A way to train, under the name that the pictures give it. */
interface Version {
  name: string;
  /** Starts a training; the function trains for one iteration. */
  start(sizes: typeof naive.SIZES): {
    iterate(): unknown;
    stop?(): void;
  };
}

// So small that the losses stay as they are, however long it trains.
const TRAINING = { steps: Infinity, learningRate: 1e-9 };

const arrays: Version = {
  name: "arrays",
  start(sizes) {
    const training = naive.train(naive.draw(sizes), TRAINING);
    return { iterate: () => training.next() };
  },
};

function ndarrays(name: string, blas?: Blas): Version {
  return {
    name,
    start(sizes) {
      const training = nd.train(nd.draw(sizes), TRAINING, blas);
      return { iterate: () => training.next() };
    },
  };
}

/** The tensor script on the backend in use; each loss is read, as the script does. */
function tensors(name: string): Version {
  return {
    name,
    start(sizes) {
      const network = tensor.draw(sizes);
      const training = tensor.train(network, TRAINING);
      return {
        async iterate() {
          const { value } = training.next();
          if (!("loss" in value)) return;
          await value.loss.data();
          value.loss.dispose();
        },
        stop: () => tf.dispose(Object.values(network)),
      };
    },
  };
}

async function measureIterations({ name, start }: Version) {
  for (const hidden of HIDDEN_SIZES) {
    const { iterate, stop } = start({ ...naive.SIZES, H: hidden });
    const ms = await medianTime(iterate);
    stop?.();
    keep({ name, hidden, ms });
  }
}

async function measureOperations(name: string, operations: Operations) {
  for (const [operation, call] of Object.entries(operations)) {
    keep({ name, operation, ms: await medianTime(call) });
  }
}

async function measureLoops() {
  const command = [Deno.execPath(), "run", `${ROOT}images/loop_orders.ts`];
  for (const order of Object.keys(ORDERS)) {
    const failure = await measureInProcess((line) => "name" in line && keep(line), [
      ...command,
      order,
    ]);
    if (failure) skip("order of loops", failure);
  }
}

/** The losses of each script, at the originals' size. */
async function measureLosses() {
  await useBackend("wasm").catch(() => useBackend("cpu"));
  const trainings = {
    arrays: naive.train(naive.draw()),
    ndarrays: nd.train(nd.draw()),
    tensors: tensor.train(tensor.draw()),
  };
  for (const [name, losses] of Object.entries(trainings)) {
    console.error(`  ${name}`);
    const rounded: number[] = measured.losses[name] = [];
    const all = report(losses, { ...naive.TRAINING, logEvery: 1 });
    for await (const { loss } of all) rounded.push(Number(loss.toPrecision(8)));
  }
}

async function measureArrays() {
  await measureIterations(arrays);
  await measureOperations("arrays", arrayOperations());
  await measureOperations("arrays with loops", loopOperations());
  await measureLoops();
}

async function measureNdarrays() {
  await measureIterations(ndarrays("ndarrays"));
  try {
    const blas = openBlas();
    measured.versions["BLAS"] = blas.library;
    await measureIterations(ndarrays("ndarrays with BLAS", blas));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotSupported)) throw error;
    skip("BLAS", error);
  }
  await measureOperations("ndarrays", ndarrayOperations());
}

/** The backends of TensorFlow.js: what they are, and how the rows name their tensors. */
const TENSORS: [Backend, label: string, name: string][] = [
  ["wasm", "WebAssembly", "tensors in WebAssembly"],
  ["blas", "BLAS", "tensors with BLAS"],
  ["tensorflow", "TensorFlow", "tensors on TensorFlow"],
  ["webgpu", "WebGPU", "tensors on WebGPU"],
  ["cpu", "JavaScript", "tensors in JavaScript"],
];

/** Everything on each backend of TensorFlow.js that is there and no software GPU. */
async function measureTensors() {
  for (const [backend, label, name] of TENSORS) {
    try {
      const device = await OPEN[backend](false);
      const [, library, version] = device.match(/with (WebGPU on|TensorFlow) (.+)/) ?? [];
      if (library) measured.versions[label] = version;
      await measureIterations(tensors(name));
      await measureOperations(name, tensorOperations());
    } catch (error) {
      skip(label, error);
    }
  }
}

function takeVersions({ python, numpy, torch }: Versions) {
  for (const [name, version] of Object.entries({ Python: python, NumPy: numpy, PyTorch: torch })) {
    if (version) measured.versions[name] = version;
    else skip(name, "not installed for python3");
  }
}

async function measurePython() {
  const failure = await measureInProcess(
    (line) => "name" in line ? keep(line) : takeVersions(line),
    ["python3", `${ROOT}${ORIGINALS}`, ...HIDDEN_SIZES.map(String)],
  );
  if (failure) skip("Python", failure);
}

const ours = (...args: string[]) => [Deno.execPath(), "run", ...args];
const python = (...args: (string | number)[]) => [
  "python3",
  ORIGINALS,
  "--whole",
  ...args.map(String),
];
const { steps } = naive.TRAINING;

/** How to run each script, by the name that its iterations have. */
const SCRIPTS: Record<string, string[]> = {
  "arrays": ours("naive_neural_network.ts"),
  "ndarrays": ours("ndarray_neural_network.ts"),
  "ndarrays with BLAS": ours("--allow-ffi", "ndarray_neural_network.ts"),
  "tensors in WebAssembly": ours("tensor_neural_network.ts", "--backend", "wasm"),
  "tensors with BLAS": ours("--allow-ffi", "tensor_neural_network.ts", "--backend", "blas"),
  "tensors on TensorFlow": [
    Deno.execPath(),
    ...config.tasks.tensorflow.command.split(" ").slice(1),
  ],
  "tensors on WebGPU": ours("tensor_neural_network.ts", "--backend", "webgpu"),
  "NumPy": python("numpy", steps),
  "PyTorch": python("torch", steps),
  "PyTorch on CUDA": python("cuda", steps),
};

/** How long a process takes from its start to its end, in milliseconds; what it prints is dropped. */
async function processTime([program, ...args]: string[]): Promise<number> {
  const start = performance.now();
  const { success, stderr } = await new Deno.Command(program, {
    args,
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  const ms = performance.now() - start;
  if (success) return ms;
  throw new Error(new TextDecoder().decode(stderr).trimEnd().split("\n").at(-1) || "it failed");
}

/** The whole scripts whose iterations could be measured. */
async function measureWhole() {
  const isMeasured = (name: string) => measured.iterations.some((time) => time.name === name);
  const keepWhole = async (name: string, time: () => Promise<number>, told?: string) => {
    if (!isMeasured(name)) return;
    try {
      const ms = await time();
      console.error(`  ${name}: ${formatTime(ms)}`);
      measured.whole.push({ name, ms, ...(told && { told }) });
    } catch (error) {
      skip(`whole script, ${name}`, error);
    }
  };
  for (const [name, command] of Object.entries(SCRIPTS)) {
    await keepWhole(name, async () => {
      const times: number[] = [];
      while (times.length < WHOLE_RUNS) times.push(await processTime(command));
      return median(times);
    });
  }
  // All the iterations of lists would take ten minutes.
  await keepWhole("Python lists", async () => {
    const start = await processTime(python("lists", 0));
    const some = await processTime(python("lists", 10));
    return start + (some - start) * steps / 10;
  }, "from 10 iterations");
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
console.error(`Whole scripts, ${steps} iterations with ${HIDDEN} hidden units`);
await measureWhole();

const file = fileURLToPath(new URL("measurements.json", import.meta.url));
const round = (_: string, value: unknown) =>
  typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(8)) : value;
writeFiles({ [file]: `${JSON.stringify(measured, round)}\n` });
console.error(`Wrote ${file}`);
