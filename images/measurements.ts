/**
 * What `deno task measure` writes to `measurements.json`, and the README shows.
 *
 * @module
 */

import measured from "./measurements.json" with { type: "json" };

/** A time, in milliseconds: of many, three quarters took at most that long (`p75`). */
export interface Time {
  /** What took it, as the benchmarks name it. */
  name: string;
  /** What it is the time of: the benchmark's group, or `WHOLE`. */
  of: string;
  ms: number;
}

/** Everything that was measured, on one machine and in one run. */
export interface Measurements {
  /** The day, as year-month-day. */
  date: string;
  /** The processor, its cores and the system. */
  machine: string;
  /** What took part, by name. */
  versions: Record<string, string>;
  /** What the backends of ours computed on. */
  devices: string[];
  /** What could not be measured, and why. */
  skipped: string[];
  /** The losses of each script, one an iteration, for seed 0. */
  losses: Record<string, number[]>;
  times: Time[];
}

/** What is committed. */
export const MEASUREMENTS: Measurements = measured;

/** A whole script, from the start of its process to its end. */
export const WHOLE = "the whole script";

/** The products of an iteration. */
export const PRODUCTS = "the products of an iteration";

/** One iteration, with as many hidden units as in the originals if not said. */
export const iteration = (hidden = 100) => `an iteration with ${hidden} hidden units`;

/** The time of that name, in milliseconds, if it was measured. */
export function timeOf({ times }: Measurements, name: string, of = iteration()) {
  return times.find((time) => time.name === name && time.of === of)?.ms;
}

/** The Python original of a way to train; none of an original itself. */
export function originalOf(name: string): string | undefined {
  if (name.startsWith("arrays")) return "Python lists";
  if (name.startsWith("ndarrays")) return "NumPy";
  return name.startsWith("tensors") ? "PyTorch" : undefined;
}

/** The time that three quarters of the times do not exceed, as `deno bench` has it. */
export function p75(times: number[]): number {
  return times.toSorted((a, b) => a - b)[Math.ceil(0.75 * times.length) - 1];
}

/** The times that `deno bench --json` printed, which counts in nanoseconds. */
export function benchTimes(json: string): Time[] {
  interface Bench {
    name: string;
    group: string;
    results: { ok: { p75: number } }[];
  }
  return JSON.parse(json).benches.map(({ name, group, results: [{ ok }] }: Bench) => ({
    name,
    of: group,
    ms: ok.p75 / 1e6,
  }));
}

/** The time of 500 iterations, from that of none and that of ten. */
export const extrapolate = (none: number, ten: number) => none + (ten - none) * 500 / 10;
