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
}

/** What is committed. */
export const MEASUREMENTS: Measurements = measured;

/** The size of the hidden layer in the originals. */
export const HIDDEN = 100;

/** The time of an iteration, in milliseconds; at the originals' size, if not said. */
export function iterationTime(
  { iterations }: Measurements,
  name: string,
  hidden = HIDDEN,
): number {
  return timeOf(iterations.find((time) => time.name === name && time.hidden === hidden), name);
}

/** What the operations are compared between. */
export const COMPARED = ["arrays", "ndarrays", "tensors in WebAssembly"];

/** The operations on a million numbers, in the order of measuring. */
export function operationKinds({ operations }: Measurements): string[] {
  return [...new Set(operations.map(({ operation }) => operation))];
}

/** The time of an operation on a million numbers, in milliseconds. */
export function operationTime(
  { operations }: Measurements,
  operation: string,
  name: string,
): number {
  const time = operations.find((time) => time.name === name && time.operation === operation);
  return timeOf(time, `${operation}, ${name}`);
}

function timeOf(time: Time | undefined, what: string): number {
  if (!time) throw new Error(`Cannot tell the time of ${what}: it was not measured`);
  return time.ms;
}
