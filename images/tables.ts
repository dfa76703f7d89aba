/** What `deno task measure` measured, and the tables that the pages show of it. @module */

import { markdownTable } from "markdown-table";

/** Everything that was measured in one sitting, on one machine. */
export interface Measurements {
  date: string; // year-month-day
  machine: string; // the processor, its cores and the system
  versions: string[]; // of each library, behind its name
  memory: Record<string, number>; // bytes of a matrix of 1000 × 100 random numbers, by its kind
  /** How long each thing took: `name` is a trainer's or a benchmark's, and `group` what it did. */
  times: { name: string; group: string; ms: number }[];
}

export const PRODUCTS = "the products of an iteration";
export const LOOPS = "arrays, i, k, j"; // the products that the others are compared with

/** The group of iterations with so many hidden units. */
export const iteration = (hidden = 100) => `an iteration with ${hidden} hidden units`;

/** What trains: one of our scripts on a backend, or an original. */
export interface Trainer {
  needs: string; // what the reader needs for it, in the pages' words
  script?: "naive" | "ndarray" | "tensor"; // ours; an original has none
  backend?: string;
}

/** Everything that trains, in the order of the tables. */
// deno-fmt-ignore
export const TRAINERS: Record<string, Trainer> = {
  "arrays": { needs: "nothing", script: "naive" },
  "ndarrays in WebAssembly": { needs: "nothing", script: "ndarray", backend: "wasm" },
  "ndarrays with loops": { needs: "`--backend typescript`", script: "ndarray", backend: "typescript" },
  "ndarrays with BLAS": { needs: "`--allow-ffi`", script: "ndarray", backend: "blas" },
  "tensors in WebAssembly": { needs: "nothing", script: "tensor", backend: "wasm" },
  "tensors with BLAS": { needs: "`--allow-ffi`", script: "tensor", backend: "blas" },
  "tensors on TensorFlow": { needs: "`deno task tensorflow`", script: "tensor", backend: "tensorflow" },
  "tensors on WebGPU": { needs: "a GPU", script: "tensor", backend: "webgpu" },
  "Python lists": { needs: "Python" },
  "NumPy": { needs: "NumPy" },
  "PyTorch": { needs: "PyTorch" },
  "PyTorch on CUDA": { needs: "CUDA" },
};

const DIGITS = { minimumSignificantDigits: 3, maximumSignificantDigits: 3, useGrouping: false };

/** A time in milliseconds, such as `11.4 ms`. */
export const inMs = (ms: number) => `${ms.toLocaleString("en", DIGITS)} ms`;

/** A time in seconds, such as `5.72 s`; it is given in milliseconds. */
export const inSeconds = (ms: number) => `${(ms / 1000).toLocaleString("en", DIGITS)} s`;

/**
 * The time of that name, in milliseconds.
 *
 * @throws {Error} If it was not measured.
 */
export function timeOf({ times }: Measurements, name: string, group = iteration()): number {
  const time = times.find((time) => time.name === name && time.group === group);
  if (!time) throw new Error(`Cannot write ${name}, ${group}: it was not measured`);
  return time.ms;
}

/** Compares two times, in two digits: `1.8 times as fast`; nothing if they are the same time. */
export function comparison(ms: number, other: number): string {
  if (ms === other) return "";
  const times = Number((Math.max(ms, other) / Math.min(ms, other)).toPrecision(2));
  return times === 1 ? "as fast" : `${times} times as ${ms < other ? "fast" : "slow"}`;
}

/** A table in Markdown; its first columns are aligned to the left, all others to the right. */
const table = (heads: string[], rows: string[][], left = 1) =>
  markdownTable([heads, ...rows], { align: heads.map((_, i) => i < left ? "" : "r") });

/** What was measured in a group. */
const timesIn = ({ times }: Measurements, group: string) =>
  times.filter((time) => time.group === group);

/** The times of a group, each compared with one of them. */
const compared = (measured: Measurements, other: string, group: string) =>
  timesIn(measured, group)
    .map(({ name, ms }) => [name, inMs(ms), comparison(ms, timeOf(measured, other, group))]);

/** The times of several groups, side by side. */
const sideBySide = (measured: Measurements, groups: string[]) =>
  timesIn(measured, groups.at(-1)!)
    .map(({ name }) => [name, ...groups.map((group) => inMs(timeOf(measured, name, group)))]);

/** The tables, by the names of their places. */
const TABLES: Record<string, (measured: Measurements) => string> = {
  iterations(measured) {
    const rows = compared(measured, "arrays", iteration())
      .map(([name, ...figures]) => [name, TRAINERS[name].needs, ...figures]);
    return table(["", "needs", "an iteration", "compared with arrays"], rows, 2);
  },

  chromium(measured) {
    const rows = sideBySide(measured, [iteration(), "an iteration in Chromium"]);
    return table(["an iteration", "Deno", "Chromium"], rows);
  },

  products(measured) {
    const heads = ["what multiplies", "the five products", "compared with i, k, j"];
    return table(heads, compared(measured, LOOPS, PRODUCTS));
  },

  operations(measured) {
    const heads = ["creation", "squaring", "sine", "summation"];
    const rows = sideBySide(measured, heads.map((head) => `${head} of a million numbers`));
    return table(["a million numbers", ...heads], rows);
  },

  memory({ memory }) {
    const inMb = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;
    const rows = Object.entries(memory).map(([kind, bytes]) => [kind, inMb(bytes)]);
    return table(["1000 × 100 random numbers", "memory"], rows);
  },

  machine(measured) {
    const { machine, date, versions } = measured;
    const names = timesIn(measured, iteration()).map(({ name }) => name);
    const missing = Object.keys(TRAINERS).filter((name) => !names.includes(name)).join(", ");
    const without = missing && ` What it lacks could not be measured: ${missing}.`;
    return `The machine was an ${machine}, on ${date}: ${versions.join(", ")}.${without}`;
  },
};

/** Writes the tables to their places in a page, which are marked `<!--NAME-->…<!--/-->`. */
export function writeTables(page: string, measured: Measurements): string {
  return page.replaceAll(
    /<!--(\w+)-->.*?<!--\/-->/gs,
    (_, name) => `<!--${name}-->\n\n${TABLES[name](measured)}\n\n<!--/-->`,
  );
}
