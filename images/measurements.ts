/**
 * What `deno task measure` writes to `measurements.json`, and the pictures show.
 *
 * @module
 */

import measured from "./measurements.json" with { type: "json" };

/** A time, in milliseconds: the median of many, in the best of three rounds. */
export interface Time {
  name: string;
  ms: number;
}

/** A time, and what it is of. */
export type Row = Time & ({ hidden: number } | { operation: string } | { order: string });

/** The time of a whole script, in milliseconds: the median of several runs. */
export interface Whole extends Time {
  /** How it was told, where the script was not run as it is. */
  told?: string;
}

/** Everything that was measured, on one machine and in one run. */
export interface Measurements {
  /** The day, as year-month-day. */
  date: string;
  /** The processor, its cores and the system. */
  machine: string;
  /** What took part, by name. */
  versions: Record<string, string>;
  /** What could not be measured, and why. */
  skipped: string[];
  /** The losses of each script, one an iteration, for seed 0. */
  losses: Record<string, number[]>;
  /** One training iteration as the hidden layer grows. */
  iterations: (Time & { hidden: number })[];
  /** One operation on a million numbers. */
  operations: (Time & { operation: string })[];
  /** The five matrix products of an iteration, by the order of their loops. */
  loops: (Time & { order: string })[];
  /** Whole scripts: 500 iterations, from the start of the process to its end. */
  whole: Whole[];
}

/** What is committed. */
export const MEASUREMENTS: Measurements = measured;

/** The size of the hidden layer in the originals. */
export const HIDDEN = 100;

/** The Python original of a way to train. */
export function originalOf(name: string): string | undefined {
  if (name.startsWith("arrays")) return "Python lists";
  if (name.startsWith("ndarrays")) return "NumPy";
  return name.startsWith("tensors") ? "PyTorch" : undefined;
}

/** The time of an iteration, in milliseconds, if measured; at the originals' size, if not said. */
export function iterationTime({ iterations }: Measurements, name: string, hidden = HIDDEN) {
  return iterations.find((time) => time.name === name && time.hidden === hidden)?.ms;
}

/** The names of what trained at the originals' size, in the order of measuring. */
export function trained({ iterations }: Measurements): string[] {
  return iterations.filter(({ hidden }) => hidden === HIDDEN).map(({ name }) => name);
}

/** The time of a whole script, in milliseconds, if measured. */
export function wholeTime({ whole }: Measurements, name: string) {
  return whole.find((time) => time.name === name)?.ms;
}

/** What the operations are compared between, as far as it was measured. */
export function compared({ operations }: Measurements): string[] {
  return ["arrays", "arrays with loops", "ndarrays", "tensors in WebAssembly"].filter((name) =>
    operations.some((time) => time.name === name)
  );
}

/** The operations on a million numbers, in the order of measuring. */
export function operationKinds({ operations }: Measurements): string[] {
  return [...new Set(operations.map(({ operation }) => operation))];
}

/** The time of an operation on a million numbers, in milliseconds, if measured. */
export function operationTime({ operations }: Measurements, operation: string, name: string) {
  return operations.find((time) => time.name === name && time.operation === operation)?.ms;
}

/** The time of the five products in that order of loops, in milliseconds, if measured. */
export function loopTime({ loops }: Measurements, order: string, name: string) {
  return loops.find((time) => time.name === name && time.order === order)?.ms;
}

/** How to get what was not measured. */
const INSTALL: Record<string, string> = {
  "Python lists": "python3",
  "NumPy": "NumPy for python3",
  "PyTorch": "PyTorch for python3",
  "ndarrays with BLAS": "OpenBLAS (apt install libopenblas0)",
  "tensors with BLAS": "OpenBLAS (apt install libopenblas0)",
  "tensors on TensorFlow": "TensorFlow (deno task install:tensorflow)",
  "tensors on WebGPU": "a GPU's driver",
};

/**
 * A time that has to be there.
 *
 * @throws {Deno.errors.InvalidData} If it was not measured.
 */
export function required(ms: number | undefined, name: string): number {
  if (ms !== undefined) return ms;
  const install = INSTALL[name] ? `install ${INSTALL[name]} and ` : "";
  throw new Deno.errors.InvalidData(
    `there is no measurement of ${name}, ${install}run deno task measure`,
  );
}
