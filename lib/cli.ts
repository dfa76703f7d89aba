/** The flags that the scripts share. @module */

import { ARRAYS, type Backends } from "./backend.ts";
import { firstLine, UserError } from "./errors.ts";

/** The sizes of the network, and how it is trained. */
type NetworkOptions = Record<"N" | "D_in" | "H" | "D_out" | "steps" | "learningRate", number>;

const SHARED_DEFAULTS = { seed: 0, logEvery: 1, backend: "auto" };

/** What the flags ask for; {@linkcode FLAGS} says what each number is. */
export type Options = NetworkOptions & typeof SHARED_DEFAULTS;

/** A command, and what it does without flags. */
export interface Command {
  usage: string; // what one types to run it
  about: string; // what it does, in one line
  defaults: NetworkOptions;
  usesArrays?: boolean; // whether it trains with arrays of arrays
  printsLosses?: boolean; // whether it has the flag `--log-every`
  backends?: Backends; // what `--backend` chooses from; with none, or ARRAYS, there is no flag
}

// How many numbers all matrices may have together, so that their copies fit into memory too.
const MAX_NUMBERS = 2 ** 26;
export const MAX_NUMBERS_IN_ARRAYS = 2 ** 23; // of arrays of arrays, each of whose rows is an object

/** Which numbers a flag takes: in words, and as a test. */
type Range = [words: string, includes: (n: number) => boolean];
const COUNT: Range = ["a whole number above 0", (n) => Number.isSafeInteger(n) && n > 0];
const UINT32: Range = ["a whole number from 0 to 4294967295", (n) => n === n >>> 0];
const POSITIVE: Range = ["a number above 0", (n) => n > 0 && n < Infinity];

type Flag = { letter: string; key: Exclude<keyof Options, "backend">; takes: Range; about: string };

/** The flags that take a number; a letter stands for it in the help. */
// deno-fmt-ignore
const FLAGS: Record<string, Flag> = {
  "steps": { letter: "N", key: "steps", takes: COUNT, about: "number of iterations" },
  "seed": { letter: "N", key: "seed", takes: UINT32, about: "seed of NumPy's random numbers" },
  "learning-rate": { letter: "X", key: "learningRate", takes: POSITIVE, about: "this times its gradient is subtracted from each weight" },
  "batch-size": { letter: "N", key: "N", takes: COUNT, about: "N, the samples in a batch" },
  "inputs": { letter: "N", key: "D_in", takes: COUNT, about: "D_in, the numbers in a sample" },
  "hidden": { letter: "N", key: "H", takes: COUNT, about: "H, the units of the hidden layer" },
  "outputs": { letter: "N", key: "D_out", takes: COUNT, about: "D_out, the numbers in an output" },
  "log-every": { letter: "K", key: "logEvery", takes: COUNT, about: "print every K-th loss, and always the last" },
};

/** The names that `--backend` takes: none if there is nothing to choose. */
const backendNames = ({ backends = ARRAYS }: Command) =>
  backends === ARRAYS ? [] : ["auto", ...Object.keys(backends)];

/** The flags of a command that take a number. */
const numberFlags = ({ printsLosses }: Command) =>
  new Map(Object.entries(FLAGS).filter(([name]) => printsLosses || name !== "log-every"));

/** A number as people write it; Number() would also take "", " " and "0x10". */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Reads the flags of a command.
 * @returns The options, or `undefined` if the help is asked for.
 * @throws {UserError} On an unknown flag, a value that its flag does not take, a stray
 *   argument, or sizes that make the matrices too large.
 */
export async function parseOptions(command: Command, args: string[]): Promise<Options | undefined> {
  const words: string[] = [];
  for (const [i, arg] of args.entries()) {
    // npm, unlike Deno, needs "--" before the flags of a task.
    if (i === 0 && arg === "--") continue;
    // In "--seed -1", parseArgs would take -1 for a flag; in "--seed=-1" it does not.
    if (words.length > 0 && /^-[\d.]/.test(arg)) words.push(`${words.pop()}=${arg}`);
    else words.push(arg);
  }
  const names = [...numberFlags(command).keys()];
  if (backendNames(command).length > 0) names.push("backend");
  const strings = Object.fromEntries(names.map((name) => [name, { type: "string" } as const]));
  // Only here, because no browser has it.
  const { parseArgs } = await import("node:util");
  try {
    const options = { ...strings, help: { type: "boolean", short: "h" } } as const;
    const { help, ...texts } = parseArgs({ args: words, options }).values;
    return help ? undefined : readOptions(command, texts);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const [reason] = firstLine(error).split(". ");
    throw new UserError(`Cannot read the flags: ${reason}, see --help`, 2);
  }
}

/** Reads the values of flags, by the flags' names; throws as {@linkcode parseOptions} does. */
export function readOptions(command: Command, texts: Record<string, string>): Options {
  const options: Options = { ...SHARED_DEFAULTS, ...command.defaults };
  const flags = numberFlags(command);
  for (const [name, text] of Object.entries(texts)) {
    if (name === "backend") {
      const names = backendNames(command);
      if (!names.includes(text)) throw invalidValue(name, text, names.join(", "));
      options.backend = text;
      continue;
    }
    const flag = flags.get(name);
    if (!flag) throw new UserError(`Cannot read the flags: Unknown option '--${name}'`, 2);
    const { key, takes: [words, includes] } = flag;
    options[key] = DECIMAL.test(text) ? Number(text) : NaN;
    if (!includes(options[key])) throw invalidValue(name, text, words);
  }

  const { N, D_in, H, D_out } = options;
  const total = N * D_in + N * D_out + D_in * H + H * D_out + N * H;
  const max = command.usesArrays ? MAX_NUMBERS_IN_ARRAYS : MAX_NUMBERS;
  if (total <= max) return options;
  const why = `together they have ${total} numbers, and ${max} is the limit`;
  throw new UserError(`Cannot use matrices of these sizes: ${why}`, 2);
}

const invalidValue = (flag: string, value: string, takes: string) =>
  new UserError(`Cannot use --${flag} ${JSON.stringify(value)}: it takes ${takes}`, 2);

/** The text that `--help` prints. */
export function help(command: Command): string {
  const defaults = { ...SHARED_DEFAULTS, ...command.defaults };
  const rows = [...numberFlags(command)].map(([name, { letter, key, takes: [words], about }]) => {
    const value = defaults[key];
    const shown = value > 0 && value < 1 ? value.toExponential() : value;
    return [`--${name} ${letter}`, `${about}; ${words}, default ${shown}`];
  });
  const backends = backendNames(command).join(", ");
  if (backends) rows.push(["--backend NAME", `${backends}; default auto`]);
  rows.push(["-h, --help", "print this text"]);
  const lines = rows.map(([flag, about]) => `  ${flag.padEnd(20)}${about}`);
  return `${command.about}\n\nUsage: ${command.usage} [flags]\n\n${lines.join("\n")}`;
}
