/**
 * Runs a script: reads its command line, reads and prints the losses while it trains,
 * and tells on stderr how fast that was, or in one line what went wrong.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { Backend } from "./backend.ts";
import { help, type Options, parseOptions, printable, type Script } from "./cli.ts";
import { NotAvailable, UserError } from "./errors.ts";
import { formatTime } from "./format_time.ts";

/** The first version of Deno that runs all three scripts on every backend. */
const LEAST_DENO = "2.9.0";

/** A number that is still being computed elsewhere: a scalar tensor is one. */
export interface Pending {
  data(): Promise<Float32Array | Int32Array | Uint8Array>;
  dispose(): void;
}

/** What a training yields, iteration by iteration from 0. */
export type Losses = Iterable<{ t: number; loss: number | Pending }>;

/** A loss that was read. */
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
async function read(t: number, loss: number | Pending): Promise<Omit<Report, "elapsed">> {
  if (typeof loss === "number") return { t, loss };
  try {
    const [value] = await loss.data();
    return { t, loss: value };
  } finally {
    loss.dispose();
  }
}

/**
 * Reads every `logEvery`-th loss and the last one, in order, while the training goes on.
 *
 * @throws What reading a loss throws, when its turn comes.
 */
export async function* readLosses(
  losses: Losses,
  { steps, logEvery }: Pick<Options, "steps" | "logEvery">,
): AsyncGenerator<Report> {
  const start = performance.now();
  const reads: { report: ReturnType<typeof read>; isSettled: boolean }[] = [];
  const next = async () => {
    const report = await reads.shift()!.report;
    return { ...report, elapsed: performance.now() - start };
  };
  for (const { t, loss } of losses) {
    if (t % logEvery === 0 || t === steps - 1) {
      const entry = { report: read(t, loss), isSettled: false };
      // A read that failed is told of when its turn comes.
      entry.report.catch(() => {}).then(() => entry.isSettled = true);
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
 * Tells on stderr what a training computes on, and at its end how fast that was.
 *
 * @returns The losses to print, each as soon as it is there.
 * @throws {UserError} After a loss that is not finite.
 */
export async function* report(
  losses: Losses,
  options: Options,
  { device, hint }: Backend,
): AsyncGenerator<Report> {
  tell(`Training on ${device}`);
  if (hint) tell(hint);
  let total = 0;
  for await (const report of readLosses(losses, options)) {
    total = report.elapsed;
    yield report;
    if (Number.isFinite(report.loss)) continue;
    throw new UserError(
      `Cannot go on: the loss is ${report.loss} at iteration ${report.t}, ` +
        `try a --learning-rate below ${options.learningRate}`,
    );
  }
  const { steps } = options;
  const iterations = steps === 1 ? "1 iteration" : `${steps} iterations`;
  tell(`${iterations} in ${formatTime(total)}, ${formatTime(total / steps)} each, on ${device}`);
}

/**
 * Reads the flags of a script and runs it. Whatever it throws that is no mistake in the
 * code is told in one line on stderr, and ends the process with code 1, or with 2 for a
 * mistake in the flags. Where nobody reads what it prints any more, it ends quietly.
 */
export async function main(script: Script, run: (options: Options) => Promise<void>) {
  try {
    requireDeno();
    const options = parseOptions(script, Deno.args);
    if (options) await run(options);
    else print(help(script));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
    const { message, exitCode } = explain(error);
    tell(`error: ${message}`);
    Deno.exit(exitCode);
  }
}

/**
 * Fails on a version of Deno that is too old.
 *
 * @throws {NotAvailable} If `version` comes before the first one that will do.
 */
export function requireDeno(version: string = Deno.version.deno) {
  if (version.localeCompare(LEAST_DENO, "en", { numeric: true }) < 0) {
    throw new NotAvailable(`Deno ${version}`, `it takes ${LEAST_DENO} or later`);
  }
}

/**
 * What to tell the user of an error.
 *
 * @throws The error itself, if it is a mistake in the code.
 */
export function explain(error: unknown): UserError {
  if (error instanceof UserError) return error;
  const [reason] = (error instanceof Error ? error.message : "").split("\n");
  // What a GPU that was lost answers to the next operation.
  if (error instanceof DOMException && error.name === "OperationError") {
    return new UserError(`Cannot go on: the GPU failed, ${reason}`);
  }
  // V8 says that an array is too long, or that it failed; TensorFlow.js, that a GPU's dispatch is.
  const isOutOfMemory = error instanceof WebAssembly.RuntimeError ||
    /allocation failed|array length|Dispatch size/i.test(reason);
  if (!isOutOfMemory) throw error;
  return new UserError(`Cannot go on: ${reason.replace(/[.,]+$/, "")}, try smaller matrices`);
}

/** Writes a line to stderr, in place of any progress there; goes on where it can't be written. */
function tell(line: string) {
  const clear = Deno.stderr.isTerminal() ? "\r\x1b[K" : "";
  try {
    console.error(`${clear}${printable(line)}`);
  } catch {
    // A full disk, say. There is nowhere else to tell it.
  }
}

/**
 * Writes a line to stdout.
 *
 * @throws {Deno.errors.BrokenPipe} If its reader has gone away.
 * @throws {UserError} If it can't be written.
 */
export function print(line: string) {
  let bytes = new TextEncoder().encode(`${line}\n`);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) throw error;
      if (!(error instanceof Deno.errors.WouldBlock)) {
        throw new UserError(`Cannot write to stdout: ${(error as Error).message}`);
      }
      // A reader that is slow, on a pipe that does not wait for it: wait here, for 10 ms.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
