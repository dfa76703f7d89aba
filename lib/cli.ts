/**
 * The flags that the scripts share.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { UserError } from "./errors.ts";

/** What the command line asks for; the flags below say what each of them is. */
export interface Options {
  N: number;
  D_in: number;
  H: number;
  D_out: number;
  steps: number;
  learningRate: number;
  seed: number;
  logEvery: number;
  /** `auto`, or the name of one of the script's backends. */
  backend: string;
}

/** What a script is, and what it does without flags. */
export interface Script {
  /** What one types to run it. */
  command: string;
  /** What it does, in one line. */
  about: string;
  /** Its sizes, and how it trains. */
  defaults: Omit<Options, keyof typeof COMMON>;
  /** What `--backend` takes besides `auto`, by name; without, there is no such flag. */
  backends?: object;
  /** How many numbers its matrices may hold together; {@linkcode MOST}, if left out. */
  limit?: number;
}

/** Numbers in all matrices together, of which the copies of an iteration still fit into memory. */
const MOST = 2 ** 26;

/** The same for arrays of arrays: a row is an object, and takes memory of its own. */
export const ARRAYS_LIMIT = 2 ** 23;

/** A flag with a number: a whole one in a range, or any above 0. */
interface NumberFlag {
  key: Exclude<keyof Options, "backend">;
  range?: readonly [least: number, most: number];
  about: string;
}

const SIZE = [1, MOST] as const;
const COUNT = [1, Number.MAX_SAFE_INTEGER] as const;

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
const COMMON = { seed: 0, logEvery: 1, backend: "auto" };

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

  const options: Options = { ...COMMON, ...script.defaults };
  for (const [name, text] of Object.entries(values)) {
    if (name in FLAGS) options[FLAGS[name].key] = parseNumber(name, text);
    else options.backend = text;
  }
  if (!choices(script).includes(options.backend)) {
    throw mistake("backend", options.backend, choices(script).join(", "));
  }
  const { N, D_in, H, D_out } = options;
  const total = N * D_in + N * D_out + D_in * H + H * D_out + N * H;
  const most = script.limit ?? MOST;
  if (total <= most) return options;
  throw new UserError(
    `Cannot use matrices of these sizes: they may hold ${most} numbers together, not ${total}`,
    2,
  );
}

/** The texts that the flags were given; fails on what is no flag, or lacks its text. */
function parseFlags(names: string[], args: string[]): Record<string, string> {
  const strings = Object.fromEntries(names.map((name) => [name, { type: "string" } as const]));
  const help = { type: "boolean", short: "h" } as const;
  try {
    const { values } = parseArgs({ args, options: { ...strings, help } });
    return values as Record<string, string>;
  } catch (error) {
    const [reason] = (error as Error).message.split(/\. |\.?\n/);
    throw new UserError(`Cannot read the flags: ${reason}, see --help`, 2);
  }
}

/** The error of a value that a flag does not take. */
const mistake = (flag: string, value: string, takes: string) =>
  new UserError(`Cannot use --${flag} ${JSON.stringify(value)}: it takes ${takes}`, 2);

/** Reads the value of a flag; fails on one that the flag does not take. */
function parseNumber(name: string, text: string): number {
  const { range } = FLAGS[name];
  const value = /^[\d.]+(e[-+]?\d+)?$/i.test(text) ? Number(text) : NaN;
  const [least, most] = range ?? [Number.MIN_VALUE, Number.MAX_VALUE];
  if (value >= least && value <= most && !(range && value % 1)) return value;
  throw mistake(name, text, range ? `a whole number from ${least} to ${most}` : "a number above 0");
}

/** The text that `--help` prints. */
export function help(script: Script): string {
  const byDefault = { ...COMMON, ...script.defaults };
  const rows = Object.entries(FLAGS).map(([name, { key, range, about }]) => {
    const letter = key === "logEvery" ? "K" : range ? "N" : "X";
    const value = byDefault[key];
    const shown = value > 0 && value < 1 ? value.toExponential() : value;
    return [
      `--${name} ${letter}`,
      `${about}, ${range?.join(" to ") ?? "above 0"}, default ${shown}`,
    ];
  });
  if (script.backends) rows.push(["--backend NAME", `${choices(script).join(", ")}; default auto`]);
  rows.push(["-h, --help", "print this text"]);
  const flags = rows.map(([flag, about]) => `  ${flag.padEnd(20)}${about}`);
  return `${script.about}\n\nUsage: ${script.command} [flags]\n\n${flags.join("\n")}`;
}
