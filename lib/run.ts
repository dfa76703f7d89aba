/** Runs a command: reads its flags, reads and prints the losses while it trains. @module */

import { type Backend, type Backends, openBackend } from "./backend.ts";
import { type Command, help, type Options, parseOptions } from "./cli.ts";
import { firstLine, NotAvailable, UserError } from "./errors.ts";

const OLDEST_DENO = "2.9.0"; // the first version that runs all three scripts on every backend

/** A loss that is still being computed, on a GPU for example: a tensor of one number. */
type Pending = { data(): Promise<ArrayLike<number>>; dispose(): void };

/** What `train` yields: the loss of each iteration, from iteration 0 on. */
export type Losses = Iterable<{ t: number; loss: number | Pending }>;

/** The options that reading the losses needs. */
type Reading = Pick<Options, "steps" | "logEvery" | "learningRate">;

/** Gives the number, and frees the tensor that it was in. */
export const read = async (loss: number | Pending): Promise<number> =>
  typeof loss === "number" ? loss : (await loss.data().finally(() => loss.dispose()))[0];

/** Starts to read the losses that are to be printed, and yields each when its turn comes. */
function* startReads(losses: Losses, { steps, logEvery }: Reading, readsBehind: number) {
  const reads: { t: number; reading: Promise<number> }[] = [];
  for (const { t, loss } of losses) {
    if (t % logEvery === 0 || t === steps - 1) {
      const reading = read(loss);
      reading.catch(() => {}); // or Deno would end the process before the failure is awaited
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
 * @param readsBehind How many iterations may begin before a loss has been read.
 * @throws {UserError} After a loss that is not finite.
 */
export async function* readLosses(losses: Losses, options: Reading, readsBehind = 0) {
  for (const { t, reading } of startReads(losses, options, readsBehind)) {
    const loss = await reading;
    yield { t, loss };
    if (Number.isFinite(loss)) continue;
    const remedy = `try a --learning-rate below ${options.learningRate}`;
    throw new UserError(`Cannot go on: the loss is ${loss} at iteration ${t}, ${remedy}`);
  }
}

/** Prints to stderr what computes, and what would be faster. */
export const announce = ({ device, hints = [] }: Backend) =>
  console.error([`Training on ${device}`, ...hints].join("\n"));

/**
 * Writes a line to stdout, as Python's `print` does. Ends the process if nobody reads it any more.
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

/** Runs a function. A {@linkcode UserError} is printed as one line, and ends the process. */
export async function exitOnError(run: () => void | Promise<void>) {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`error: ${error.message}`);
    Deno.exit(error.exitCode);
  }
}

/** Reads the flags of a command and runs it, by {@linkcode exitOnError}. */
export function runCommand(command: Command, run: (options: Options) => Promise<void>) {
  return exitOnError(async () => {
    const { deno } = Deno.version;
    if (deno.localeCompare(OLDEST_DENO, "en", { numeric: true }) < 0) {
      throw new NotAvailable(`Deno ${deno}`, `version ${OLDEST_DENO} or later is needed`);
    }
    const options = await parseOptions(command, Deno.args);
    if (options) await run(options);
    else print(help(command));
  });
}

/** Runs a script: trains on the backend that the flags choose, and prints the losses. */
export function main<B extends Backend>(
  command: Command & { backends: Backends<B> },
  train: (options: Options, backend: B) => Losses,
): Promise<void> {
  return runCommand({ ...command, printsLosses: true }, async (options) => {
    const backend = await openBackend(options.backend, command.backends);
    announce(backend);
    const losses = train(options, backend);
    const start = performance.now();
    for await (const { t, loss } of readLosses(losses, options, backend.readsBehind)) {
      print(`Current Iteration: ${t} - Loss Value: ${loss}`);
    }
    const seconds = (performance.now() - start) / 1000;
    console.error(`Trained in ${Number(seconds.toPrecision(3))} s`);
  });
}
