/**
 * The command line that the scripts share: its flags, its errors, what it prints.
 *
 * @module
 */

import { parseArgs } from "node:util";

/** What the command line asks for. */
export interface Options {
  /** Samples in a batch. */
  N: number;
  /** Numbers in a sample. */
  D_in: number;
  /** Units of the hidden layer. */
  H: number;
  /** Numbers in an output. */
  D_out: number;
  /** Iterations in all. */
  steps: number;
  /** How far a step moves the weights against the gradient. */
  learningRate: number;
  /** The seed of NumPy's random numbers. */
  seed: number;
  /** Every how many iterations the loss is reported; the last always is. */
  logEvery: number;
  /** What to compute on; empty in a script that has no choice. */
  backend: string;
}

/** What a script is, and what it does without flags. */
export interface Script {
  /** What one types to run it. */
  command: string;
  /** What it does, in one line. */
  about: string;
  /** Its sizes, and how it trains. */
  defaults: Omit<Options, "seed" | "logEvery" | "backend">;
  /** What `--backend` takes, the default first; without, there is no such flag. */
  backends?: readonly string[];
  /** How much its matrices may hold together; 2^26 numbers, if left out. */
  limit?: Limit;
}

/** A limit to the matrices, so that each size that is admitted fits into memory. */
interface Limit {
  numbers: number;
  /** What a row counts for, on top of its numbers. */
  perRow: number;
}

const LIMIT: Limit = { numbers: 2 ** 26, perRow: 0 };

/** The limit for arrays of arrays: a row is an object, and takes memory of its own. */
export const ARRAYS_LIMIT: Limit = { numbers: 2 ** 24, perRow: 8 };

interface NumberFlag {
  key: Exclude<keyof Options, "backend">;
  about: string;
  /** The range of whole numbers that it takes; without, any number above 0. */
  range?: [least: number, most: number];
}

const size: [number, number] = [1, LIMIT.numbers];
const count: [number, number] = [1, Number.MAX_SAFE_INTEGER];

// deno-fmt-ignore
const FLAGS: Record<string, NumberFlag> = {
  "steps": { key: "steps", range: count, about: "iterations" },
  "seed": { key: "seed", range: [0, 2 ** 32 - 1], about: "seed of NumPy's random numbers" },
  "learning-rate": { key: "learningRate", about: "how far a step moves the weights" },
  "batch-size": { key: "N", range: size, about: "N, the samples in a batch" },
  "inputs": { key: "D_in", range: size, about: "D_in, the numbers in a sample" },
  "hidden": { key: "H", range: size, about: "H, the units of the hidden layer" },
  "outputs": { key: "D_out", range: size, about: "D_out, the numbers in an output" },
  "log-every": { key: "logEvery", range: count, about: "print every K-th loss, and always the last" },
};

/** The defaults that are no script's own. */
const BASE = { seed: 0, logEvery: 1 };

/** Text in quotes, with nothing in it that a terminal would obey. */
export function quote(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\p{Cc}\p{Cf}]/gu,
    (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`,
  );
}

/** The error of a flag that there is not. */
function noSuchFlag(flag: string): RangeError {
  const shown = /^[\w-]+=?$/.test(flag) ? flag : quote(flag);
  return new RangeError(`Cannot use ${shown}: there is no such flag, see --help`);
}

/** Reads the value of a flag; fails on one that the flag does not take. */
function parseNumber(name: string, text: string): number {
  const { range } = FLAGS[name];
  const pattern = range ? /^\d+(\.0*)?(e\+?\d+)?$/i : /^(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
  const value = pattern.test(text) ? Number(text) : NaN;
  const [least, most] = range ?? [Number.MIN_VALUE, Number.MAX_VALUE];
  if (value >= least && value <= most) return value;
  const takes = range
    ? `a whole number from ${least} to ${most}`
    : "a number above 0 that float64 can hold";
  throw new RangeError(`Cannot use --${name} ${quote(text)}: it takes ${takes}`);
}

/** Fails if the matrices would be too large to hold; names the largest one's flags. */
function checkSizes({ N, D_in, H, D_out }: Options, { numbers, perRow }: Limit) {
  const matrices = ([
    ["batch-size", N, "inputs", D_in],
    ["batch-size", N, "outputs", D_out],
    ["inputs", D_in, "hidden", H],
    ["hidden", H, "outputs", D_out],
    ["batch-size", N, "hidden", H],
  ] as const).map(([rowsFlag, rows, columnsFlag, columns]) => ({
    flags: `--${rowsFlag} ${rows} with --${columnsFlag} ${columns}`,
    // A matrix is transposed too, so the longer side counts as rows.
    holds: rows * columns + perRow * Math.max(rows, columns),
  }));
  const total = matrices.reduce((total, { holds }) => total + holds, 0);
  if (total <= numbers) return;
  const [largest] = matrices.sort((a, b) => b.holds - a.holds);
  const rows = perRow ? ` (a row counts as ${perRow} more)` : "";
  const most = `the matrices may hold ${numbers} numbers together${rows}`;
  throw new RangeError(`Cannot use ${largest.flags}: ${most}, not ${total}`);
}

/**
 * Reads the flags of a script.
 *
 * @param args The command line.
 * @returns The options, or `undefined` where the help is asked for.
 * @throws {RangeError} On an unknown flag, a value that its flag does not take,
 *   a stray argument, or sizes that make the matrices too large.
 */
export function parseOptions(script: Script, args: string[]): Options | undefined {
  const { defaults, backends = [], limit = LIMIT } = script;
  const options = { ...BASE, ...defaults, backend: backends[0] ?? "" };
  const valued = [...Object.keys(FLAGS), ...(backends.length > 0 ? ["backend"] : [])];
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  for (const [i, arg] of args.slice(0, end).entries()) {
    // The parser would take -hx for -h and -x: here, one letter is all there is.
    const isValue = i > 0 && valued.includes(args[i - 1].slice(2));
    if (/^-[^-]./.test(arg) && !isValue) throw noSuchFlag(arg);
  }
  const { tokens } = parseArgs({
    args,
    options: {
      ...Object.fromEntries(valued.map((name) => [name, { type: "string" }])),
      help: { type: "boolean", short: "h" },
    },
    allowPositionals: true,
    strict: false,
    tokens: true,
  });

  let help = false;
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      const reason = "there are only flags, see --help";
      throw new RangeError(`Cannot use the argument ${quote(token.value)}: ${reason}`);
    }
    const { name, rawName, value = "" } = token;
    if (Object.hasOwn(FLAGS, name)) {
      options[FLAGS[name].key] = parseNumber(name, value);
    } else if (valued.includes(name)) {
      if (!backends.includes(value)) {
        const choice = backends.join(", ");
        throw new RangeError(`Cannot use --backend ${quote(value)}: it takes ${choice}`);
      }
      options.backend = value;
    } else if (name === "help") {
      if (value) throw new RangeError("Cannot use --help: it takes no value");
      help = true;
    } else {
      throw noSuchFlag(rawName);
    }
  }
  if (help) return undefined;
  checkSizes(options, limit);
  return options;
}

/** The text that `--help` prints. */
function help({ command, about, defaults, backends }: Script): string {
  const byDefault = { ...BASE, ...defaults };
  const rows = Object.entries(FLAGS).map(([name, { key, range, about }]) => {
    const letter = key === "logEvery" ? "K" : range ? "N" : "X";
    const value = byDefault[key];
    const shown = value > 0 && value < 1 ? value.toExponential() : value;
    return [`--${name} ${letter}`, `${about}, default ${shown}`];
  });
  if (backends) rows.push(["--backend NAME", `${backends.join(", ")}; default ${backends[0]}`]);
  rows.push(["-h, --help", "print this text"]);
  const flags = rows.map(([flag, about]) => `  ${flag.padEnd(20)}${about}`);
  return `${about}\n\nUsage: ${command} [flags]\n\n${flags.join("\n")}`;
}

/** Writes a line to stderr, in place of any progress there; goes on where it can't be written. */
export function tell(line: string) {
  const clear = Deno.stderr.isTerminal() ? "\r\x1b[K" : "";
  try {
    console.error(`${clear}${line}`);
  } catch {
    // A full disk, say. There is nowhere else to tell it.
  }
}

/** Writes one line to stderr and ends the process. */
export function fail(message: string, code: number): never {
  tell(`error: ${message}`);
  Deno.exit(code);
}

/** Writes a line to stdout; ends the process, quietly where the reader has gone away. */
export function print(line: string) {
  let bytes = new TextEncoder().encode(`${line}\n`);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
      if (!(error instanceof Deno.errors.WouldBlock)) {
        fail(`Cannot write to stdout: ${(error as Error).message}`, 1);
      }
      // A reader that is slow, on a pipe that does not wait for it: wait here, for 10 ms.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

/**
 * Reads the flags of a script. Prints the help and ends the process where it is
 * asked for; on a mistake, prints one line to stderr and ends with code 2.
 */
export function readOptions(script: Script, args = Deno.args): Options {
  try {
    const options = parseOptions(script, args);
    if (options) return options;
  } catch (error) {
    if (error instanceof RangeError) fail(error.message, 2);
    throw error;
  }
  print(help(script));
  Deno.exit(0);
}
