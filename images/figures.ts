/**
 * What `deno task measure` measured, and the tables that the pages show of it.
 *
 * @module
 */

import { inMs, inSeconds } from "../lib/times.ts";

/** A time: of many, three quarters took at most that long. */
export interface Time {
  name: string; // what took it, as the benchmarks name it
  of: string; // what it is the time of: the benchmark's group, or `WHOLE`
  ms: number;
}

/** Everything that was measured, on one machine and in one run. */
export interface Measurements {
  date: string; // year-month-day
  machine: string; // the processor, its cores and the system
  versions: Record<string, string>; // of each library, by its name
  skipped: string[]; // what could not be measured, and why
  losses: Record<string, number[]>; // for seed 0, by the type of the numbers
  memory: Record<string, number>; // bytes of a matrix of 1000 × 100 random numbers, by its kind
  times: Time[];
}

/** A whole script, from the start of its process to its end. */
export const WHOLE = "the whole script";

export const PRODUCTS = "the products of an iteration";

/** One iteration, with as many hidden units as in the originals if not said. */
export const iteration = (hidden = 100) => `an iteration with ${hidden} hidden units`;

/**
 * The time of that name, in milliseconds.
 *
 * @throws {Error} If it was not measured.
 */
export function timeOf({ times }: Measurements, name: string, of = iteration()): number {
  const time = times.find((time) => time.name === name && time.of === of);
  if (!time) throw new Error(`Cannot write ${name}, ${of}: it was not measured`);
  return time.ms;
}

/** What trains, in the order of the tables: what it needs, and its Python original. */
const NAMES: Record<string, [needs: string, original?: string]> = {
  "arrays": ["nothing", "Python lists"],
  "ndarrays": ["nothing", "NumPy"],
  "ndarrays with loops": ["`--backend typescript`", "NumPy"],
  "ndarrays with BLAS": ["`--allow-ffi`", "NumPy"],
  "tensors in WebAssembly": ["nothing", "PyTorch"],
  "tensors with BLAS": ["`--allow-ffi`", "PyTorch"],
  "tensors on TensorFlow": ["`deno task tensorflow`", "PyTorch"],
  "tensors on WebGPU": ["a GPU", "PyTorch"],
  "Python lists": ["Python"],
  "NumPy": ["NumPy"],
  "PyTorch": ["PyTorch"],
  "PyTorch on CUDA": ["PyTorch"],
};

/** The {@linkcode NAMES} whose time was measured. */
const measuredOf = ({ times }: Measurements, of: string) =>
  Object.keys(NAMES).filter((name) => times.some((time) => time.name === name && time.of === of));

/** A time compared with another one, in two digits: `1.8 times as fast`, `13 times as slow`. */
export function comparison(ms: number, other: number): string {
  const times = Number((Math.max(ms, other) / Math.min(ms, other)).toPrecision(2));
  return times === 1 ? "as fast" : `${times} times as ${ms < other ? "fast" : "slow"}`;
}

/** A table, as `deno fmt` lays it out: the first `left` columns to the left, the others right. */
function table(rows: string[][], left = 1): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) =>
    row.map((cell, column) =>
      column < left ? cell.padEnd(widths[column]) : cell.padStart(widths[column])
    )
  );
  const rule = widths.map((width, i) => i < left ? "-".repeat(width) : `${"-".repeat(width - 1)}:`);
  return [lines[0], rule, ...lines.slice(1)].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function iterations(measured: Measurements): string {
  const arrays = timeOf(measured, "arrays");
  const rows = measuredOf(measured, iteration()).map((name) => {
    const ms = timeOf(measured, name);
    return [name, NAMES[name][0], inMs(ms), name === "arrays" ? "" : comparison(ms, arrays)];
  });
  return table([["", "needs", "an iteration", "compared with arrays"], ...rows], 2);
}

function whole(measured: Measurements): string {
  const rows = measuredOf(measured, WHOLE).map((name) => {
    const ms = timeOf(measured, name, WHOLE);
    const [, original] = NAMES[name];
    const compared = original ? comparison(ms, timeOf(measured, original, WHOLE)) : "";
    return [name, inSeconds(ms), compared];
  });
  return table([["500 iterations", "whole script", "compared with its original"], ...rows]);
}

function loops(measured: Measurements): string {
  const orders = ["i, j, k", "i, j, k, rows looked up once", "i, k, j, rows looked up once"];
  const columns = ["arrays", "Python lists"].map((kind) => {
    const times = orders.map((order) => timeOf(measured, `${kind}, ${order}`, PRODUCTS));
    return times.map((ms, i) => i === 0 ? inMs(ms) : `${inMs(ms)}, ${comparison(ms, times[0])}`);
  });
  const rows = orders.map((order, i) => [order, ...columns.map((column) => column[i])]);
  return table([["order of the loops", "TypeScript", "Python"], ...rows]);
}

function products(measured: Measurements): string {
  const names = {
    "arrays, loops": "arrays, i, k, j, rows looked up once",
    "ndarrays, the same loops": "ndarrays with loops",
    "arrays, copied into WebAssembly and back": "arrays, copied into WebAssembly and back",
    "ndarrays, WebAssembly": "ndarrays",
    "ndarrays, BLAS": "ndarrays with BLAS",
  };
  const arrays = timeOf(measured, names["arrays, loops"], PRODUCTS);
  const rows = Object.entries(names).map(([shown, name]) => {
    const ms = timeOf(measured, name, PRODUCTS);
    return [shown, inMs(ms), ms === arrays ? "" : comparison(ms, arrays)];
  });
  return table([["what multiplies", "the five products", "compared with arrays"], ...rows]);
}

function operations(measured: Measurements): string {
  const ours = ["Array.from, map, reduce", "arrays, loops", "ndarrays", "tensors in WebAssembly"];
  const heads = ["creation", "squaring", "sine", "summation"];
  const rows = [...ours, "Python lists", "NumPy"].map((name) => {
    const times = heads.map((head) => timeOf(measured, name, `${head} of a million numbers`));
    return [name, ...times.map(inMs)];
  });
  return table([["a million numbers", ...heads], ...rows]);
}

function memory({ memory }: Measurements): string {
  const rows = Object.entries(memory).map(([kind, bytes]) => [
    kind,
    `${(bytes / 1e6).toFixed(2)} MB`,
  ]);
  return table([["1000 × 100 random numbers", "memory"], ...rows]);
}

function machine({ machine, date, versions, skipped }: Measurements): string {
  const list = Object.entries(versions).map((version) => version.join(" ")).join(", ");
  const without = skipped.length > 0 ? ` This could not be measured: ${skipped.join("; ")}.` : "";
  return `The machine was an ${machine}, on ${date}: ${list}.${without}`;
}

const BLOCKS: Record<string, (measured: Measurements) => string> = {
  iterations,
  whole,
  loops,
  products,
  operations,
  memory,
  machine,
};

/** Writes the tables to their places in a page, which are marked `<!--NAME-->…<!--/-->`. */
export function writeFigures(page: string, measured: Measurements): string {
  return page.replaceAll(
    /<!--(\w+)-->.*?<!--\/-->/gs,
    (_, name) => `<!--${name}-->\n\n${BLOCKS[name](measured)}\n\n<!--/-->`,
  );
}
