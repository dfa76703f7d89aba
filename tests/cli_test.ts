/** The flags: what they take, and what is said of what they don't. */

import assert from "node:assert/strict";
import { ARRAYS_LIMIT, help, parseOptions, type Script } from "../lib/cli.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";

const SCRIPT: Script = {
  command: "deno run script.ts",
  about: "Trains.",
  defaults: { N: 64, D_in: 1000, H: 100, D_out: 10, steps: 500, learningRate: 1e-6 },
  backends: { wasm: 1, cpu: 1 },
};
const { backends: _, ...WITHOUT_BACKENDS } = SCRIPT;

Deno.test("without flags, the defaults, which are the original's in all three scripts", () => {
  const expected = { ...SCRIPT.defaults, logEvery: 1, seed: 0, backend: "auto" };
  for (const script of [SCRIPT, WITHOUT_BACKENDS]) {
    assert.deepEqual(parseOptions(script, []), expected);
  }
  for (const { SIZES, TRAINING } of [naive, nd, tensor]) {
    assert.deepEqual({ ...SIZES, ...TRAINING }, SCRIPT.defaults);
  }
});

Deno.test("each flag sets its option, and the last of two counts", () => {
  // deno-fmt-ignore
  const args = [
    "--steps", "2.0E+3", "--seed=4294967295", "--learning-rate", ".5", "--batch-size=2", "--inputs", "5",
    "--hidden", "6.", "--outputs", "4", "--log-every", "9", "--backend", "wasm", "--backend", "cpu",
  ];
  // deno-fmt-ignore
  assert.deepEqual(parseOptions(SCRIPT, args), {
    N: 2, D_in: 5, H: 6, D_out: 4, steps: 2000, learningRate: 0.5, logEvery: 9, seed: 4294967295,
    backend: "cpu",
  });
});

Deno.test("--help asks for the help, which has every flag with its range and default", () => {
  assert.equal(parseOptions(SCRIPT, ["--help"]), undefined);
  assert.equal(parseOptions(SCRIPT, ["--steps", "3", "-h"]), undefined);
  assert.equal(
    help(SCRIPT),
    `Trains.

Usage: deno run script.ts [flags]

  --steps N           number of iterations, 1 to 9007199254740991, default 500
  --seed N            seed of NumPy's random numbers, 0 to 4294967295, default 0
  --learning-rate X   how far a weight moves, over its gradient, above 0, default 1e-6
  --batch-size N      N, the samples in a batch, 1 to 67108864, default 64
  --inputs N          D_in, the numbers in a sample, 1 to 67108864, default 1000
  --hidden N          H, the units of the hidden layer, 1 to 67108864, default 100
  --outputs N         D_out, the numbers in an output, 1 to 67108864, default 10
  --log-every K       print every K-th loss, and always the last, 1 to 9007199254740991, default 1
  --backend NAME      auto, wasm, cpu; default auto
  -h, --help          print this text`,
  );
  assert.ok(!help(WITHOUT_BACKENDS).includes("--backend"));
});

/** Fails unless the flags are refused with that text, and with code 2. */
function assertRefused(args: string[], message: string, script = SCRIPT) {
  const error = { name: "UserError", message, exitCode: 2 };
  assert.throws(() => parseOptions(script, args), error, args.join(" "));
}

Deno.test("a value that is no number, or none that the flag takes, is refused", () => {
  const none = ["", "0x10", "NaN", "1e999", "Infinity", "ten", "1_000", " 5", "-1", "1.2.3", "."];
  const fractions = ["0.5", "1e-1", "1.5"];
  const range = (least: number, most: number) => `a whole number from ${least} to ${most}`;
  const refusals: [names: string[], texts: string[], takes: string][] = [
    [
      ["steps", "log-every"],
      [...none, ...fractions, "0", "1e300", "9007199254740993"],
      range(1, 2 ** 53 - 1),
    ],
    [["seed"], [...none, ...fractions, "4294967296"], range(0, 2 ** 32 - 1)],
    [
      ["batch-size", "inputs", "hidden", "outputs"],
      [...fractions, "0", "67108865"],
      range(1, 2 ** 26),
    ],
    [["learning-rate"], [...none, "0", "1e-999"], "a number above 0"],
    [["backend"], ["gpu", ""], "auto, wasm, cpu"],
  ];
  for (const [names, texts, takes] of refusals) {
    for (const name of names) {
      for (const text of texts) {
        assertRefused(
          [`--${name}=${text}`],
          `Cannot use --${name} ${JSON.stringify(text)}: it takes ${takes}`,
        );
      }
    }
  }
});

Deno.test("what is no flag, or lacks its value, is refused in one line", () => {
  const mistakes: [args: string[], reason: string][] = [
    [["--step", "3"], "Unknown option '--step'"],
    [["--toString", "3"], "Unknown option '--toString'"],
    [["-hx"], "Unknown option '-x'"],
    [["--help=yes"], "Option '-h, --help' does not take an argument"],
    [["--steps", "5", "--steps"], "Option '--steps <value>' argument missing"],
    [["--steps", "--hidden", "5"], "Option '--steps' argument is ambiguous"],
    [["ten"], "Unexpected argument 'ten'"],
    [["--", "--steps"], "Unexpected argument '--steps'"],
  ];
  for (const [args, reason] of mistakes) {
    assertRefused(args, `Cannot read the flags: ${reason}, see --help`);
  }
  const unknown = "Cannot read the flags: Unknown option '--backend', see --help";
  assertRefused(["--backend", "cpu"], unknown, WITHOUT_BACKENDS);
});

Deno.test("matrices that are too large together are refused", () => {
  /** The flags for n samples, and 1 of all else: x, y and h have n numbers, w1 and w2 one each. */
  const samples = (n: number) => [`--batch-size=${n}`, "--inputs=1", "--hidden=1", "--outputs=1"];
  const arrays = { ...SCRIPT, limit: ARRAYS_LIMIT };
  for (const [script, most] of [[SCRIPT, 2 ** 26], [arrays, 2 ** 23]] as const) {
    const n = Math.floor((most - 2) / 3);
    assert.equal(parseOptions(script, samples(n))?.N, n);
    const reason = `they may hold ${most} numbers together, not ${3 * n + 5}`;
    assertRefused(samples(n + 1), `Cannot use matrices of these sizes: ${reason}`, script);
  }
  const args = ["--batch-size=2", "--inputs=8192", "--hidden=8192", "--outputs=3"];
  const reason = "they may hold 67108864 numbers together, not 67166214";
  assertRefused(args, `Cannot use matrices of these sizes: ${reason}`);
});
