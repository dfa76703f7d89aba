/** Runs a script: reads its flags, trains, prints the losses and says how long it took. @module */

import { firstLine, NotAvailable, UserError } from "./errors.ts";
import { type Defaults, describeFlags, type Options, readFlags } from "./flags.ts";
import { type Losses, readLosses } from "./losses.ts";
import { type Backend, type Backends, openBackend } from "./open_backend.ts";
import { describeTime, type Mark } from "./timing.ts";

const OLDEST_DENO = "2.9.0"; // the first version that runs all three scripts on every backend

/** A script, and what it does without flags. */
export interface Script<B extends Backend> {
  usage: string; // what one types to run it
  about: string; // what it does, in one line
  defaults: Defaults;
  backends?: Backends<B>; // what `--backend` chooses from; arrays if left out
}

const ARRAYS: Backends = { arrays: () => ({ device: "arrays of arrays" }) };

/** Runs a script. A {@linkcode UserError} is printed as one line, and ends the process. */
export async function main<B extends Backend>(
  script: Script<B>,
  train: (options: Options, backend: B) => Losses,
) {
  try {
    await run(script, train);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`error: ${error.message}`);
    Deno.exit(error.exitCode);
  }
}

async function run<B extends Backend>(
  { usage, about, defaults, backends = ARRAYS as Backends<B> }: Script<B>,
  train: (options: Options, backend: B) => Losses,
) {
  const { deno } = Deno.version;
  if (deno.localeCompare(OLDEST_DENO, "en", { numeric: true }) < 0) {
    throw new NotAvailable(`Deno ${deno}`, `version ${OLDEST_DENO} or later is needed`);
  }
  const names = Object.keys(backends);
  const options = await readFlags(Deno.args, defaults, names);
  if (!options) {
    print(`${about}\n\nUsage: ${usage} [flags]\n\n${describeFlags(defaults, names)}`);
    return;
  }
  const { backend, hints } = await openBackend(options.backend, backends);
  console.error([`Training on ${backend.device}`, ...hints].join("\n"));

  const losses = train(options, backend);
  const marks: Mark[] = [{ t: -1, ms: performance.now() }];
  for await (const { t, loss } of readLosses(losses, options, backend.readsBehind)) {
    print(`Current Iteration: ${t} - Loss Value: ${loss}`);
    marks.push({ t, ms: performance.now() });
  }
  console.error(describeTime(marks));
}

/** Writes a line to stdout. Ends the process if nobody reads it any more, as in `| head`. */
function print(line: string) {
  let bytes = new TextEncoder().encode(`${line}\n`);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
    throw new UserError(`Cannot write to stdout: ${firstLine(error)}`);
  }
}
