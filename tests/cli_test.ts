/** The flags: what they take, and what is said of what they don't. */

import assert from "node:assert/strict";
import { type Command, help, parseOptions, readOptions } from "../lib/cli.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";

const DEFAULTS = { N: 64, D_in: 1000, H: 100, D_out: 10, steps: 500, learningRate: 1e-6 };

/** A command with all flags, and one that lacks some, as `deno task start` does. */
const ALL: Command = {
  usage: "deno run script.ts",
  about: "Trains.",
  defaults: DEFAULTS,
  printsLosses: true,
  backends: { blas: () => ({ device: "" }), wasm: () => ({ device: "" }) },
};
const FEW: Command = { usage: "deno task start", about: "Compares.", defaults: DEFAULTS };

Deno.test("parseOptions() takes the original's numbers if there are no flags", async () => {
  const expected = { ...DEFAULTS, logEvery: 1, seed: 0, backend: "auto" };
  for (const command of [ALL, FEW]) assert.deepEqual(await parseOptions(command, []), expected);
  for (const { SIZES, TRAINING } of [naive, nd, tensor]) {
    assert.deepEqual({ ...SIZES, ...TRAINING }, DEFAULTS);
  }
});

Deno.test("parseOptions() reads each flag, the last of two, and npm's --", async () => {
  // deno-fmt-ignore
  const args = [
    "--", "--steps", "2e3", "--seed=4294967295", "--learning-rate", ".5E0", "--batch-size=+2", "--inputs",
    "5", "--hidden", "6", "--outputs", "4", "--log-every", "9", "--backend", "blas", "--backend", "wasm",
  ];
  // deno-fmt-ignore
  assert.deepEqual(await parseOptions(ALL, args), {
    N: 2, D_in: 5, H: 6, D_out: 4, steps: 2000, learningRate: 0.5, logEvery: 9, seed: 4294967295,
    backend: "wasm",
  });
});

Deno.test("help() has every flag of a command, and its default", async () => {
  assert.equal(await parseOptions(ALL, ["--steps", "3", "-h"]), undefined);
  const [head, usage, flags] = help(ALL).split("\n\n");
  assert.deepEqual([head, usage], ["Trains.", "Usage: deno run script.ts [flags]"]);
  const shown = [...flags.matchAll(/--([\w-]+ [A-Z]+) .*[;,] default (.*)$/gm)];
  // deno-fmt-ignore
  assert.deepEqual(shown.map(([, flag, value]) => `${flag}, ${value}`), [
    "steps N, 500", "seed N, 0", "learning-rate X, 1e-6", "batch-size N, 64", "inputs N, 1000",
    "hidden N, 100", "outputs N, 10", "log-every K, 1", "backend NAME, auto",
  ]);
  assert.match(flags, /--hidden N +H, the units of the hidden layer; a whole number above 0,/);
  assert.match(flags, /--backend NAME +auto, blas, wasm;/);
  assert.ok(!/--backend|--log-every/.test(help(FEW)));
});

/** Fails unless the flags are refused with that text, and with code 2. */
const assertRefused = (args: string[], message: string, command = ALL) =>
  assert.rejects(parseOptions(command, args), { message, exitCode: 2 }, args.join(" "));

Deno.test("parseOptions() refuses a value that its flag does not take", async () => {
  const none = ["", " ", " 5", "5 ", "-1", "ten", "NaN", "1e999", "0x10", "1_0", "1,5"];
  const refusals: [name: string, texts: string[], takes: string][] = [
    ["steps", [...none, "0", "0.5", "9007199254740993"], "a whole number above 0"],
    ["hidden", [...none, "0", "0.5"], "a whole number above 0"],
    ["seed", [...none, "0.5", "4294967296"], "a whole number from 0 to 4294967295"],
    ["learning-rate", [...none, "0", "-.5"], "a number above 0"],
    ["backend", ["gpu", "toString", ""], "auto, blas, wasm"],
  ];
  for (const [name, texts, takes] of refusals) {
    for (const text of texts) {
      const message = `Cannot use --${name} ${JSON.stringify(text)}: it takes ${takes}`;
      await assertRefused([`--${name}=${text}`], message);
      // A negative number behind a flag is its value.
      if (/^-/.test(text)) await assertRefused(["--steps", "3", `--${name}`, text], message);
      assert.throws(() => readOptions(ALL, { [name]: text }), { message });
    }
  }
});

Deno.test("parseOptions() refuses unknown flags, flags without a value and stray words", async () => {
  const mistakes: [args: string[], reason: string, command?: Command][] = [
    [["--step", "3"], "Unknown option '--step'"],
    [["--steps", "5", "--steps"], "Option '--steps <value>' argument missing"],
    [["--steps", "--hidden", "5"], "Option '--steps' argument is ambiguous"],
    [["ten"], "Unexpected argument 'ten'"],
    [["--backend", "wasm"], "Unknown option '--backend'", FEW],
    [["--log-every", "2"], "Unknown option '--log-every'", FEW],
  ];
  for (const [args, reason, command] of mistakes) {
    await assertRefused(args, `Cannot read the flags: ${reason}, see --help`, command);
  }
});

Deno.test("readOptions() refuses matrices that are too large together", () => {
  const read = (command: Command, sizes: string) => {
    const [N, D_in, hidden, outputs] = sizes.split(" ");
    return readOptions(command, { "batch-size": N, "inputs": D_in, hidden, outputs });
  };
  const arrays = { ...ALL, usesArrays: true };
  // x, y and h have as many numbers as there are samples, w1 and w2 one each.
  assert.equal(read(ALL, "22369620 1 1 1").N, 22369620);
  assert.equal(read(arrays, "2796202 1 1 1").N, 2796202);
  const refusals: [Command, sizes: string, total: number, max: number][] = [
    [ALL, "22369621 1 1 1", 67108865, 2 ** 26],
    [ALL, "2 8192 8192 3", 67166214, 2 ** 26],
    [arrays, "2796203 1 1 1", 8388611, 2 ** 23],
  ];
  for (const [command, sizes, total, max] of refusals) {
    const why = `together they have ${total} numbers, and ${max} is the limit`;
    const message = `Cannot use matrices of these sizes: ${why}`;
    assert.throws(() => read(command, sizes), { message, exitCode: 2 });
  }
});
