/**
 * Reports how the loss falls while a network trains.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { fail, type Options, tell } from "./cli.ts";
import { formatTime } from "./timing.ts";

/** A number that is still being computed elsewhere: a scalar tensor is one. */
export interface Pending {
  data(): Promise<Float32Array | Int32Array | Uint8Array>;
  dispose(): void;
}

/** What a network trains on. */
export interface Ground {
  /** What it is, in words. */
  device: string;
  /** What to do to run faster, in one line. */
  hint?: string | undefined;
}

/** The hint that follows from why something faster, which the error names, can't be used. */
export function hintFrom({ message }: Error): string {
  return message.replace(/^Cannot use (\S+):/, "$1 would be faster:");
}

/** A network that is ready to train. */
export interface Training extends Ground {
  /** The losses, iteration by iteration. */
  losses: Iterable<{ t: number; loss: number | Pending }>;
}

/** A loss that is to be printed. */
export interface Report {
  /** The iteration, from 0. */
  t: number;
  loss: number;
  /** Milliseconds since the training began. */
  elapsed: number;
}

/**
 * How many losses are being read at once. Deno's WebGPU takes 10 ms for a read,
 * however many are under way; elsewhere a read is done at once.
 */
const READS = 16;

/** Reads a loss, and frees the tensor that it was in. */
async function read(loss: number | Pending): Promise<number> {
  if (typeof loss === "number") return loss;
  try {
    const [value] = await loss.data();
    return value;
  } finally {
    loss.dispose();
  }
}

/**
 * Reads each loss that is to be reported, in order, while the training goes on.
 *
 * @throws What reading a loss throws, when its turn comes.
 */
export async function* report(
  losses: Training["losses"],
  { steps, logEvery }: Pick<Options, "steps" | "logEvery">,
): AsyncGenerator<Report> {
  const start = performance.now();
  const reads: { report: Promise<{ t: number; loss: number }>; isSettled: boolean }[] = [];
  const next = async () => {
    const report = await reads.shift()!.report;
    return { ...report, elapsed: performance.now() - start };
  };
  for (const { t, loss } of losses) {
    if (t % logEvery === 0 || t === steps - 1) {
      const report = read(loss).then((loss) => ({ t, loss }));
      const entry = { report, isSettled: false };
      // A read that failed is told of when its turn comes.
      report.catch(() => {}).then(() => entry.isSettled = true);
      reads.push(entry);
    } else if (typeof loss !== "number") {
      loss.dispose();
    }
    // Reads settle while the event loop turns.
    await new Promise(setImmediate);
    // The last one is reported when its iteration has ended.
    while (t < steps - 1 && (reads[0]?.isSettled || reads.length === READS)) yield await next();
  }
  while (reads.length > 0) yield await next();
}

/**
 * Trains as the options say, and tells on stderr on what and how fast. Ends the
 * process with one line and code 1 where a loss is not finite, a backend is not
 * available or fails, or the memory does not suffice.
 *
 * @param file The script.
 * @param start Makes the network ready.
 * @returns The losses to print, each as soon as it is there.
 */
export async function* follow(
  file: string,
  options: Options,
  start: () => Promise<Training> | Training,
): AsyncGenerator<Report> {
  try {
    const training = await start();
    tell(`Training ${file} on ${training.device}`);
    if (training.hint) tell(training.hint);
    let total = 0;
    for await (const loss of report(training.losses, options)) {
      total = loss.elapsed;
      yield loss;
      if (!Number.isFinite(loss.loss)) {
        const hint = `try a --learning-rate below ${options.learningRate}`;
        fail(`Cannot go on: the loss is ${loss.loss} at iteration ${loss.t}, ${hint}`, 1);
      }
    }
    const iterations = options.steps === 1 ? "iteration" : "iterations";
    tell(
      `${options.steps} ${iterations} in ${formatTime(total)}, ` +
        `${formatTime(total / options.steps)} each, on ${training.device}`,
    );
  } catch (error) {
    fail(explain(error), 1);
  }
}

/** What to tell a user of an error that is not a mistake in the code; throws the others. */
function explain(error: unknown): string {
  if (error instanceof Deno.errors.NotSupported) return error.message;
  // What a GPU that was lost answers to the next operation.
  if (error instanceof DOMException && error.name === "OperationError") {
    return `Cannot go on: the GPU failed, ${error.message.split("\n")[0]}`;
  }
  // V8 says that an array is too long, or that it failed; TensorFlow.js, that a GPU's dispatch is.
  const isOutOfMemory = error instanceof WebAssembly.RuntimeError ||
    error instanceof Error &&
      /allocation failed|array length|Dispatch size/i.test(error.message);
  if (!isOutOfMemory) throw error;
  const [reason] = error.message.split("\n");
  return `Cannot go on: ${reason.replace(/[.,]+$/, "")}, try smaller matrices`;
}
