/** The flags: what they take, and what is said of what they don't. */

import assert from "node:assert/strict";
import { parseOptions, type Script } from "../lib/cli.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";

const SCRIPT: Script = {
  command: "deno run script.ts",
  about: "Trains.",
  defaults: { N: 64, D_in: 1000, H: 100, D_out: 10, steps: 500, learningRate: 1e-6 },
};
const WITH_BACKENDS = { ...SCRIPT, backends: ["wasm", "cpu"] };
const WHOLE = "it takes a whole number from 1 to";

const DEFAULTS = {
  N: 64,
  D_in: 1000,
  H: 100,
  D_out: 10,
  steps: 500,
  learningRate: 1e-6,
  logEvery: 1,
  seed: 0,
  backend: "wasm",
};

Deno.test("without flags, the defaults", () => {
  assert.deepEqual(parseOptions(WITH_BACKENDS, []), DEFAULTS);
  assert.deepEqual(parseOptions(SCRIPT, []), { ...DEFAULTS, backend: "" });
});

Deno.test("each flag sets its option", () => {
  // deno-fmt-ignore
  const args = [
    "--steps", "3", "--seed=7", "--learning-rate", "2.5e-4", "--batch-size=2", "--inputs", "5",
    "--hidden", "6", "--outputs", "4", "--log-every", "9", "--backend", "cpu",
  ];
  assert.deepEqual(parseOptions(WITH_BACKENDS, args), {
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

Deno.test("the last of two counts, and the edges of the ranges", () => {
  assert.equal(parseOptions(SCRIPT, ["--steps", "3", "--steps", "4"])?.steps, 4);
  assert.equal(parseOptions(SCRIPT, ["--seed", "4294967295"])?.seed, 4294967295);
  assert.equal(parseOptions(SCRIPT, ["--steps", "1e3"])?.steps, 1000);
  assert.equal(parseOptions(SCRIPT, ["--learning-rate", ".5"])?.learningRate, 0.5);
  // x, w1 and h of 2^24 numbers each, y and w2 of 2^22.
  const large = [
    "--batch-size",
    "4096",
    "--inputs",
    "4096",
    "--hidden",
    "4096",
    "--outputs",
    "1024",
  ];
  assert.equal(parseOptions(SCRIPT, large)?.D_in, 4096);
});

Deno.test("--help asks for the help, wherever it stands", () => {
  assert.equal(parseOptions(SCRIPT, ["--help"]), undefined);
  assert.equal(parseOptions(SCRIPT, ["--steps", "3", "-h"]), undefined);
});

const MISTAKES: [args: string[], message: string][] = [
  // Numbers that no flag takes.
  ...["", "-5", "0x10", "NaN", "1e999", "Infinity", "ten", "1_000", " 1", "1\n2"].flatMap((text) =>
    (["steps", "batch-size", "log-every", "learning-rate"] as const).map((
      name,
    ): [string[], string] => {
      const takes = {
        "steps": `${WHOLE} 9007199254740991`,
        "batch-size": `${WHOLE} 67108864`,
        "log-every": `${WHOLE} 9007199254740991`,
        "learning-rate": "it takes a number above 0 that float64 can hold",
      }[name];
      return [[`--${name}`, text], `Cannot use --${name} ${JSON.stringify(text)}: ${takes}`];
    })
  ),
  // Numbers that a flag does not take.
  ...["0", "0.5", "1e300", "9007199254740993", "0.99999999999999999999999", "1e-1"].map((
    text,
  ): [string[], string] => [
    ["--steps", text],
    `Cannot use --steps "${text}": ${WHOLE} 9007199254740991`,
  ]),
  ...["0", "1.5", "67108865"].flatMap((text) =>
    ["batch-size", "inputs", "hidden", "outputs"].map((name): [string[], string] => [
      [`--${name}`, text],
      `Cannot use --${name} "${text}": ${WHOLE} 67108864`,
    ])
  ),
  ...["-1", "0.5", "4294967296", "1e-400", "0.0000000000000000000000000001"].map((
    text,
  ): [string[], string] => [
    ["--seed", text],
    `Cannot use --seed "${text}": it takes a whole number from 0 to 4294967295`,
  ]),
  ...["0", "1e-999"].map((text): [string[], string] => [
    ["--learning-rate", text],
    `Cannot use --learning-rate "${text}": it takes a number above 0 that float64 can hold`,
  ]),
  [["--backend", "gpu"], 'Cannot use --backend "gpu": it takes wasm, cpu'],
  [["--backend"], 'Cannot use --backend "": it takes wasm, cpu'],
  // Flags without a value, and values without a flag.
  [["--steps"], `Cannot use --steps "": ${WHOLE} 9007199254740991`],
  [["--steps", "--hidden", "5"], `Cannot use --steps "--hidden": ${WHOLE} 9007199254740991`],
  [["ten"], 'Cannot use the argument "ten": there are only flags, see --help'],
  [["--", "--steps"], 'Cannot use the argument "--steps": there are only flags, see --help'],
  // Flags that there are not.
  [["--step", "3"], "Cannot use --step: there is no such flag, see --help"],
  [["--toString", "3"], "Cannot use --toString: there is no such flag, see --help"],
  [["-s", "3"], "Cannot use -s: there is no such flag, see --help"],
  [["--help=yes"], "Cannot use --help: it takes no value"],
  [["-h="], "Cannot use -h=: there is no such flag, see --help"],
  [["-h-x"], "Cannot use -h-x: there is no such flag, see --help"],
  [["-h-"], "Cannot use -h-: there is no such flag, see --help"],
  [["--steps", "1", "-h--z"], "Cannot use -h--z: there is no such flag, see --help"],
  [["--", "-h-x"], 'Cannot use the argument "-h-x": there are only flags, see --help'],
  [["-hx"], "Cannot use -hx: there is no such flag, see --help"],
  // Nothing that a terminal would obey.
  [["--a\nb\x1b[31m"], 'Cannot use "--a\\nb\\u001b[31m": there is no such flag, see --help'],
  [["-\x9b"], 'Cannot use "-\\u{9b}": there is no such flag, see --help'],
  [["\x7f\u202e"], 'Cannot use the argument "\\u{7f}\\u{202e}": there are only flags, see --help'],
  [["--steps", "\u{e0001}"], `Cannot use --steps "\\u{e0001}": ${WHOLE} 9007199254740991`],
  // Matrices that would be too large.
  [
    ["--inputs", "10000", "--hidden", "10000"],
    "Cannot use --inputs 10000 with --hidden 10000: the matrices may hold 67108864 numbers together, not 101380640",
  ],
  [
    ["--batch-size", "67108864"],
    "Cannot use --batch-size 67108864 with --inputs 1000: the matrices may hold 67108864 numbers together, not 74490940040",
  ],
];

for (const [args, message] of MISTAKES) {
  Deno.test(`a mistake: ${JSON.stringify(args.join(" "))}`, () => {
    assert.throws(() => parseOptions(WITH_BACKENDS, args), { name: "RangeError", message });
  });
}

Deno.test("a script may set a lower limit to its matrices", () => {
  const small = ["--batch-size", "1", "--inputs", "1", "--hidden", "2", "--outputs", "1"];
  const limited = (numbers: number, perRow: number) => ({ ...SCRIPT, limit: { numbers, perRow } });
  assert.equal(parseOptions(limited(8, 0), small)?.H, 2);
  assert.throws(() => parseOptions(limited(7, 0), small), {
    message:
      "Cannot use --inputs 1 with --hidden 2: the matrices may hold 7 numbers together, not 8",
  });
  // Two matrices of one row or column, three of two.
  assert.equal(parseOptions(limited(16, 1), small)?.H, 2);
  assert.throws(() => parseOptions(limited(15, 1), small), {
    message: "Cannot use --inputs 1 with --hidden 2: " +
      "the matrices may hold 15 numbers together (a row counts as 1 more), not 16",
  });
});

Deno.test("the three scripts have the original's sizes and training", () => {
  const { N, D_in, H, D_out, steps, learningRate } = SCRIPT.defaults;
  for (const { SIZES, TRAINING } of [naive, nd, tensor]) {
    assert.deepEqual(SIZES, { N, D_in, H, D_out });
    assert.deepEqual(TRAINING, { steps, learningRate });
  }
});

Deno.test("whole numbers may be written with a point or an exponent", () => {
  for (const [text, steps] of [["7.", 7], ["7.00", 7], ["2E+3", 2000], ["1.0e2", 100]] as const) {
    assert.equal(parseOptions(SCRIPT, ["--steps", text])?.steps, steps);
  }
});

Deno.test("--backend is unknown to a script that has no choice", () => {
  assert.throws(() => parseOptions(SCRIPT, ["--backend", "cpu"]), {
    message: "Cannot use --backend: there is no such flag, see --help",
  });
});
