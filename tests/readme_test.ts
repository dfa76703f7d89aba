/** The README shows what the scripts do. */

import assert from "node:assert/strict";
import config from "../deno.json" with { type: "json" };
import images from "../images/README.md" with { type: "text" };
import lib from "../lib/README.md" with { type: "text" };
import naive from "../naive_neural_network.ts" with { type: "text" };
import ndarray from "../ndarray_neural_network.ts" with { type: "text" };
import README from "../README.md" with { type: "text" };
import tensor from "../tensor_neural_network.ts" with { type: "text" };
import { permitted, testIf } from "./available.ts";
import { runDeno, runScript } from "./run_script.ts";

const runs = permitted("the tests of what the README shows", "env", "read", "run");

/** The code in the fences of a text. */
const codeIn = (text: string) =>
  [...text.matchAll(/```ts[^\n]*\n(.*?)```/gs)].map(([, code]) => code);

/** Code without comments and white space. */
const statements = (code: string) => code.replaceAll(/\/\/.*$|\s/gm, "");

Deno.test("the line-by-line blocks have every statement of the loops, in order", () => {
  const folded = README.match(/<details>.*?<\/details>/gs)!;
  const shown = folded.filter((part) => part.includes("```python"))
    .map((part) => codeIn(part).join(""));
  const loops = [naive, ndarray, tensor].map((script) =>
    script.match(/\n {2}for \(let t = 0.*?\n {2}}\n/s)![0]
  );
  assert.deepEqual(shown.map(statements), loops.map(statements));
});

Deno.test("the steps side by side are statements of the three scripts", () => {
  const [, shown] = README.match(/## The three side by side\n.*?```ts[^\n]*\n(.*?)```/s)!;
  const scripts = statements(`${naive}${ndarray}${tensor}`);
  const steps = shown.split("\n").map(statements).filter((step) => step);
  assert.equal(steps.length, 12);
  for (const step of steps) assert.ok(scripts.includes(step), step);
});

Deno.test("every task of the pages exists", () => {
  for (const [, name] of `${README}${images}${lib}`.matchAll(/deno@2 task ([\w:-]+)/g)) {
    assert.ok(name in config.tasks, name);
  }
});

function assertNumbers(printed: string, shown: string, tolerance: (number: number) => number) {
  const [actual, expected] = [printed, shown].map((text) =>
    text.match(/-?\d+\.?\d*/g)!.map(Number)
  );
  assert.equal(actual.length, expected.length, printed);
  for (const [i, number] of expected.entries()) {
    assert.ok(Math.abs(actual[i] - number) <= tolerance(number), `${actual[i]} is not ${number}`);
  }
}

testIf(runs, "the naive script prints what the README shows", async () => {
  const [, script, args, shown] = README.match(/run (naive.*\.ts) (.*)\n```\n\n```\n(.*?)```/s)!;
  const { stdout, stderr } = await runScript(script, args.split(" "));
  const printed = stderr.replace(/Trained in.*\n/, "") + stdout;
  const words = (text: string) => text.replaceAll(/\d+\.\d+/g, "");
  assert.equal(words(printed), words(shown));
  // The last digits depend on the version of V8, whose logarithms differ.
  assertNumbers(printed, shown, (loss) => 1e-9 * loss);
});

testIf(runs, "the README's examples print what their comments say", async () => {
  // One of them imports what `deno bundle` makes.
  const examples = codeIn(README)
    .filter((code) => /^import .*console\.log/s.test(code) && !code.includes("./dot.js"));
  assert.equal(examples.length, 4);
  for (const example of examples) {
    const { stdout, stderr } = await runDeno(["eval", "--no-lock", "--ext=ts", example]);
    const comments = [...example.matchAll(/console\.log.*\/\/ (.*)/g)].map(([, text]) => text);
    assert.ok(stdout, stderr);
    assertNumbers(stdout, comments.join("\n"), () => 6e-5);
  }
});
