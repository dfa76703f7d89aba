/** That the README says what the scripts do and what was measured. */

import assert from "node:assert/strict";
import config from "../deno.json" with { type: "json" };
import { MEASUREMENTS } from "../images/measurements.ts";
import { writeFigures } from "../images/tables.ts";
import naive from "../naive_neural_network.ts" with { type: "text" };
import ndarray from "../ndarray_neural_network.ts" with { type: "text" };
import README from "../README.md" with { type: "text" };
import tensor from "../tensor_neural_network.ts" with { type: "text" };
import {
  draw,
  matrixMultiply,
  relu,
  squareMatrix,
  sumMatrix,
  train,
} from "../naive_neural_network.ts";
import { permitted } from "./available.ts";
import { ROOT, runScript } from "./run_script.ts";

const runs = permitted("the tests of what the scripts print", "env", "read", "run");

/** A test that runs what the README shows, or reads what it tells of. */
const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, ignore: !runs, fn });

Deno.test("the README's figures are those of the measurements, and change with them", () => {
  assert.ok(README === writeFigures(README, MEASUREMENTS), "run deno task images");
  for (const time of MEASUREMENTS.times) {
    if (time.name !== "arrays") continue;
    const slower = structuredClone(MEASUREMENTS);
    slower.times.find(({ name, of }) => name === time.name && of === time.of)!.ms *= 3;
    const changes = writeFigures(README, slower) !== README;
    assert.equal(changes, !/ (?!100|6400)\d+ hidden/.test(time.of), time.of);
  }
});

/** Code without comments, `const`, `;` and white space. */
const squeezed = (code: string) =>
  code.replaceAll(/\/\/.*$/gm, "").replaceAll(/\bconst |[\s;]|,(?=\s*[)\]}])/g, "");

/** The statements in the loop of a script. */
function loopOf(script: string): string {
  const [, body] = script.match(/\n {2}for \(let t = 0; t < steps; t\+\+\) {(.*?)\n {2}}\n/s)!;
  return squeezed(body);
}

/** The code in the TypeScript column of a table, from the row after the loop's head on. */
function tableOf(table: string): string {
  const cells = table.split("\n").map((row) => row.split(" | ")[1] ?? "");
  const head = cells.findIndex((cell) => cell.startsWith("`for (let t"));
  const code = cells.slice(head + 1).flatMap((cell) => cell.match(/(?<=`)[^`]+(?=`(<br>| |$))/g));
  return squeezed(code.join(""));
}

Deno.test("the README's tables have every statement of the loops, in order", () => {
  const tables = README.match(/\| Python \| TypeScript \|\n.*?\n\n/gs)!.map(tableOf);
  assert.deepEqual(tables, [naive, ndarray, tensor].map(loopOf));
  for (const [i, script] of [naive, ndarray, tensor].entries()) {
    const [line] = script.match(/^ {4}const gradW1 = .*\n/m)!;
    const others = ["", `${line}${line}`, line.replace("gradH", "gradHRelu")]
      .map((change) => script.replace(line, change));
    others.push(script.replace(line, "").replace(/^ {4}const gradYPred/m, `${line}$&`));
    for (const other of others) assert.notEqual(tables[i], loopOf(other));
    const told = script.replace(line, `    // A comment.\n${line.replace(" = ", " =\n ")}`);
    assert.equal(tables[i], loopOf(told));
  }
});

test("Python's columns are what is timed, and each script with its flags", async () => {
  const squeeze = (text: string) => text.replaceAll(/\s/g, "");
  const originals = squeeze(await Deno.readTextFile(new URL("images/originals.py", ROOT)));
  // That of lists has helpers of other names.
  for (const table of README.match(/\| Python \| TypeScript \|\n.*?\n\n/gs)!.slice(1)) {
    for (const [, cell] of table.matchAll(/^\| (`(?:h|y_|loss|grad_|w)[^|]*) \|/gm)) {
      const code = [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code).join("");
      assert.ok(originals.includes(squeeze(code)), code);
    }
  }
  const measure = await Deno.readTextFile(new URL("images/measure.ts", ROOT));
  for (const [, name, flags] of README.matchAll(/^\| (\w+ with BLAS) +\| `(--[^`]+)`/gm)) {
    assert.ok(measure.includes(`"${name}": ours("${flags.split(" ")[0]}", `), name);
  }
});

Deno.test("every task of the README exists", () => {
  for (const [, name] of README.matchAll(/(?:deno@2|deno|`)\s?task ([\w:-]+)/g)) {
    if (name !== "NAME") assert.ok(name in config.tasks, name);
  }
  assert.match(config.tasks.start.command, / --allow-ffi /);
});

/** A text with its numbers to twelve digits: the last ones depend on the version of V8. */
const digits = (text: string) =>
  text.replaceAll(/\d+\.\d+/g, (number) => Number(number).toPrecision(12));

test("the scripts take the README's flags, and print what it shows", async () => {
  const { stdout: help } = await runScript("tensor_neural_network.ts", ["--help"]);
  const flags = [...README.matchAll(/`(--[\w-]+ [A-Z]+)`/g)].map(([, flag]) => flag);
  assert.equal(new Set(flags).size, 9);
  for (const flag of flags) assert.ok(help.includes(`  ${flag} `), flag);

  for (const name of ["naive", "ndarray", "tensor"]) {
    const script = `${name}_neural_network.ts`;
    const { stdout, stderr } = await runScript(script, ["--steps", "2"]);
    // With a GPU, the tensors are there, and are told so.
    if (stderr.includes("with WebGPU")) continue;
    const found = README.match(new RegExp(`run ${script}\n\`\`\`\n\n\`\`\`\n(.*?\n)\`\`\``, "s"));
    const told = stderr.replace(/^2 iterations.*\n/m, "");
    assert.equal(digits(found?.[1] ?? "nothing"), digits(told + stdout), script);
  }
});

/** Runs an example of the README, and gives the numbers that it prints. */
async function runExample(start: string): Promise<number[]> {
  const code = README.match(/(?<=```ts\n).*?(?=```)/gs)!.find((code) => code.startsWith(start))!;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--ext=ts", "-"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { stdout } = await child.output();
  return new TextDecoder().decode(stdout).match(/-?\d+\.?\d*/g)!.map(Number);
}

test("the README's automatic gradients train as the script's own do", async () => {
  const losses = await runExample("import * as tf");
  const { stdout } = await runScript("tensor_neural_network.ts", ["--steps", "5"]);
  const expected = [...stdout.matchAll(/Loss Value: (.+)/g)].map(([, loss]) => Number(loss));
  assert.equal(losses.length, 5);
  for (const [t, loss] of losses.entries()) {
    assert.ok(Math.abs(loss / expected[t] - 1) < 1e-6, `${t}: ${loss} is not ${expected[t]}`);
  }
});

test("the README's prediction is the one that it shows", async () => {
  const shown = [...README.matchAll(/\[0\]\.slice\(0, 3\)\); \/\/ (.+)/g)]
    .flatMap(([, row]) => row.split(", "));
  assert.deepEqual(shown, (await runExample("import { draw")).map((number) => number.toFixed(4)));
});

Deno.test("the loss sticks where the README says, and for its reason", () => {
  const network = draw({ N: 64, D_in: 1000, H: 20, D_out: 10 }, 0);
  const training = train(network, { steps: 101, learningRate: 1e-5 });
  let loss = NaN;
  let next = training.next();
  for (; !next.done; next = training.next()) ({ loss } = next.value);
  const h = matrixMultiply(network.x, next.value.w1);
  const dead = h[0].filter((_, j) => h.every((row) => row[j] < 0)).length;
  const predicted = sumMatrix(squareMatrix(matrixMultiply(relu(h), next.value.w2)));
  const squares = sumMatrix(squareMatrix(network.y));
  assert.ok(predicted < 0.1 * squares);
  for (const figure of [loss.toFixed(1), `${dead} of the 20 units`, squares.toFixed(1)]) {
    assert.ok(README.includes(figure), figure);
  }
});
