/**
 * The command line that the three scripts share: flags in, losses out.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { formatTime } from "./timing.ts";

/** The sizes of the network, by the symbols that the Python originals use. */
export interface Dimensions {
  /** Samples in a batch. */
  N: number;
  /** Numbers in a sample. */
  D_in: number;
  /** Units of the hidden layer. */
  H: number;
  /** Numbers in an output. */
  D_out: number;
}

/** How to train. */
export interface Training {
  /** Iterations in all. */
  steps: number;
  /** How far a step moves the weights along the gradient. */
  learningRate: number;
  /** Every how many iterations the loss is reported; the last always is. */
  logEvery: number;
}

/** What the command line asks for. */
export interface Options extends Dimensions, Training {
  /** The seed of NumPy's random numbers. */
  seed: number;
  /** What to compute on; empty in a script that has no choice. */
  backend: string;
}

/** The loss of iteration `t`, which counts from 0. */
export interface Report {
  t: number;
  loss: number;
}

/** A network that is ready to train. */
export interface Started {
  /** What it runs on, in words. */
  device: string;
  /** Why nothing better, one line for each thing that could have been. */
  passedOver?: string[];
  losses: Iterable<Report> | AsyncIterable<Report>;
}

/** One of the scripts. */
export interface Script {
  /** Its file name. */
  file: string;
  /** What it does, in one line. */
  summary: string;
  /** What `--backend` takes, the default first; a script without has no such flag. */
  backends?: readonly string[];
  /** The most numbers that its matrices may hold together; 67108864, if left out. */
  maxNumbers?: number;
  /**
   * Makes the network ready.
   *
   * @throws {Deno.errors.NotSupported} If the backend is not available.
   */
  start(options: Options): Promise<Started> | Started;
}

interface NumberFlag {
  default: number;
  about: string;
  /** The range of whole numbers that it takes; without, any number above 0. */
  range?: [least: number, most: number];
}

/** The most numbers that x, y, w1, w2 and h may hold together: half a gibibyte of float64. */
const MAX_NUMBERS = 2 ** 26;

const size: [number, number] = [1, MAX_NUMBERS];
const count: [number, number] = [1, Number.MAX_SAFE_INTEGER];

const NUMBER_FLAGS = {
  "steps": { default: 500, range: count, about: "iterations" },
  "seed": { default: 0, range: [0, 2 ** 32 - 1], about: "seed of NumPy's random numbers" },
  "learning-rate": { default: 1e-6, about: "how far a step moves the weights" },
  "batch-size": { default: 64, range: size, about: "N, the samples in a batch" },
  "inputs": { default: 1000, range: size, about: "D_in, the numbers in a sample" },
  "hidden": { default: 100, range: size, about: "H, the units of the hidden layer" },
  "outputs": { default: 10, range: size, about: "D_out, the numbers in an output" },
  "log-every": { default: 1, range: count, about: "print every K-th loss, and always the last" },
} satisfies Record<string, NumberFlag>;

type NumberFlagName = keyof typeof NUMBER_FLAGS;

function parseNumber(name: NumberFlagName, text: string): number {
  const { range }: NumberFlag = NUMBER_FLAGS[name];
  const value = /^(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : NaN;
  if (range) {
    const [least, most] = range;
    if (Number.isInteger(value) && value >= least && value <= most) return value;
  } else if (value > 0 && value < Infinity) {
    return value;
  }
  const takes = range
    ? `a whole number from ${range[0]} to ${range[1]}`
    : "a number above 0 that float64 can hold";
  throw new RangeError(`Cannot use --${name} ${JSON.stringify(text)}: it takes ${takes}`);
}

/** Fails if the matrices would be too large to hold; names the largest one's flags. */
function checkSizes({ N, D_in, H, D_out }: Dimensions, maxNumbers: number) {
  const matrices = [
    ["batch-size", N, "inputs", D_in],
    ["batch-size", N, "outputs", D_out],
    ["inputs", D_in, "hidden", H],
    ["hidden", H, "outputs", D_out],
    ["batch-size", N, "hidden", H],
  ] as const;
  const total = matrices.reduce((total, [, rows, , columns]) => total + rows * columns, 0);
  if (total <= maxNumbers) return;
  const [[rowsFlag, rows, columnsFlag, columns]] = matrices.toSorted((a, b) =>
    b[1] * b[3] - a[1] * a[3]
  ) as [typeof matrices[number]];
  throw new RangeError(
    `Cannot use --${rowsFlag} ${rows} with --${columnsFlag} ${columns}: ` +
      `the matrices may hold ${maxNumbers} numbers together, not ${total}`,
  );
}

/**
 * Reads the flags of a script.
 *
 * @param args The command line.
 * @param backends What `--backend` takes, the default first; none: no such flag.
 * @param maxNumbers The most numbers that the matrices may hold together.
 * @returns The options, or `undefined` where the help is asked for.
 * @throws {RangeError} On an unknown flag, a value that its flag does not take,
 *   a stray argument, or sizes that make the matrices too large.
 */
export function parseOptions(
  args: string[],
  backends: readonly string[] = [],
  maxNumbers = MAX_NUMBERS,
): Options | undefined {
  const names = Object.keys(NUMBER_FLAGS) as NumberFlagName[];
  const { tokens } = parseArgs({
    args,
    options: {
      ...Object.fromEntries(names.map((name) => [name, { type: "string" }])),
      ...(backends.length > 0 && { backend: { type: "string" } }),
      help: { type: "boolean", short: "h" },
    },
    allowPositionals: true,
    strict: false,
    tokens: true,
  });

  const numbers = Object.fromEntries(
    names.map((name) => [name, NUMBER_FLAGS[name].default]),
  ) as Record<NumberFlagName, number>;
  let backend = backends[0] ?? "";
  let help = false;
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      const argument = JSON.stringify(args[token.index]);
      throw new RangeError(`Cannot use the argument ${argument}: there are only flags, see --help`);
    }
    const { name, rawName, value = "" } = token;
    if (Object.hasOwn(numbers, name)) {
      numbers[name as NumberFlagName] = parseNumber(name as NumberFlagName, value);
    } else if (name === "backend" && backends.length > 0) {
      if (!backends.includes(value)) {
        const choice = backends.join(", ");
        throw new RangeError(`Cannot use --backend ${JSON.stringify(value)}: it takes ${choice}`);
      }
      backend = value;
    } else if (name === "help") {
      if (value) throw new RangeError("Cannot use --help: it takes no value");
      help = true;
    } else {
      throw new RangeError(`Cannot use ${rawName}: there is no such flag, see --help`);
    }
  }
  if (help) return undefined;

  const options = {
    N: numbers["batch-size"],
    D_in: numbers["inputs"],
    H: numbers["hidden"],
    D_out: numbers["outputs"],
    steps: numbers["steps"],
    learningRate: numbers["learning-rate"],
    logEvery: numbers["log-every"],
    seed: numbers["seed"],
    backend,
  };
  checkSizes(options, maxNumbers);
  return options;
}

/** The text that `--help` prints. */
function help({ file, summary, backends }: Omit<Script, "start">): string {
  const rows = Object.entries(NUMBER_FLAGS).map(([name, flag]) => {
    const value = name === "log-every" ? "K" : "range" in flag ? "N" : "X";
    const byDefault = flag.default > 0 && flag.default < 1
      ? flag.default.toExponential()
      : flag.default;
    return [`--${name} ${value}`, `${flag.about}, default ${byDefault}`];
  });
  if (backends) rows.push(["--backend NAME", `${backends.join(", ")}; default ${backends[0]}`]);
  rows.push(["-h, --help", "print this text"]);
  const flags = rows.map(([flag = "", about]) => `  ${flag.padEnd(20)}${about}`);
  return `${summary}\n\nUsage: deno run ${file} [flags]\n\n${flags.join("\n")}\n`;
}

/** Writes one line to stderr and ends the process. */
export function fail(message: string, code: number): never {
  console.error(`error: ${message}`);
  Deno.exit(code);
}

/** Writes to stdout; ends the process, quietly where the reader has gone away. */
export function print(text: string) {
  try {
    Deno.stdout.writeSync(new TextEncoder().encode(text));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
    fail(`Cannot write to stdout: ${(error as Error).message}`, 1);
  }
}

/**
 * Reads the flags of a script. Prints the help and ends the process where it is
 * asked for; on a mistake, prints one line to stderr and ends with code 2.
 */
export function readOptions(script: Omit<Script, "start">, args = Deno.args): Options {
  try {
    const options = parseOptions(args, script.backends, script.maxNumbers);
    if (options) return options;
  } catch (error) {
    if (error instanceof RangeError) fail(error.message, 2);
    throw error;
  }
  print(help(script));
  Deno.exit(0);
}

/**
 * Makes a script ready, and says on stderr what it runs on, and why on nothing
 * better. Ends the process with code 1 where the backend is not available.
 */
export async function begin(script: Script, options: Options): Promise<Started> {
  try {
    const started = await script.start(options);
    for (const reason of started.passedOver ?? []) console.error(reason);
    console.error(`Training ${script.file} on ${started.device}`);
    return started;
  } catch (error) {
    if (error instanceof Deno.errors.NotSupported) fail(error.message, 1);
    throw error;
  }
}

/**
 * Trains to the end and hands on each report. Ends the process with code 1 where
 * a loss is not finite, or the memory does not suffice.
 *
 * @returns The time of all iterations, in milliseconds.
 */
export async function follow(
  { losses }: Started,
  { learningRate }: Options,
  onReport: (report: Report) => void,
): Promise<number> {
  const start = performance.now();
  try {
    for await (const { t, loss } of losses) {
      onReport({ t, loss });
      if (!Number.isFinite(loss)) {
        const hint = `try a --learning-rate below ${learningRate}`;
        fail(`Cannot go on: the loss is ${loss} at iteration ${t}, ${hint}`, 1);
      }
    }
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    fail(`Cannot go on: ${error.message.split("\n")[0]}, try smaller matrices`, 1);
  }
  return performance.now() - start;
}

/** Whether an engine, or a backend, has failed on matrices too large for it. */
function isOutOfMemory(error: unknown): error is Error {
  return error instanceof WebAssembly.RuntimeError || error instanceof Error &&
      /allocation failed|array length|Dispatch size/i.test(error.message);
}

/**
 * Runs a script: trains as its flags say, prints each loss to stdout as the
 * originals do, and a summary to stderr.
 */
export async function run(script: Script) {
  const options = readOptions(script);
  const started = await begin(script, options);
  const total = await follow(started, options, ({ t, loss }) => {
    print(`Current Iteration: ${t} - Loss Value: ${loss}\n`);
  });
  const each = formatTime(total / options.steps);
  const iterations = options.steps === 1 ? "iteration" : "iterations";
  console.error(
    `${options.steps} ${iterations} in ${formatTime(total)}, ${each} each, on ${started.device}`,
  );
}
