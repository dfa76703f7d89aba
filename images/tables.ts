/**
 * The README's figures, written from the measurements.
 *
 * @module
 */

import { formatTime } from "../lib/timing.ts";
import { table, writePlaces } from "./markdown.ts";
import {
  compared,
  HIDDEN,
  iterationTime,
  loopTime,
  type Measurements,
  operationKinds,
  operationTime,
  originalOf,
  required,
  type Time,
  wholeTime,
} from "./measurements.ts";

/** How often a shorter time goes into a longer one, in two digits: `12`, or `3.4`. */
export function times(longer: number, shorter: number): string {
  const ratio = longer / shorter;
  return ratio < 9.95 ? ratio.toPrecision(2) : `${Number(ratio.toPrecision(2))}`;
}

/** A time beside another one: `1.8 times as fast`, or `13 times as slow`. */
export function comparison(ms: number, other: number): string {
  const ratio = ms < other ? times(other, ms) : times(ms, other);
  if (ratio === "1.0") return "as fast";
  return `${ratio} times as ${ms < other ? "fast" : "slow"}`;
}

/** What trains, ours before the originals. */
const NAMES = [
  "arrays",
  "ndarrays",
  "ndarrays with BLAS",
  "tensors with BLAS",
  "tensors in WebAssembly",
  "tensors on TensorFlow",
  "tensors on WebGPU",
  "tensors in JavaScript",
  "Python lists",
  "NumPy",
  "PyTorch",
  "PyTorch on CUDA",
];

/** What takes part in a row: a flag or command of ours, or the version of an original's library. */
export function takes({ versions }: Measurements, name: string): string {
  // With a GPU, the tensor script takes it unless it is told not to.
  const hasGpu = "WebGPU" in versions;
  const flags: Record<string, string> = {
    "tensors in WebAssembly": hasGpu ? "`--backend wasm`" : "no flag",
    "ndarrays with BLAS": "`--allow-ffi`",
    "tensors with BLAS": hasGpu ? "`--allow-ffi --backend blas`" : "`--allow-ffi`",
    "tensors on TensorFlow": "`deno task tensorflow`",
    "tensors in JavaScript": "`--backend cpu`",
  };
  if (originalOf(name)) return flags[name] ?? "no flag";
  const library = name === "Python lists" ? "Python" : name.split(" ")[0];
  // 2.15.0+cu132 is version 2.15.0, built for CUDA 13.2.
  return `${library} ${(versions[library] ?? "").split("+")[0]}`.trim();
}

/** What trains, as tables list it: first what takes no flag. */
export function listed(measured: Measurements): string[] {
  const takesFlag = (name: string) => takes(measured, name) === "no flag" ? 0 : 1;
  return NAMES.toSorted((a, b) => takesFlag(a) - takesFlag(b));
}

function iterationTable(measured: Measurements): string {
  const time = (name: string) => iterationTime(measured, name);
  const rows = listed(measured).flatMap((name) => {
    const ms = time(name);
    if (ms === undefined) return [];
    const arrays = name === "arrays" ? "" : comparison(ms, required(time("arrays"), "arrays"));
    const original = time(originalOf(name) ?? "");
    const beside = original === undefined ? "" : comparison(ms, original);
    const whole = measured.whole.find((row) => row.name === name);
    const script = whole
      ? `${whole.told ? "about\u00a0" : ""}${formatTime(whole.ms).replace(" ", "\u00a0")}`
      : "";
    return [[name, takes(measured, name), formatTime(ms), arrays, beside, script]];
  });
  const head = ["", "with", "an iteration", "beside arrays", "beside its original", "whole script"];
  return table([head, ...rows], 2);
}

function loopTable(measured: Measurements): string {
  const orders = [...new Set(measured.loops.map(({ order }) => order))];
  const [original] = orders;
  const columns = [["TypeScript", "arrays"], ["Python", "Python lists"]].filter(([, name]) =>
    orders.every((order) => loopTime(measured, order, name))
  );
  const rows = orders.map((order) => {
    const cells = columns.map(([, name]) => {
      const ms = loopTime(measured, order, name)!;
      const first = loopTime(measured, original, name)!;
      return order === original ? formatTime(ms) : `${formatTime(ms)}, ${comparison(ms, first)}`;
    });
    return [order, ...cells];
  });
  return table([["loops over", ...columns.map(([label]) => label)], ...rows]);
}

function operationTable(measured: Measurements): string {
  const names = compared(measured);
  const rows = operationKinds(measured).map((kind) => {
    const times = names.map((name) => operationTime(measured, kind, name));
    return [kind, ...times.map((ms) => ms === undefined ? "" : formatTime(ms))];
  });
  return table([["a million numbers", ...names], ...rows]);
}

function machineText({ machine, date, versions, skipped }: Measurements): string {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join("; ");
  const without = skipped.length > 0 ? ` Not measured: ${skipped.join("; ")}.` : "";
  return `Measured on ${date}: ${machine}. ${list}.${without}`;
}

/** The tables, and a paragraph, by the names of their places. */
const BLOCKS: Record<string, (measured: Measurements) => string> = {
  machine: machineText,
  iterations: iterationTable,
  loops: loopTable,
  operations: operationTable,
};

/** The names of what trains, as places in a sentence have them. */
const SHORT: Record<string, string> = {
  arrays: "arrays",
  ndarrays: "ndarrays",
  blas: "ndarrays with BLAS",
  wasm: "tensors in WebAssembly",
  "tensor-blas": "tensors with BLAS",
  tensorflow: "tensors on TensorFlow",
  webgpu: "tensors on WebGPU",
  cpu: "tensors in JavaScript",
  lists: "Python lists",
  numpy: "NumPy",
  torch: "PyTorch",
};

/** The fastest of ours, leaving out the Python originals, with so many hidden units. */
function fastest({ iterations }: Measurements, hidden: number): Time {
  return iterations
    .filter((time) => time.hidden === hidden && originalOf(time.name))
    .reduce((best, time) => time.ms < best.ms ? time : best);
}

/** A time, `NAME`; or how often the time of the second goes into the first, `NAME/NAME`. */
function timeOrRatio(names: string[], time: (name: string) => number | undefined) {
  if (names.length > 2 || !names.every((name) => Object.hasOwn(SHORT, name))) return undefined;
  const [first, second] = names.map((name) => required(time(SHORT[name]), SHORT[name]));
  return second === undefined ? formatTime(first) : times(first, second);
}

/** How often the time of arrays goes into that of lists, in the first or the last order of loops. */
function loopRatio(measured: Measurements, name: string): string | undefined {
  const orders = measured.loops.map(({ order }) => order);
  const order = { original: orders[0], swapped: orders.at(-1) }[name];
  if (order === undefined) return undefined;
  const [lists, arrays] = ["Python lists", "arrays"].map((name) =>
    required(loopTime(measured, order, name), name)
  );
  return times(lists, arrays);
}

/** A figure in a sentence: nothing, if there is none of that name. */
function inline(measured: Measurements, name: string): string | undefined {
  const parts = name.split("/");
  if (parts[0] === "whole") return timeOrRatio(parts.slice(1), (name) => wholeTime(measured, name));
  if (parts[0] === "loops" && parts.length === 2) return loopRatio(measured, parts[1]);
  const hidden = Number(parts[1]);
  const isMeasured = measured.iterations.some((time) => time.hidden === hidden);
  if (parts[0] === "fastest" && isMeasured) return fastest(measured, hidden).name;
  if (parts[0] === "gain" && isMeasured) {
    const arrays = required(iterationTime(measured, "arrays", hidden), "arrays");
    return times(arrays, fastest(measured, hidden).ms);
  }
  return timeOrRatio(parts, (name) => iterationTime(measured, name, HIDDEN));
}

/**
 * The figure of that name: a table or a paragraph (`iterations`), a time (`arrays`,
 * `whole/arrays`), or a ratio of two (`arrays/blas`, `whole/lists/arrays`,
 * `loops/original`).
 *
 * @throws {Deno.errors.InvalidData} If there is no such figure, or it tells of
 *   something that was not measured.
 */
export function figure(measured: Measurements, name: string): string {
  if (Object.hasOwn(BLOCKS, name)) return `\n\n${BLOCKS[name](measured)}\n\n`;
  let reason = "there is none";
  try {
    const text = inline(measured, name);
    if (text !== undefined) return text;
  } catch (error) {
    if (!(error instanceof Deno.errors.InvalidData)) throw error;
    reason = error.message;
  }
  throw new Deno.errors.InvalidData(`Cannot write figure ${name}: ${reason}`);
}

/**
 * Writes the figures to their places in a text, which are marked
 * `<!-- figure NAME -->…<!-- / -->`.
 *
 * @throws {Deno.errors.InvalidData} If a place has a name that there is no figure for.
 */
export function writeFigures(text: string, measured: Measurements): string {
  return writePlaces(text, "figure", (name) => figure(measured, name));
}
