/** What `deno task measure` measured, and the tables that the pages show of it. @module */

import { markdownTable } from "markdown-table";
import { inMs } from "./times.ts";

/** A time. Its method depends on the group; images/README.md says which. */
export interface Time {
  name: string; // what ran: a name of `TRAINERS`, or of a benchmark
  group: string; // what it did: `iteration()` or the group of a benchmark
  ms: number;
}

/** Everything that was measured in one sitting, on one machine. */
export interface Measurements {
  date: string; // year-month-day
  machine: string; // the processor, its cores and the system
  versions: Record<string, string>; // of each library, by its name
  skipped: string[]; // what could not be measured, and why
  memory: Record<string, number>; // bytes of a matrix of 1000 × 100 random numbers, by its kind
  times: Time[];
}

export const PRODUCTS = "the products of an iteration";

/** The group of iterations that the page of `deno task page` showed in Chromium. */
const CHROMIUM = "an iteration in Chromium";

/** The group of iterations with so many hidden units. */
export const iteration = (hidden = 100) => `an iteration with ${hidden} hidden units`;

/** What trains: one of our scripts on a backend, or an original. */
export interface Trainer {
  needs: string; // what the reader needs for it, in the pages' words
  script?: "naive" | "ndarray" | "tensor"; // ours; an original has none
  backend?: string;
  permissions?: string[]; // the flags of Deno's that the backend needs
}

const FFI = ["--allow-ffi"];

/** Everything that trains, in the order of the tables. */
// deno-fmt-ignore
export const TRAINERS: Record<string, Trainer> = {
  "arrays": { needs: "nothing", script: "naive" },
  "ndarrays in WebAssembly": { needs: "nothing", script: "ndarray", backend: "wasm" },
  "ndarrays with loops": { needs: "`--backend typescript`", script: "ndarray", backend: "typescript" },
  "ndarrays with BLAS": { needs: "`--allow-ffi`", script: "ndarray", backend: "blas", permissions: FFI },
  "tensors in WebAssembly": { needs: "nothing", script: "tensor", backend: "wasm" },
  "tensors with BLAS": { needs: "`--allow-ffi`", script: "tensor", backend: "blas", permissions: FFI },
  "tensors on TensorFlow": { needs: "`deno task tensorflow`", script: "tensor", backend: "tensorflow", permissions: [...FFI, "--allow-env", "--allow-read"] },
  "tensors on WebGPU": { needs: "a GPU", script: "tensor", backend: "webgpu" },
  "Python lists": { needs: "Python" },
  "NumPy": { needs: "NumPy" },
  "PyTorch": { needs: "PyTorch" },
  "PyTorch on CUDA": { needs: "PyTorch" },
};

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

/** The trainers that were measured, each with its time. */
function measuredTrainers(measured: Measurements, group: string) {
  const isMeasured = (name: string) =>
    measured.times.some((time) => time.name === name && time.group === group);
  return Object.entries(TRAINERS).filter(([name]) => isMeasured(name))
    .map(([name, trainer]) => ({ ...trainer, name, ms: timeOf(measured, name, group) }));
}

/** The tables, by the names of their places. */
const TABLES: Record<string, (measured: Measurements) => string> = {
  iterations(measured) {
    const arrays = timeOf(measured, "arrays");
    const rows = measuredTrainers(measured, iteration());
    return table(
      ["", "needs", "an iteration", "compared with arrays"],
      rows.map(({ name, needs, ms }) => [name, needs, inMs(ms), comparison(ms, arrays)]),
      2,
    );
  },

  chromium(measured) {
    const rows = measuredTrainers(measured, CHROMIUM)
      .map(({ name, ms }) => [name, inMs(timeOf(measured, name)), inMs(ms)]);
    return table(["an iteration", "Deno", "Chromium"], rows);
  },

  loops(measured) {
    const orders = ["i, j, k", "i, j, k, rows looked up once", "i, k, j, rows looked up once"];
    const times = orders.map((order) => timeOf(measured, `arrays, ${order}`, PRODUCTS));
    const rows = orders.map((order, i) => [order, inMs(times[i]), comparison(times[i], times[0])]);
    return table(["order of the loops", "the five products", "compared with the first"], rows);
  },

  products(measured) {
    const names = {
      "arrays, loops": "arrays, i, k, j, rows looked up once",
      "ndarrays, the same loops": "ndarrays with loops",
      "arrays, copied into WebAssembly and back": "arrays, copied into WebAssembly and back",
      "arrays, copied for BLAS and back": "arrays, copied for BLAS and back",
      "ndarrays, WebAssembly": "ndarrays in WebAssembly",
      "ndarrays, BLAS": "ndarrays with BLAS",
    };
    const arrays = timeOf(measured, names["arrays, loops"], PRODUCTS);
    const rows = Object.entries(names).map(([shown, name]) => {
      const ms = timeOf(measured, name, PRODUCTS);
      return [shown, inMs(ms), comparison(ms, arrays)];
    });
    return table(["what multiplies", "the five products", "compared with arrays"], rows);
  },

  operations(measured) {
    const names = ["arrays, loops", "ndarrays", "tensors in WebAssembly", "Python lists", "NumPy"];
    const heads = ["creation", "squaring", "sine", "summation"];
    const rows = names.map((name) => {
      const times = heads.map((head) => timeOf(measured, name, `${head} of a million numbers`));
      return [name, ...times.map(inMs)];
    });
    return table(["a million numbers", ...heads], rows);
  },

  memory({ memory }) {
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;
    const rows = Object.entries(memory).map(([kind, bytes]) => [kind, megabytes(bytes)]);
    return table(["1000 × 100 random numbers", "memory"], rows);
  },

  machine({ machine, date, versions, skipped }) {
    const list = Object.entries(versions).map((version) => version.join(" ")).join(", ");
    const without = skipped.length > 0 ? ` This could not be measured: ${skipped.join("; ")}.` : "";
    return `The machine was an ${machine}, on ${date}: ${list}.${without}`;
  },
};

/** Writes the tables to their places in a page, which are marked `<!--NAME-->…<!--/-->`. */
export function writeTables(page: string, measured: Measurements): string {
  return page.replaceAll(
    /<!--(\w+)-->.*?<!--\/-->/gs,
    (_, name) => `<!--${name}-->\n\n${TABLES[name](measured)}\n\n<!--/-->`,
  );
}
