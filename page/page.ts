/**
 * Trains the three networks in the reader's browser and compares them. `deno task page` puts this
 * and index.html into one file. The parameters in its address are the scripts' flags, such as
 * `?steps=100&seed=42&hidden=400`.
 *
 * @module
 */

/// <reference lib="dom" />

import { TENSOR_BACKENDS } from "../lib/backends/tensors.ts";
import { firstLine, UserError } from "../lib/errors.ts";
import { type Options, readValues } from "../lib/flags.ts";
import { type Losses, readLosses } from "../lib/losses.ts";
import { iterationTime, type Mark, threeDigits } from "../lib/timing.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import seed0 from "../tests/numpy_losses/seed0_64x1000x100x10.json" with { type: "json" };

interface Training {
  losses: Losses;
  readsBehind?: number; // how many iterations may begin before a loss is read
}

/** Starts a training of tensors, on the backend that has been started. */
function trainTensors(options: Options): Losses {
  return tensor.train(tensor.draw(options, options.seed), options);
}

/** Starts each training. */
const STARTS: Record<string, (options: Options) => Training | Promise<Training>> = {
  "arrays": (options) => ({ losses: naive.train(naive.draw(options, options.seed), options) }),
  "ndarrays in WebAssembly": (options) => {
    return { losses: nd.train(nd.draw(options, options.seed), options) };
  },
  "tensors in WebAssembly": async (options) => {
    await TENSOR_BACKENDS.wasm();
    return { losses: trainTensors(options) };
  },
  "tensors on WebGPU": async (options) => {
    const { readsBehind } = await TENSOR_BACKENDS.webgpu(false);
    return { losses: trainTensors(options), readsBehind };
  },
};

const START_MS = 20_000; // how long a training may take to start
const TURN_MS = 100; // how long it trains before the browser may draw and answer the reader
const LEAST_STEPS = 50; // with fewer, the browser has not compiled the code yet
const POWERS = 13; // the powers of ten by which a bar lets the loss fall

const status = document.querySelector("[role=status]")!;

/** Gives the browser a turn. Unlike a timer, this does not wait in a tab that nobody sees. */
const channel = new MessageChannel();
function giveTurn(): Promise<unknown> {
  return new Promise((resolve) => {
    channel.port1.onmessage = resolve;
    channel.port2.postMessage(0);
  });
}

/** Fails if a start never ends, because the browser forbids what it waits for. */
function inTime<T>(start: T | Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const error = new UserError(`Cannot start: nothing happened for ${START_MS / 1000} seconds`);
  setTimeout(() => reject(error), START_MS);
  return Promise.race([start, promise]);
}

/** Draws the fall of the loss, on a logarithmic scale. */
function drawCurve(svg: Element, losses: number[], steps: number) {
  const points = losses.map((loss, t) => `${t},${Math.min(POWERS, Math.log10(losses[0] / loss))}`);
  svg.setAttribute("viewBox", `0 -1 ${steps} ${POWERS + 2}`);
  svg.querySelector("polyline")!.setAttribute("points", points.join(" "));
}

/** Says by how much the losses differ from NumPy's, relative to them, where those are known. */
function describeDifference(losses: number[], options: Options): string {
  const isRecorded = options.seed === seed0.seed &&
    options.learningRate === seed0.learningRate &&
    [options.N, options.D_in, options.H, options.D_out].join() === seed0.dims.join();
  if (!isRecorded || options.steps < LEAST_STEPS) return "";
  const first = losses.slice(0, 101);
  const differences = first.map((loss, t) => Math.abs(loss / seed0.numpy[t] - 1));
  const largest = Math.max(...differences).toExponential(0);
  return `; losses 0 to ${first.length - 1} are within ${largest} of NumPy's`;
}

/** Trains, shows how far it is, and gives the time of an iteration. */
async function train(
  { losses: training, readsBehind }: Training,
  options: Options,
  section: HTMLElement,
  msOfArrays: number | undefined,
): Promise<number> {
  const text = section.querySelector("p")!;
  const svg = section.querySelector("svg")!;
  const last = options.steps - 1;
  const losses: number[] = [];
  const marks: Mark[] = [{ t: -1, ms: performance.now() }];
  let ms = NaN;
  let turned = marks[0].ms;
  for await (const { t, loss } of readLosses(training, options, readsBehind)) {
    const now = performance.now();
    marks.push({ t, ms: now });
    losses.push(loss);
    if (t < last && now - turned < TURN_MS) continue;

    ms = iterationTime(marks);
    const factor = msOfArrays && options.steps >= LEAST_STEPS ? msOfArrays / ms : undefined;
    const speed = factor ? `, ${factor.toFixed(1)} times as fast as arrays` : "";
    const difference = t === last ? describeDifference(losses, options) : "";
    const progress = t < last ? `; iteration ${t} of ${options.steps}` : "";
    text.textContent = `${threeDigits(ms)} ms an iteration${speed}; ` +
      `loss ${threeDigits(loss)}${difference}${progress}`;
    svg.style.width = `${80 * ms / (msOfArrays ?? ms)}%`;
    drawCurve(svg, losses, options.steps);
    await giveTurn();
    turned = performance.now();
  }
  return ms;
}

/** Adds a section for a training to the page. */
function addSection(name: string): HTMLElement {
  const section = document.createElement("section");
  section.innerHTML = `<h2>${name}</h2><p></p>
    <svg preserveAspectRatio="none"><polyline vector-effect="non-scaling-stroke" /></svg>`;
  document.querySelector("#trainings")!.append(section);
  return section;
}

/** Answers the page's question by the times of an iteration. */
function answer(times: Record<string, number>, steps: number): string {
  const { arrays, ...others } = times;
  if (steps < LEAST_STEPS || arrays === undefined) {
    return `To compare, train arrays and others for at least ${LEAST_STEPS} iterations.`;
  }
  const speeds = Object.entries(others)
    .filter(([, ms]) => ms < arrays)
    .map(([name, ms]) => `${(arrays / ms).toFixed(1)} times as fast with ${name}`);
  if (speeds.length === 0) return "For this network arrays will do: here nothing trains it faster.";
  const list = new Intl.ListFormat("en").format(speeds);
  return `Because your browser trains this network ${list} as with arrays.`;
}

async function trainAll() {
  const parameters = Object.fromEntries(new URLSearchParams(location.search));
  const options = readValues(parameters, { ...naive.SIZES, ...naive.TRAINING }, []);
  const times: Record<string, number> = {};
  for (const [name, start] of Object.entries(STARTS)) {
    status.textContent = `Training ${name}`;
    const section = addSection(name);
    await giveTurn();
    try {
      const training = await inTime(start(options));
      times[name] = await train(training, options, section, times.arrays);
    } catch (error) {
      if (!(error instanceof UserError)) console.error(error);
      section.querySelector("p")!.textContent = firstLine(error);
    }
  }
  status.textContent = answer(times, options.steps);
}

try {
  await trainAll();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  status.textContent = error.message;
}
