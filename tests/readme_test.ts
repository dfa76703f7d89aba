/** The READMEs show what the scripts and their examples do. */

import assert from "node:assert/strict";
import README_OF_LIB from "../lib/README.md" with { type: "text" };
import README from "../README.md" with { type: "text" };
import { permitted } from "./available.ts";
import { lossesOf, runDeno, runScript } from "./processes.ts";

const ignore = !permitted("env", "read", "run");

/** The examples that are whole programs, and what the comments in each say that it prints. */
const TEXTS = README + README_OF_LIB;
const EXAMPLES = [...TEXTS.matchAll(/```ts[a-z ]*\n(import .*?)```/gs)].map(([, code]) => ({
  code,
  shown: [...code.matchAll(/console\.log.*\/\/ (.*)/g)].map(([, text]) => text).join("\n"),
}));

async function run(code: string): Promise<string> {
  const { stdout, stderr } = await runDeno(["eval", "--no-lock", "--ext=ts", code]);
  assert.ok(stdout, stderr);
  return stdout;
}

/** Fails unless two texts have the same numbers, but for their last digits. */
function assertNumbers(printed: string, shown: string) {
  const numbersIn = (text: string) => text.match(/-?\d+\.?\d*/g)!.map(Number);
  const expected = numbersIn(shown);
  const actual = numbersIn(printed);
  assert.equal(actual.length, expected.length, printed);
  for (const [i, number] of expected.entries()) {
    const tolerance = Math.max(6e-5, 1e-6 * number);
    assert.ok(Math.abs(actual[i] - number) <= tolerance, `${actual[i]} is not ${number}`);
  }
}

Deno.test({ name: "the naive script prints the losses of the README", ignore }, async () => {
  const [, output] = README.match(/Training on arrays of arrays\n(.*?)\nTrained in/s)!;
  const { stdout } = await runScript("naive_neural_network.ts", ["--log-every=100"]);
  const printed = lossesOf(stdout);
  const shown = lossesOf(output);
  assert.ok(shown.size > 0);
  for (const [t, loss] of shown) {
    assert.ok(Math.abs(printed.get(t)! / loss - 1) < 1e-9, `${t}: ${printed.get(t)}`);
  }
});

for (const [i, { code, shown }] of EXAMPLES.entries()) {
  const derives = code.includes("minimize");
  Deno.test({ name: `example ${i + 1} of the READMEs prints what it says`, ignore }, async () => {
    const printed = await run(code);
    if (!derives) return assertNumbers(printed, shown);
    // Its numbers are drawn without a seed.
    const [first, last] = printed.trim().split("\n").map(Number);
    assert.ok(first > 1e7 && last < 0.01, printed);
  });
}
