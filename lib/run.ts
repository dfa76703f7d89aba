/**
 * Runs a script: reads its command line, reads and prints the losses while it trains,
 * and tells on stderr how fast that was, or in one line what went wrong.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import type { Backend } from "./backend.ts";
import { help, type Options, parseOptions, type Script } from "./cli.ts";
import { firstLine, NotAvailable, UserError } from "./errors.ts";

/** The first version of Deno that runs all three scripts on every backend. */
const LEAST_DENO = "2.9.0";

/** A number that is still being computed elsewhere: a scalar tensor is one. */
export interface Pending {
  data(): Promise<ArrayLike<number>>;
  dispose(): void;
}

/** What a training yields, iteration by iteration from 0. */
export type Losses = Iterable<{ t: number; loss: number | Pending }>;

/** The loss of iteration `t`, read so many milliseconds after the training began. */
export interface Report {
  t: number;
  loss: number;
  elapsed: number;
}

/**
 * How many losses are being read at once. Deno's WebGPU takes 10 ms for a read,
 * however many are under way; elsewhere a read is done at once.
 */
const READS = 16;

/** Reads a loss, and frees the tensor that it was in. */
async function read(t: number, loss: number | Pending) {
  if (typeof loss === "number") return { t, loss };
  try {
    return { t, loss: (await loss.data())[0] };
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
  const reads: ReturnType<typeof read>[] = [];
  for (const { t, loss } of losses) {
    if (t % logEvery === 0 || t === steps - 1) {
      const reading = read(t, loss);
      // A read that failed is told of when its turn comes.
      reading.catch(() => {});
      reads.push(reading);
    } else if (typeof loss !== "number") {
      loss.dispose();
    }
    // Reads settle while the event loop turns.
    await setImmediate();
    // The last one is reported when its iteration has ended.
    while (t < steps - 1 && reads.length > 0) {
      // Nothing, while the first one is still being read; but there are never more than READS.
      const report = await (reads.length < READS ? Promise.race([reads[0], undefined]) : reads[0]);
      if (!report) break;
      reads.shift();
      yield { ...report, elapsed: performance.now() - start };
    }
  }
  for (const reading of reads) yield { ...await reading, elapsed: performance.now() - start };
}

/** A time with three significant digits. */
export const threeDigits = (time: number) => time < 999.5 ? time.toPrecision(3) : time.toFixed();

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
  const [seconds, each] = [total / 1000, total / steps].map(threeDigits);
  tell(`${iterations} in ${seconds} s, ${each} ms each, on ${device}`);
}

/**
 * Reads the flags of a script and runs it. Whatever it throws that is no mistake in the
 * code is told in one line on stderr, and ends the process with code 1, or with 2 for a
 * mistake in the flags. Where nobody reads what it prints any more, it ends quietly.
 */
export async function main(script: Script, run: (options: Options) => Promise<void>) {
  try {
    const { deno } = Deno.version;
    if (deno.localeCompare(LEAST_DENO, "en", { numeric: true }) < 0) {
      throw new NotAvailable(`Deno ${deno}`, `it takes ${LEAST_DENO} or later`);
    }
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
 * What to tell the user of an error.
 *
 * @throws The error itself, if it is a mistake in the code.
 */
export function explain(error: unknown): UserError {
  if (error instanceof UserError) return error;
  const reason = firstLine(error);
  // What a GPU that was lost answers to the next operation.
  if (error instanceof DOMException && error.name === "OperationError") {
    return new UserError(`Cannot go on: the GPU failed, ${reason}`);
  }
  // V8 says that an array is too long, or that it failed; TensorFlow.js, that a GPU's dispatch is.
  const isOutOfMemory = error instanceof WebAssembly.RuntimeError ||
    /allocation failed|array length|Memory\.grow|Dispatch size/i.test(reason);
  if (!isOutOfMemory) throw error;
  return new UserError(`Cannot go on: ${reason.replace(/\.$/, "")}, try smaller matrices`);
}

/** Writes a line to stderr; goes on where it can't be written. */
function tell(line: string) {
  try {
    console.error(stripVTControlCharacters(line));
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
        throw new UserError(`Cannot write to stdout: ${firstLine(error)}`);
      }
      // A reader that is slow, on a pipe that does not wait for it: wait here, for 10 ms.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
