/** The flags: what they take, and what they refuse. */

import assert from "node:assert/strict";
import { describeFlags, readFlags, readValues } from "../lib/flags.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";

const DEFAULTS = { N: 64, D_in: 1000, H: 100, D_out: 10, steps: 500, learningRate: 1e-6 };
const BACKENDS = ["blas", "wasm"];

Deno.test("without flags, the numbers are the original's", async () => {
  const expected = { ...DEFAULTS, logEvery: 1, seed: 0, backend: "auto" };
  for (const { SIZES, TRAINING } of [naive, nd, tensor]) {
    assert.deepEqual(await readFlags([], { ...SIZES, ...TRAINING }, BACKENDS), expected);
  }
});

Deno.test("each flag sets its option, and the last of two counts", async () => {
  const line = "--steps 2e3 --seed=4294967295 --learning-rate .5 --batch-size=2 --inputs 5 " +
    "--hidden 6 --outputs 4 --log-every 9 --backend blas --backend wasm";
  assert.deepEqual(await readFlags(line.split(" "), DEFAULTS, BACKENDS), {
    N: 2,
    D_in: 5,
    H: 6,
    D_out: 4,
    steps: 2000,
    learningRate: 0.5,
    logEvery: 9,
    seed: 4294967295,
    backend: "wasm",
  });
});

Deno.test("the help names every flag and its default", async () => {
  assert.equal(await readFlags(["--steps", "3", "-h"], DEFAULTS, BACKENDS), undefined);
  const text = describeFlags(DEFAULTS, BACKENDS);
  const defaults = [...text.matchAll(/--(\S+) [A-Z]+ .* default (.*)/g)];
  assert.deepEqual(Object.fromEntries(defaults.map(([, name, value]) => [name, value])), {
    "steps": "500",
    "seed": "0",
    "learning-rate": "0.000001",
    "batch-size": "64",
    "inputs": "1000",
    "hidden": "100",
    "outputs": "10",
    "log-every": "1",
    "backend": "auto",
  });
  assert.ok(!describeFlags(DEFAULTS, ["arrays"]).includes("--backend"));
});

const COUNT = "a whole number above 0";
const SEED = "a whole number from 0 to 4294967295";
const RATE = "a number above 0";

/** What is refused, and why. */
const REFUSALS: Record<string, string> = {
  "--steps=": `Cannot use --steps "": it takes ${COUNT}`,
  "--steps=0": `Cannot use --steps "0": it takes ${COUNT}`,
  "--steps=0.5": `Cannot use --steps "0.5": it takes ${COUNT}`,
  "--steps=10x": `Cannot use --steps "10x": it takes ${COUNT}`,
  "--steps=0x10": `Cannot use --steps "0x10": it takes ${COUNT}`,
  "--hidden=ten": `Cannot use --hidden "ten": it takes ${COUNT}`,
  "--seed=-1": `Cannot use --seed "-1": it takes ${SEED}`,
  "--seed -1": `Cannot use --seed "-1": it takes ${SEED}`,
  "--seed=4294967296": `Cannot use --seed "4294967296": it takes ${SEED}`,
  "--learning-rate=0": `Cannot use --learning-rate "0": it takes ${RATE}`,
  "--learning-rate=1e-3x": `Cannot use --learning-rate "1e-3x": it takes ${RATE}`,
  "--learning-rate=1e999": `Cannot use --learning-rate "1e999": it takes ${RATE}`,
  "--backend=gpu": 'Cannot use --backend "gpu": it takes auto, blas, wasm',
  "--hidden=20000":
    "Cannot use matrices of these sizes: together they have 21544640 numbers, and 8388608 is the limit",
  "--step=3": "Cannot read the flags: Unknown option '--step', see --help",
  "--steps": "Cannot read the flags: Option '--steps <value>' argument missing, see --help",
  "ten": "Cannot read the flags: Unexpected argument 'ten', see --help",
};

Deno.test("what a flag does not take is refused in one line", async () => {
  for (const [line, message] of Object.entries(REFUSALS)) {
    const reading = readFlags(line.split(" "), DEFAULTS, BACKENDS);
    await assert.rejects(reading, { message, exitCode: 2 }, line);
  }
  await assert.rejects(readFlags(["--backend=arrays"], DEFAULTS, ["arrays"]), /Unknown option/);
  assert.throws(() => readValues({ toString: "5" }, DEFAULTS, BACKENDS), /Unknown option/);
});
