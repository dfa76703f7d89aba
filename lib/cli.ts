/** The flags that the scripts share. @module */

import { parseArgs } from "node:util";
import type { Backends } from "./backend.ts";
import { firstLine, UserError } from "./errors.ts";

const COMMON = { seed: 0, logEvery: 1, backend: "auto" }; // the defaults of all commands

/** The sizes of the network, and how it is trained. */
type Own = Record<"N" | "D_in" | "H" | "D_out" | "steps" | "learningRate", number>;

/** What the command line asks for; the flags below say what each of them is. */
export type Options = Own & typeof COMMON;

/** A command, and what it does without flags. */
export interface Command {
  command: string; // what one types to run it
  about: string; // what it does, in one line
  defaults: Own;
  backends?: Backends; // what `--backend` chooses from; without them, it computes on arrays
}

/** How many numbers all matrices may have together, so that their copies fit into memory too. */
const MOST = 2 ** 26;

/** The same for arrays of arrays, each of whose rows is an object and takes memory of its own. */
export const MOST_IN_ARRAYS = 2 ** 23;

/** Which numbers a flag takes, in words and as a test. */
type Range = [words: string, includes: (value: number) => boolean];

const COUNT: Range = ["a whole number above 0", (n) => Number.isSafeInteger(n) && n > 0];
const SEED: Range = ["a whole number from 0 to 4294967295", (n) => n === n >>> 0];
const POSITIVE: Range = ["a number above 0", (n) => n > 0 && n < Infinity];

type NumberFlag = [letter: string, key: Exclude<keyof Options, "backend">, Range, about: string];

// deno-fmt-ignore
const FLAGS: Record<string, NumberFlag> = {
  "steps": ["N", "steps", COUNT, "number of iterations"],
  "seed": ["N", "seed", SEED, "seed of NumPy's random numbers"],
  "learning-rate": ["X", "learningRate", POSITIVE, "each weight moves by this times its gradient"],
  "batch-size": ["N", "N", COUNT, "N, the samples in a batch"],
  "inputs": ["N", "D_in", COUNT, "D_in, the numbers in a sample"],
  "hidden": ["N", "H", COUNT, "H, the units of the hidden layer"],
  "outputs": ["N", "D_out", COUNT, "D_out, the numbers in an output"],
  "log-every": ["K", "logEvery", COUNT, "print every K-th loss, and always the last"],
};

const choices = (backends: Backends) => ["auto", ...Object.keys(backends)]; // of `--backend`

/**
 * Reads the flags of a command.
 *
 * @returns The options, or `undefined` if the help is asked for.
 * @throws {UserError} On an unknown flag, a value that its flag does not take, a stray
 *   argument, or sizes that make the matrices too large.
 */
export function parseOptions(command: Command, args: string[]): Options | undefined {
  const { help, backend, ...texts } = parseFlags(args);
  if (help) return undefined;

  const options: Options = { ...COMMON, ...command.defaults };
  if (backend !== undefined) {
    if (!command.backends) {
      throw new UserError("Cannot use --backend: there is none to choose here", 2);
    }
    const names = choices(command.backends);
    if (!names.includes(backend)) throw mistake("backend", backend, names.join(", "));
    options.backend = backend;
  }
  for (const [name, text] of Object.entries(texts)) {
    const [, key, [words, includes]] = FLAGS[name];
    options[key] = text === "" ? NaN : Number(text);
    if (!includes(options[key])) throw mistake(name, text, words);
  }

  const { N, D_in, H, D_out } = options;
  const total = N * D_in + N * D_out + D_in * H + H * D_out + N * H;
  const most = command.backends ? MOST : MOST_IN_ARRAYS;
  if (total <= most) return options;
  const why = `they may hold ${most} numbers together, not ${total}`;
  throw new UserError(`Cannot use matrices of these sizes: ${why}`, 2);
}

/** The texts behind the flags; fails on what is no flag, and on a flag without its text. */
function parseFlags(args: string[]): Record<string, string> {
  const names = [...Object.keys(FLAGS), "backend"];
  const strings = Object.fromEntries(names.map((name) => [name, { type: "string" } as const]));
  const words: string[] = [];
  for (const [i, arg] of args.entries()) {
    // npm, unlike Deno, needs "--" before the flags of a task.
    if (i === 0 && arg === "--") continue;
    // parseArgs takes a negative number for a flag, unless it stands behind "=".
    if (words.length > 0 && /^-[\d.]/.test(arg)) words.push(`${words.pop()}=${arg}`);
    else words.push(arg);
  }
  try {
    const options = { ...strings, help: { type: "boolean", short: "h" } } as const;
    const { values } = parseArgs({ args: words, options });
    return values as Record<string, string>;
  } catch (error) {
    const [reason] = firstLine(error).split(". ");
    throw new UserError(`Cannot read the flags: ${reason}, see --help`, 2);
  }
}

/** The error of a value that a flag does not take. */
const mistake = (flag: string, value: string, takes: string) =>
  new UserError(`Cannot use --${flag} ${JSON.stringify(value)}: it takes ${takes}`, 2);

/** The text that `--help` prints. */
export function help({ command, about, defaults, backends }: Command): string {
  const byDefault = { ...COMMON, ...defaults };
  const rows = Object.entries(FLAGS).map(([name, [letter, key, [range], about]]) => {
    const value = byDefault[key];
    const shown = value > 0 && value < 1 ? value.toExponential() : value;
    return [`--${name} ${letter}`, `${about}; ${range}, default ${shown}`];
  });
  if (backends) rows.push(["--backend NAME", `${choices(backends).join(", ")}; default auto`]);
  rows.push(["-h, --help", "print this text"]);
  const flags = rows.map(([flag, about]) => `  ${flag.padEnd(20)}${about}`);
  return `${about}\n\nUsage: ${command} [flags]\n\n${flags.join("\n")}`;
}
