/** The flags: what they take, and what is said of what they don't. */

import assert from "node:assert/strict";
import { ARRAYS_LIMIT, help, parseOptions, printable, type Script } from "../lib/cli.ts";
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
const DEFAULTS = { ...SCRIPT.defaults, logEvery: 1, seed: 0, backend: "auto" };

Deno.test("without flags, the defaults, which are the original's in all three scripts", () => {
  assert.deepEqual(parseOptions(SCRIPT, []), DEFAULTS);
  assert.deepEqual(parseOptions(WITHOUT_BACKENDS, []), DEFAULTS);
  for (const { SIZES, TRAINING } of [naive, nd, tensor]) {
    assert.deepEqual({ ...SIZES, ...TRAINING }, SCRIPT.defaults);
  }
});

Deno.test("each flag sets its option, and the last of two counts", () => {
  // deno-fmt-ignore
  const args = [
    "--steps", "3", "--seed=7", "--learning-rate", "2.5e-4", "--batch-size=2", "--inputs", "5",
    "--hidden", "6", "--outputs", "4", "--log-every", "9", "--backend", "wasm", "--backend", "cpu",
  ];
  assert.deepEqual(parseOptions(SCRIPT, args), {
    N: 2,
    D_in: 5,
    H: 6,
    D_out: 4,
    steps: 3,
    learningRate: 2.5e-4,
    logEvery: 9,
    seed: 7,
    backend: "cpu",
  });
});

Deno.test("numbers may be written with a point or an exponent", () => {
  for (const [text, steps] of [["7.", 7], ["7.00", 7], ["2E+3", 2000], ["1.0e2", 100]] as const) {
    assert.equal(parseOptions(SCRIPT, ["--steps", text])?.steps, steps);
  }
  assert.equal(parseOptions(SCRIPT, ["--learning-rate", ".5"])?.learningRate, 0.5);
  assert.equal(parseOptions(SCRIPT, ["--seed", "4294967295"])?.seed, 4294967295);
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

const WHOLE = "it takes a whole number from";
const ABOVE_0 = "it takes a number above 0 that float64 can hold";

Deno.test("a value that is no number, or none that the flag takes, is refused", () => {
  for (const text of ["", "0x10", "NaN", "1e999", "Infinity", "ten", "1_000", " 5", "0"]) {
    const quoted = JSON.stringify(text);
    assertRefused(
      [`--steps=${text}`],
      `Cannot use --steps ${quoted}: ${WHOLE} 1 to 9007199254740991`,
    );
    assertRefused([`--learning-rate=${text}`], `Cannot use --learning-rate ${quoted}: ${ABOVE_0}`);
  }
  for (const text of ["0.5", "1e300", "9007199254740993", "0.99999999999999999999999", "1e-1"]) {
    assertRefused(
      [`--log-every=${text}`],
      `Cannot use --log-every "${text}": ${WHOLE} 1 to 9007199254740991`,
    );
  }
  for (const text of ["-1", "0.5", "4294967296", "1e-400"]) {
    assertRefused([`--seed=${text}`], `Cannot use --seed "${text}": ${WHOLE} 0 to 4294967295`);
  }
  for (const name of ["batch-size", "inputs", "hidden", "outputs"]) {
    for (const text of ["0", "1.5", "67108865"]) {
      assertRefused(
        [`--${name}=${text}`],
        `Cannot use --${name} "${text}": ${WHOLE} 1 to 67108864`,
      );
    }
  }
  assertRefused(["--learning-rate=1e-999"], `Cannot use --learning-rate "1e-999": ${ABOVE_0}`);
  assertRefused(["--backend=gpu"], 'Cannot use --backend "gpu": it takes auto, wasm, cpu');
  assertRefused(["--backend="], 'Cannot use --backend "": it takes auto, wasm, cpu');
});

Deno.test("what is no flag, or lacks its value, is refused in one line", () => {
  const mistakes: [args: string[], reason: string][] = [
    [["--step", "3"], "Unknown option '--step'"],
    [["--toString", "3"], "Unknown option '--toString'"],
    [["-s", "3"], "Unknown option '-s'"],
    [["-hx"], "Unknown option '-x'"],
    [["--help=yes"], "Option '-h, --help' does not take an argument"],
    [["--steps"], "Option '--steps <value>' argument missing"],
    [["--steps", "5", "--steps"], "Option '--steps <value>' argument missing"],
    [["--steps", "--hidden", "5"], "Option '--steps' argument is ambiguous"],
    [["--steps", "-5"], "Option '--steps' argument is ambiguous"],
    [["ten"], "Unexpected argument 'ten'"],
    [["--", "--steps"], "Unexpected argument '--steps'"],
  ];
  for (const [args, reason] of mistakes) {
    assertRefused(args, `Cannot read the flags: ${reason}, see --help`);
  }
  assertRefused(
    ["--backend", "cpu"],
    "Cannot read the flags: Unknown option '--backend', see --help",
    WITHOUT_BACKENDS,
  );
});

Deno.test("nothing that a terminal would obey is printed", () => {
  assert.equal(
    printable("a\nb\x1b[31m\x9b\x7f\u202e\u{e0001}µ"),
    [
      "a\\u{a}b\\u{1b}[31m\\u{9b}\\u{7f}\\u{202e}\\u{e0001}µ",
    ].join(),
  );
});

/** The flags for these sizes. */
const sizes = (N: number, D_in: number, H: number, D_out: number) => [
  `--batch-size=${N}`,
  `--inputs=${D_in}`,
  `--hidden=${H}`,
  `--outputs=${D_out}`,
];

Deno.test("matrices that are too large together are refused, the largest one's flags named", () => {
  assert.equal(parseOptions(SCRIPT, sizes(4096, 4096, 4096, 1024))?.D_in, 4096);
  // x has n numbers, w1 and w2 one each, y and h n each.
  for (
    const [script, most] of [[SCRIPT, 2 ** 26], [
      { ...SCRIPT, limit: ARRAYS_LIMIT },
      2 ** 23,
    ]] as const
  ) {
    const n = Math.floor((most - 2) / 3);
    assert.equal(parseOptions(script, sizes(n, 1, 1, 1))?.N, n);
    const reason = `the matrices may hold ${most} numbers together, not ${3 * (n + 1) + 2}`;
    assertRefused(
      sizes(n + 1, 1, 1, 1),
      `Cannot use --batch-size ${n + 1} with --inputs 1: ${reason}`,
      script,
    );
  }
  assertRefused(
    ["--inputs=10000", "--hidden=10000"],
    "Cannot use --inputs 10000 with --hidden 10000: the matrices may hold 67108864 numbers together, not 101380640",
  );
});
