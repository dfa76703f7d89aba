/**
 * The README's figures, written from the measurements.
 *
 * @module
 */

import { threeDigits } from "../lib/run.ts";
import {
  iteration,
  type Measurements,
  originalOf,
  PRODUCTS,
  timeOf,
  WHOLE,
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

/** A time: `12.3 ms`. */
export const inMs = (ms: number) => `${threeDigits(ms)} ms`;

/** A table, as `deno fmt` lays it out: the first `left` columns to the left, the others right. */
function table(rows: string[][], left = 1): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) =>
    row.map((cell, column) =>
      column < left ? cell.padEnd(widths[column]) : cell.padStart(widths[column])
    )
  );
  const rule = widths.map((width, column) =>
    column < left ? "-".repeat(width) : `${"-".repeat(width - 1)}:`
  );
  return [lines[0], rule, ...lines.slice(1)].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** What trains, in the order of the tables. */
const NAMES = [
  "arrays",
  "ndarrays",
  "ndarrays with loops",
  "ndarrays with BLAS",
  "tensors in WebAssembly",
  "tensors with BLAS",
  "tensors on TensorFlow",
  "tensors on WebGPU",
  "tensors in JavaScript",
  "Python lists",
  "NumPy",
  "PyTorch",
  "PyTorch on CUDA",
];

/** What takes part in a row: a flag or command of ours, or the version of an original's library. */
export function takes(measured: Measurements, name: string): string {
  // With a GPU, the tensor script takes it unless it is told not to.
  const hasGpu = timeOf(measured, "tensors on WebGPU") !== undefined;
  const flags: Record<string, string> = {
    "tensors in WebAssembly": hasGpu ? "`--backend wasm`" : "no flag",
    "ndarrays with loops": "`--backend typescript`",
    "ndarrays with BLAS": "`--allow-ffi`",
    "tensors with BLAS": hasGpu ? "`--allow-ffi --backend blas`" : "`--allow-ffi`",
    "tensors on TensorFlow": "`deno task tensorflow`",
    "tensors in JavaScript": "`--backend cpu`",
  };
  if (originalOf(name)) return flags[name] ?? "no flag";
  const library = name === "Python lists" ? "Python" : name.split(" ")[0];
  // 2.15.0+cu132 is version 2.15.0, built for CUDA 13.2.
  return `${library} ${(measured.versions[library] ?? "").split("+")[0]}`.trim();
}

/** The times of one thing, as far as they were measured, in the order of the tables. */
export function listed(measured: Measurements, of: string): [name: string, ms: number][] {
  return NAMES.flatMap((name) => {
    const ms = timeOf(measured, name, of);
    return ms === undefined ? [] : [[name, ms]];
  });
}

function iterationTable(measured: Measurements): string {
  const arrays = timeOf(measured, "arrays")!;
  const rows = listed(measured, iteration()).map(([name, ms]) => [
    name,
    takes(measured, name),
    inMs(ms),
    name === "arrays" ? "" : comparison(ms, arrays),
  ]);
  return table([["", "with", "an iteration", "beside arrays"], ...rows], 2);
}

function wholeTable(measured: Measurements): string {
  const rows = listed(measured, WHOLE).map(([name, ms]) => {
    const original = timeOf(measured, originalOf(name) ?? "", WHOLE);
    const about = name === "Python lists" ? "about " : "";
    return [name, `${about}${threeDigits(ms / 1000)} s`, original ? comparison(ms, original) : ""];
  });
  return table([["500 iterations", "whole script", "beside its original"], ...rows]);
}

const ORDERS = [
  "i, j, k, as in the original",
  "i, j, k, rows looked up once",
  "i, k, j, rows looked up once, as here",
  "i, k, j, on one typed array",
];

/** The time of the products in that order of loops, by arrays or by `Python lists`. */
const loopTime = (measured: Measurements, name: string, order: string) =>
  timeOf(measured, `${name}, ${order}`, PRODUCTS);

function loopTable(measured: Measurements): string {
  const rows = ORDERS.map((order) => {
    const cells = ["arrays", "Python lists"].map((name) => {
      const ms = loopTime(measured, name, order);
      if (ms === undefined) return "";
      const first = loopTime(measured, name, ORDERS[0])!;
      return order === ORDERS[0] ? inMs(ms) : `${inMs(ms)}, ${comparison(ms, first)}`;
    });
    return [order, ...cells];
  });
  return table([["loops over", "TypeScript", "Python"], ...rows]);
}

function machineText({ machine, date, versions, devices, skipped }: Measurements): string {
  const list = [...Object.entries(versions).map((version) => version.join(" ")), ...devices];
  const without = skipped.length > 0 ? ` Not measured: ${skipped.join("; ")}.` : "";
  return `Measured on ${date}: ${machine}. ${list.join("; ")}.${without}`;
}

/** The tables, and a paragraph, by the names of their places. */
const BLOCKS: Record<string, (measured: Measurements) => string> = {
  machine: machineText,
  iterations: iterationTable,
  whole: wholeTable,
  loops: loopTable,
};

/** The names of what trains, as places in a sentence have them. */
const SHORT: Record<string, string> = {
  arrays: "arrays",
  ndarrays: "ndarrays",
  typescript: "ndarrays with loops",
  blas: "ndarrays with BLAS",
  wasm: "tensors in WebAssembly",
  "tensor-blas": "tensors with BLAS",
  lists: "Python lists",
  numpy: "NumPy",
  torch: "PyTorch",
};

/** How often the time of arrays goes into that of lists, in that order of loops. */
function loopRatio(measured: Measurements, order: string): string {
  const [lists, arrays] = ["Python lists", "arrays"].map((name) => loopTime(measured, name, order));
  return times(lists!, arrays!);
}

/** The figures that depend on more than two times, by the names of their places. */
const OTHERS: Record<string, (measured: Measurements) => string> = {
  "loops/original": (measured) => loopRatio(measured, ORDERS[0]),
  "loops/swapped": (measured) => loopRatio(measured, ORDERS[2]),
  "fastest/25": (measured) => fastest(measured, 25)[0],
  "fastest/6400": (measured) => fastest(measured, 6400)[0],
  "gain/6400": (measured) =>
    times(timeOf(measured, "arrays", iteration(6400))!, fastest(measured, 6400)[1]),
};

/** The fastest of ours, leaving out the Python originals, with so many hidden units. */
function fastest(measured: Measurements, hidden: number) {
  const ours = listed(measured, iteration(hidden)).filter(([name]) => originalOf(name));
  return ours.reduce((best, time) => time[1] < best[1] ? time : best);
}

/**
 * The figure of that name: a table or a paragraph (`iterations`), the time of an iteration
 * (`arrays`), or a ratio of two (`arrays/blas`).
 *
 * @throws {Error} If there is no such figure, or it tells of something not measured.
 */
export function figure(measured: Measurements, name: string): string {
  if (name in BLOCKS) return `\n\n${BLOCKS[name](measured)}\n\n`;
  if (name in OTHERS) return OTHERS[name](measured);
  const [first, second] = name.split("/").map((short) => timeOf(measured, SHORT[short]));
  if (first === undefined || (name.includes("/") && second === undefined)) {
    throw new Error(`Cannot write figure ${name}: it was not measured`);
  }
  return second === undefined ? inMs(first) : times(first, second);
}

/**
 * Writes the figures to their places in a text, which are marked `<!--NAME-->…<!--/-->`.
 */
export function writeFigures(text: string, measured: Measurements): string {
  return text.replaceAll(
    /(<!--([\w/-]+)-->).*?(<!--\/-->)/gs,
    (_, start, name, end) => `${start}${figure(measured, name)}${end}`,
  );
}
