/** The flags that the scripts share. @module */

import { firstLine, UserError } from "./errors.ts";

/** The flags that take a number, and which option each of them sets. */
const FLAGS = {
  "steps": { option: "steps", about: "the number of iterations" },
  "seed": { option: "seed", about: "the seed of NumPy's random numbers" },
  "learning-rate": { option: "learningRate", about: "how far a gradient moves its weight" },
  "batch-size": { option: "N", about: "N, the samples in a batch" },
  "inputs": { option: "D_in", about: "D_in, the numbers in a sample" },
  "hidden": { option: "H", about: "H, the units of the hidden layer" },
  "outputs": { option: "D_out", about: "D_out, the numbers in an output" },
  "log-every": { option: "logEvery", about: "print one loss in so many, and always the last" },
} as const;

type FlagName = keyof typeof FLAGS;

type Numbers = Record<typeof FLAGS[FlagName]["option"], number>;

/** What the flags ask for. */
export type Options = Numbers & { backend: string };

/** What a script does without flags. */
export type Defaults = Omit<Numbers, "seed" | "logEvery">;

const SHARED_DEFAULTS = { seed: 0, logEvery: 1, backend: "auto" };

const MAX_SEED = 2 ** 32 - 1; // NumPy's
const MAX_NUMBERS = 2 ** 23; // in all matrices together, so that arrays of them fit into 2 GB

/** A number as people write it. Number() would also take "", " " and "0x10". */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Reads the flags of a command.
 *
 * @param defaults The options that the flags change.
 * @param backends The names that `--backend` takes. With one name there is no such flag.
 * @returns The options, or `undefined` if the help is asked for.
 * @throws {UserError} On an unknown flag, a stray word, or what {@linkcode readValues} refuses.
 */
export async function readFlags(
  args: string[],
  defaults: Defaults,
  backends: string[],
): Promise<Options | undefined> {
  const { parseArgs } = await import("node:util"); // only here, because no browser has it
  const names = [...Object.keys(FLAGS), ...backends.length > 1 ? ["backend"] : []];
  const strings = Object.fromEntries(names.map((name) => [name, { type: "string" } as const]));
  const flags = { ...strings, help: { type: "boolean", short: "h" } } as const;
  let parsed;
  try {
    parsed = parseArgs({ args: joinNegatives(args), options: flags });
  } catch (error) {
    const reason = firstLine(error).split(". ")[0];
    throw new UserError(`Cannot read the flags: ${reason}, see --help`, 2);
  }
  const { help, ...texts } = parsed.values;
  if (help) return undefined;
  return readValues(texts, defaults, backends);
}

/** Makes `--seed=-1` of `--seed -1`, where parseArgs would take `-1` for a flag. */
function joinNegatives(args: string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    if (/^-[\d.]/.test(arg) && joined.length > 0) joined.push(`${joined.pop()}=${arg}`);
    else joined.push(arg);
  }
  return joined;
}

/**
 * Reads what flags are set to.
 *
 * @param texts The values, by the flags' names.
 * @throws {UserError} On an unknown name, a value that its flag does not take, or sizes that make
 *   the matrices too large.
 */
export function readValues(
  texts: Record<string, string>,
  defaults: Defaults,
  backends: string[],
): Options {
  const options: Options = { ...SHARED_DEFAULTS, ...defaults };
  for (const [name, text] of Object.entries(texts)) {
    if (name === "backend") options.backend = readName(text, backends);
    else if (Object.hasOwn(FLAGS, name)) {
      options[FLAGS[name as FlagName].option] = readNumber(name, text);
    } else throw new UserError(`Cannot read the flags: Unknown option '--${name}'`, 2);
  }
  const { N, D_in, H, D_out } = options;
  const numbers = N * D_in + N * D_out + D_in * H + H * D_out + N * H;
  if (numbers > MAX_NUMBERS) {
    const why = `together they have ${numbers} numbers, and ${MAX_NUMBERS} is the limit`;
    throw new UserError(`Cannot use matrices of these sizes: ${why}`, 2);
  }
  return options;
}

function readName(text: string, backends: string[]): string {
  const names = ["auto", ...backends];
  if (names.includes(text)) return text;
  throw invalidValue("backend", text, names.join(", "));
}

function readNumber(name: string, text: string): number {
  const number = DECIMAL.test(text) ? Number(text) : NaN;
  switch (name) {
    case "learning-rate":
      if (number > 0 && number < Infinity) return number;
      throw invalidValue(name, text, "a number above 0");
    case "seed":
      if (Number.isInteger(number) && number >= 0 && number <= MAX_SEED) return number;
      throw invalidValue(name, text, `a whole number from 0 to ${MAX_SEED}`);
    default:
      if (Number.isSafeInteger(number) && number > 0) return number;
      throw invalidValue(name, text, "a whole number above 0");
  }
}

function invalidValue(name: string, text: string, takes: string): UserError {
  return new UserError(`Cannot use --${name} ${JSON.stringify(text)}: it takes ${takes}`, 2);
}

/** The text that `--help` prints, below the line that says what a script is. */
export function describeFlags(defaults: Defaults, backends: string[]): string {
  const values: Options = { ...SHARED_DEFAULTS, ...defaults };
  const lines = Object.entries(FLAGS).map(([name, { option, about }]) =>
    `  --${name} NUMBER`.padEnd(26) + `${about}; default ${values[option]}`
  );
  if (backends.length > 1) {
    lines.push(`  --backend NAME          auto, ${backends.join(", ")}; default auto`);
  }
  return [...lines, "  -h, --help              print this text"].join("\n");
}
