/**
 * Runs a command: reads its flags, reads and prints the losses while it trains, and prints to
 * stderr how long that took, or in one line what went wrong.
 * @module
 */

import { type Backend, type Backends, openBackend } from "./backend.ts";
import { type Command, help, type Options, parseOptions } from "./cli.ts";
import { firstLine, NotAvailable, UserError } from "./errors.ts";
import { inMs, inSeconds } from "./times.ts";

const LEAST_DENO = "2.9.0"; // the first version that runs all three scripts on every backend
export const ARRAYS: Backend = { device: "arrays of arrays" }; // the naive script's only one

/** A number that is still being computed elsewhere: a scalar tensor is one. */
export interface Pending {
  data(): Promise<ArrayLike<number>>;
  dispose(): void;
}

/** What a training yields, iteration by iteration from 0. */
export type Losses = Iterable<{ t: number; loss: number | Pending }>;

type Printing = Pick<Options, "steps" | "logEvery" | "learningRate">;

/** Reads a loss, and frees the tensor that it was in. */
async function read(loss: number | Pending): Promise<number> {
  if (typeof loss === "number") return loss;
  try {
    return (await loss.data())[0];
  } finally {
    loss.dispose();
  }
}

/** Starts to read the losses that are to be printed, and yields each read when it is due. */
function* startReads(
  losses: Losses,
  { steps, logEvery }: Printing,
  readsBehind: number,
): Iterable<{ t: number; reading: Promise<number> }> {
  const reads: { t: number; reading: Promise<number> }[] = [];
  for (const { t, loss } of losses) {
    if (t % logEvery === 0 || t === steps - 1) {
      const reading = read(loss);
      // Whoever awaits it sees it fail; Deno is not to end the process before that.
      reading.catch(() => {});
      reads.push({ t, reading });
    } else if (typeof loss !== "number") {
      loss.dispose();
    }
    while (reads.length > 0 && reads[0].t <= t - readsBehind) yield reads.shift()!;
  }
  yield* reads;
}

/**
 * Reads every `logEvery`-th loss and the last one, in order, while the training goes on.
 *
 * @param readsBehind How many iterations may begin before a loss has been read.
 * @throws {UserError} After a loss that is not finite.
 */
export async function* readLosses(losses: Losses, printing: Printing, readsBehind = 0) {
  for (const { t, reading } of startReads(losses, printing, readsBehind)) {
    const loss = await reading;
    yield { t, loss };
    if (Number.isFinite(loss)) continue;
    const remedy = `try a --learning-rate below ${printing.learningRate}`;
    throw new UserError(`Cannot go on: the loss is ${loss} at iteration ${t}, ${remedy}`);
  }
}

/** Prints to stderr what computes, and how it could be faster. */
export function announce({ device, hint }: Backend) {
  console.error(`Training on ${device}`);
  if (hint) console.error(hint);
}

/**
 * Writes a line to stdout, as Python's `print` does. Ends the process if its reader has gone.
 *
 * @throws {UserError} If the line can't be written, to a full disk for example.
 */
export function print(line: string) {
  let bytes = new TextEncoder().encode(`${line}\n`);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
    throw new UserError(`Cannot write to stdout: ${firstLine(error)}`);
  }
}

/** Reads the flags of a command and runs it. A {@linkcode UserError} is printed as one line. */
export async function runCommand(command: Command, run: (options: Options) => Promise<void>) {
  try {
    const { deno } = Deno.version;
    if (deno.localeCompare(LEAST_DENO, "en", { numeric: true }) < 0) {
      throw new NotAvailable(`Deno ${deno}`, `version ${LEAST_DENO} or later is needed`);
    }
    const options = parseOptions(command, Deno.args);
    if (options) await run(options);
    else print(help(command));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`error: ${error.message}`);
    Deno.exit(error.exitCode);
  }
}

/** Runs a script: trains on the backend that the flags choose, and prints the losses. */
export function main<Opened extends Backend>(
  command: Command & { backends?: Backends<Opened> },
  train: (options: Options, backend: Opened) => Losses,
): Promise<void> {
  return runCommand(command, async (options) => {
    const { backends } = command;
    const backend = backends ? await openBackend(options.backend, backends) : ARRAYS as Opened;
    announce(backend);
    const losses = train(options, backend);
    const start = performance.now();
    for await (const { t, loss } of readLosses(losses, options, backend.readsBehind)) {
      print(`Current Iteration: ${t} - Loss Value: ${loss}`);
    }
    const total = performance.now() - start;
    console.error(`Trained in ${inSeconds(total)}, ${inMs(total / options.steps)} an iteration`);
  });
}
