/**
 * The flags that the scripts share.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { UserError } from "./errors.ts";

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
  /** How far an iteration moves each weight: this times its gradient. */
  learningRate: number;
  /** The seed of NumPy's random numbers. */
  seed: number;
  /** Every how many iterations the loss is printed; the last always is. */
  logEvery: number;
  /** What to compute on: `auto`, or one of the script's backends. */
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
  /** What `--backend` takes besides `auto`, by name; without, there is no such flag. */
  backends?: object;
  /** How many numbers its matrices may hold together; {@linkcode MOST}, if left out. */
  limit?: number;
}

/** Numbers in all matrices together, of which the copies of an iteration still fit into memory. */
const MOST = 2 ** 26;

/** The same for arrays of arrays: a row is an object, and takes memory of its own. */
export const ARRAYS_LIMIT = 2 ** 23;

interface NumberFlag {
  key: Exclude<keyof Options, "backend">;
  about: string;
  /** The range of whole numbers that it takes; without, any number above 0. */
  range?: [least: number, most: number];
}

const SIZE: [number, number] = [1, MOST];
const COUNT: [number, number] = [1, Number.MAX_SAFE_INTEGER];

// deno-fmt-ignore
const FLAGS: Record<string, NumberFlag> = {
  "steps": { key: "steps", range: COUNT, about: "number of iterations" },
  "seed": { key: "seed", range: [0, 2 ** 32 - 1], about: "seed of NumPy's random numbers" },
  "learning-rate": { key: "learningRate", about: "how far a weight moves, over its gradient" },
  "batch-size": { key: "N", range: SIZE, about: "N, the samples in a batch" },
  "inputs": { key: "D_in", range: SIZE, about: "D_in, the numbers in a sample" },
  "hidden": { key: "H", range: SIZE, about: "H, the units of the hidden layer" },
  "outputs": { key: "D_out", range: SIZE, about: "D_out, the numbers in an output" },
  "log-every": { key: "logEvery", range: COUNT, about: "print every K-th loss, and always the last" },
};

/** The defaults that are no script's own. */
const BASE = { seed: 0, logEvery: 1, backend: "auto" };

/** Text with nothing in it that a terminal would obey. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}]/gu,
    (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`,
  );
}

/** What `--backend` takes. */
const choices = ({ backends }: Script) => ["auto", ...Object.keys(backends ?? {})];

/**
 * Reads the flags of a script.
 *
 * @returns The options, or `undefined` where the help is asked for.
 * @throws {UserError} On an unknown flag, a value that its flag does not take, a stray
 *   argument, or sizes that make the matrices too large.
 */
export function parseOptions(script: Script, args: string[]): Options | undefined {
  const names = [...Object.keys(FLAGS), ...(script.backends ? ["backend"] : [])];
  const values = parseFlags(names, args);
  if (values.help) return undefined;

  const options: Options = { ...BASE, ...script.defaults };
  for (const name of Object.keys(FLAGS)) {
    const text = values[name];
    if (typeof text === "string") options[FLAGS[name].key] = parseNumber(name, text);
  }
  if (typeof values.backend === "string") {
    if (!choices(script).includes(values.backend)) {
      throw mistake("backend", values.backend, choices(script).join(", "));
    }
    options.backend = values.backend;
  }
  checkSizes(options, script.limit ?? MOST);
  return options;
}

/** The texts that the flags were given; fails on what is no flag, or lacks its text. */
function parseFlags(names: string[], args: string[]): Record<string, unknown> {
  const strings = Object.fromEntries(names.map((name) => [name, { type: "string" } as const]));
  const help = { type: "boolean", short: "h" } as const;
  try {
    return parseArgs({ args, options: { ...strings, help } }).values;
  } catch (error) {
    const [reason] = (error as Error).message.split(/\. |\.?\n/);
    throw new UserError(`Cannot read the flags: ${reason}, see --help`, 2);
  }
}

/** The error of a value that a flag does not take. */
function mistake(flag: string, value: string, takes: string): UserError {
  return new UserError(`Cannot use --${flag} ${JSON.stringify(value)}: it takes ${takes}`, 2);
}

/** Reads the value of a flag; fails on one that the flag does not take. */
function parseNumber(name: string, text: string): number {
  const { range } = FLAGS[name];
  const pattern = range ? /^\d+(\.0*)?(e\+?\d+)?$/i : /^(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
  const value = pattern.test(text) ? Number(text) : NaN;
  const [least, most] = range ?? [Number.MIN_VALUE, Number.MAX_VALUE];
  if (value >= least && value <= most) return value;
  const whole = `a whole number from ${least} to ${most}`;
  throw mistake(name, text, range ? whole : "a number above 0 that float64 can hold");
}

/** Fails if the matrices hold more numbers than that; names the largest one's flags. */
function checkSizes({ N, D_in, H, D_out }: Options, most: number) {
  const matrices = ([
    ["batch-size", N, "inputs", D_in],
    ["batch-size", N, "outputs", D_out],
    ["inputs", D_in, "hidden", H],
    ["hidden", H, "outputs", D_out],
    ["batch-size", N, "hidden", H],
  ] as const).map(([rowsFlag, rows, columnsFlag, columns]) => ({
    flags: `--${rowsFlag} ${rows} with --${columnsFlag} ${columns}`,
    numbers: rows * columns,
  }));
  const total = matrices.reduce((total, { numbers }) => total + numbers, 0);
  if (total <= most) return;
  const [largest] = matrices.sort((a, b) => b.numbers - a.numbers);
  const reason = `the matrices may hold ${most} numbers together, not ${total}`;
  throw new UserError(`Cannot use ${largest.flags}: ${reason}`, 2);
}

/** The text that `--help` prints. */
export function help(script: Script): string {
  const byDefault = { ...BASE, ...script.defaults };
  const rows = Object.entries(FLAGS).map(([name, { key, range, about }]) => {
    const letter = key === "logEvery" ? "K" : range ? "N" : "X";
    const value = byDefault[key];
    const shown = value > 0 && value < 1 ? value.toExponential() : value;
    const ranged = range ? `${range[0]} to ${range[1]}` : "above 0";
    return [`--${name} ${letter}`, `${about}, ${ranged}, default ${shown}`];
  });
  if (script.backends) rows.push(["--backend NAME", `${choices(script).join(", ")}; default auto`]);
  rows.push(["-h, --help", "print this text"]);
  const flags = rows.map(([flag, about]) => `  ${flag.padEnd(20)}${about}`);
  return `${script.about}\n\nUsage: ${script.command} [flags]\n\n${flags.join("\n")}`;
}
