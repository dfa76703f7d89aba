/** The flags: what they take, and what is said of what they don't. */

import assert from "node:assert/strict";
import { type Command, help, MOST_IN_ARRAYS, parseOptions } from "../lib/cli.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";

const COMMAND: Command = {
  command: "deno run script.ts",
  about: "Trains.",
  defaults: { N: 64, D_in: 1000, H: 100, D_out: 10, steps: 500, learningRate: 1e-6 },
  backends: { blas: () => ({ device: "" }), wasm: () => ({ device: "" }) },
};
const { backends: _, ...WITHOUT_BACKENDS } = COMMAND;

Deno.test("without flags, the defaults, which are the original's in all three scripts", () => {
  const expected = { ...COMMAND.defaults, logEvery: 1, seed: 0, backend: "auto" };
  for (const script of [COMMAND, WITHOUT_BACKENDS]) {
    assert.deepEqual(parseOptions(script, []), expected);
  }
  for (const { SIZES, TRAINING } of [naive, nd, tensor]) {
    assert.deepEqual({ ...SIZES, ...TRAINING }, COMMAND.defaults);
  }
});

Deno.test("each flag sets its option, and the last of two counts", () => {
  // deno-fmt-ignore
  const args = [
    "--steps", "2e3", "--seed=4294967295", "--learning-rate", ".5", "--batch-size=2", "--inputs", "5",
    "--hidden", "6", "--outputs", "4", "--log-every", "9", "--backend", "blas", "--backend", "wasm",
  ];
  // deno-fmt-ignore
  assert.deepEqual(parseOptions(COMMAND, args), {
    N: 2, D_in: 5, H: 6, D_out: 4, steps: 2000, learningRate: 0.5, logEvery: 9, seed: 4294967295,
    backend: "wasm",
  });
});

Deno.test("--help asks for the help, which has every flag and its default", () => {
  assert.equal(parseOptions(COMMAND, ["--steps", "3", "-h"]), undefined);
  assert.equal(
    help(COMMAND),
    `Trains.

Usage: deno run script.ts [flags]

  --steps N           number of iterations; a whole number above 0, default 500
  --seed N            seed of NumPy's random numbers; a whole number from 0 to 4294967295, default 0
  --learning-rate X   each weight moves by this times its gradient; a number above 0, default 1e-6
  --batch-size N      N, the samples in a batch; a whole number above 0, default 64
  --inputs N          D_in, the numbers in a sample; a whole number above 0, default 1000
  --hidden N          H, the units of the hidden layer; a whole number above 0, default 100
  --outputs N         D_out, the numbers in an output; a whole number above 0, default 10
  --log-every K       print every K-th loss, and always the last; a whole number above 0, default 1
  --backend NAME      auto, blas, wasm; default auto
  -h, --help          print this text`,
  );
  assert.ok(!help(WITHOUT_BACKENDS).includes("--backend"));
});

/** Fails unless the flags are refused with that text, and with code 2. */
function assertRefused(args: string[], message: string, script = COMMAND) {
  assert.throws(() => parseOptions(script, args), { message, exitCode: 2 }, args.join(" "));
}

Deno.test("a value that is no number, or none that the flag takes, is refused", () => {
  const none = ["", "-1", "ten", "NaN", "1e999"];
  const refusals: [name: string, texts: string[], takes: string][] = [
    ["steps", [...none, "0", "0.5", "9007199254740993"], "a whole number above 0"],
    ["hidden", [...none, "0", "0.5"], "a whole number above 0"],
    ["seed", [...none, "0.5", "4294967296"], "a whole number from 0 to 4294967295"],
    ["learning-rate", [...none, "0"], "a number above 0"],
    ["backend", ["gpu", "toString", ""], "auto, blas, wasm"],
  ];
  for (const [name, texts, takes] of refusals) {
    for (const text of texts) {
      const message = `Cannot use --${name} ${JSON.stringify(text)}: it takes ${takes}`;
      assertRefused([`--${name}=${text}`], message);
    }
  }
});

Deno.test("what is no flag, or lacks its value, is refused in one line", () => {
  const mistakes: [args: string[], reason: string][] = [
    [["--step", "3"], "Unknown option '--step'"],
    [["--steps", "5", "--steps"], "Option '--steps <value>' argument missing"],
    [["--steps", "--hidden", "5"], "Option '--steps' argument is ambiguous"],
    [["ten"], "Unexpected argument 'ten'"],
  ];
  for (const [args, reason] of mistakes) {
    assertRefused(args, `Cannot read the flags: ${reason}, see --help`);
  }
  const none = "Cannot use --backend: there is none to choose here";
  assertRefused(["--backend", "wasm"], none, WITHOUT_BACKENDS);
});

Deno.test("what npm's users type, and a negative number, are read as they are meant", () => {
  assert.equal(parseOptions(COMMAND, ["--", "--steps", "3"])?.steps, 3);
  const message = 'Cannot use --learning-rate "-1e-6": it takes a number above 0';
  assertRefused(["--steps", "3", "--learning-rate", "-1e-6"], message);
  assertRefused(["--learning-rate", "-.5"], message.replace("-1e-6", "-.5"));
});

Deno.test("matrices that are too large together are refused", () => {
  /** The flags for n samples, and 1 of all else: x, y and h have n numbers, w1 and w2 one each. */
  const samples = (n: number) => [`--batch-size=${n}`, "--inputs=1", "--hidden=1", "--outputs=1"];
  for (const [script, most] of [[COMMAND, 2 ** 26], [WITHOUT_BACKENDS, MOST_IN_ARRAYS]] as const) {
    const n = Math.floor((most - 2) / 3);
    assert.equal(parseOptions(script, samples(n))?.N, n);
    const reason = `they may hold ${most} numbers together, not ${3 * n + 5}`;
    assertRefused(samples(n + 1), `Cannot use matrices of these sizes: ${reason}`, script);
  }
  const args = ["--batch-size=2", "--inputs=8192", "--hidden=8192", "--outputs=3"];
  const reason = "they may hold 67108864 numbers together, not 67166214";
  assertRefused(args, `Cannot use matrices of these sizes: ${reason}`);
});
