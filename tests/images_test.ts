/** What the tasks `measure` and `images` do where something is missing, changed or wrong. */

import assert from "node:assert/strict";
import { writeFiles } from "../images/files.ts";
import { writeLines } from "../images/lines.ts";
import { ORDERS } from "../images/loop_orders.ts";
import { codeCell } from "../images/markdown.ts";
import { MEASUREMENTS } from "../images/measurements.ts";
import { measureInProcess, parseLine } from "../images/process.ts";
import { comparison, figure, times, writeFigures } from "../images/tables.ts";
import naive from "../naive_neural_network.ts" with { type: "text" };
import ndarray from "../ndarray_neural_network.ts" with { type: "text" };
import tensor from "../tensor_neural_network.ts" with { type: "text" };
import { permitted } from "./available.ts";
import { filesIn, measurements, withFolder } from "./made_up.ts";
import { assertOnlyHelp } from "./run_script.ts";

const SCRIPTS = { naive, ndarray, tensor };

const lines = (name: keyof typeof SCRIPTS, source = SCRIPTS[name]) =>
  writeLines(`<!-- lines ${name} --><!-- / -->`, { [name]: source });

/** A script with two of its statements changed places. */
function swapped(source: string, first: RegExp, second: RegExp): string {
  const [[a], [b]] = [source.match(first)!, source.match(second)!];
  return source.replace(a, "\0").replace(b, () => a).replace("\0", () => b);
}

Deno.test("lines: every statement of the loop stands in its row", () => {
  const table = lines("ndarray");
  assert.ok(
    table.includes("\n| `x.dot(w1)` | `h = dot(x, w1)` →\u00a0(N,\u00a0H) |\n"),
    table,
  );
  assert.ok(table.includes("\n| `print(…)` | `yield { t, loss }` |\n"), table);
  const hRelu = "`hRelu = zeros(N, H)`<br>`ops.maxs(hRelu, h, 0)` →\u00a0(N,\u00a0H)";
  assert.ok(table.includes(`\n| \`np.maximum(h, 0)\` | ${hRelu} |\n`), table);
});

Deno.test("lines: statements that changed places are refused", () => {
  assert.throws(
    () => lines("naive", swapped(naive, /const gradW2 = .*;/, /const gradHRelu = .*;/)),
    {
      name: "InvalidData",
      message: "Cannot write the lines of naive: expected const gradW2 = …, " +
        "found const gradHRelu = matrixMultiply(gradYPred, transpose(w2))",
    },
  );
  assert.throws(() => lines("ndarray", swapped(ndarray, /ops\.maxs.*;/, /ops\.sub\(.*;/)), {
    message: /expected ops\.maxs\(hRelu, …, found ops\.sub\(/,
  });
});

Deno.test("lines: a statement too few or too many is refused", () => {
  assert.throws(() => lines("tensor", tensor.replace(/const hRelu = .*;/, "")), {
    message: /^Cannot write the lines of tensor: expected const hRelu = …, found const yPred = /,
  });
  assert.throws(() => lines("naive", naive.replace(/const yPred = /, "h.reverse();\n$&")), {
    message: "Cannot write the lines of naive: expected const yPred = …, found h.reverse()",
  });
  assert.throws(() => lines("naive", naive.replace(/w2 = subtract.*;/, "$&\nw1 = w1;")), {
    message: "Cannot write the lines of naive: expected the end, found w1 = w1",
  });
  assert.throws(() => lines("naive", naive.replace("for (let t", "while (let t")), {
    message: /^Cannot write the lines of naive: there is no for /,
  });
});

Deno.test("lines: a changed statement changes the table, a comment does not", () => {
  assert.notEqual(lines("naive", naive.replace("relu(h)", "relu(yPred)")), lines("naive"));
  assert.notEqual(lines("naive", naive.replace("1e-6", "1e-5")), lines("naive"));
  assert.equal(lines("naive", naive.replace("const hRelu", "// One; two.\n$&")), lines("naive"));
});

Deno.test("lines: a script that is none is refused", () => {
  assert.throws(() => writeLines("<!-- lines java --><!-- / -->", SCRIPTS), {
    message: "Cannot write the lines of java: there is no such script",
  });
});

Deno.test("code in a cell may be broken after a bracket, and inside a long name", () => {
  assert.equal(codeCell(["dot(a, b)", "x < y"]), "`dot(a, b)`<br>`x < y`");
  assert.equal(
    codeCell(["first(second(third, fourth), fifth(sixth))"]),
    "<code>first(<wbr>second(<wbr>third, fourth), fifth(sixth))</code>",
  );
  assert.equal(
    codeCell(["multiplyWithConstant(a) < b", "a | b"]),
    "<code>multiply<wbr>With<wbr>Constant(<wbr>a) &lt; b</code><br>`a \\| b`",
  );
});

Deno.test("tables leave out what was not measured", () => {
  const without = ["Python lists", "NumPy", "PyTorch", "ndarrays with BLAS", "tensors with BLAS"];
  const [all, some] = [measurements(), measurements(...without, "tensors in WebAssembly")];
  for (const name of ["iterations", "loops", "operations"]) {
    const [whole, table] = [figure(all, name), figure(some, name)];
    for (const missing of without) assert.ok(!table.includes(missing), `${name}: ${missing}`);
    assert.ok(!/NaN|undefined|Infinity/.test(whole + table), name);
  }
  assert.match(
    figure(all, "iterations"),
    /ndarrays with BLAS +\| `--allow-ffi` +\| +500 µs \| +20 times as fast \| +1.3 times as slow \| +250.ms \|/,
  );
  assert.match(
    figure(some, "iterations"),
    /\| arrays +\| no flag +\| +10.0 ms \| +\| +\| +5.00.s \|/,
  );
  assert.match(figure(all, "iterations"), /\| PyTorch +\| PyTorch 2.1 +\|/);
});

Deno.test("a table tells what the plain command takes: with a GPU, WebGPU", () => {
  const measured = measurements();
  assert.match(figure(measured, "iterations"), /WebAssembly +\| no flag /);
  measured.versions["WebGPU"] = "a GPU";
  assert.match(figure(measured, "iterations"), /WebAssembly +\| `--backend wasm` /);
  assert.match(
    figure(measured, "iterations"),
    /tensors with BLAS +\| `--allow-ffi --backend blas`/,
  );
});

Deno.test("a figure in a sentence: a time, a ratio, whole scripts, orders of loops", () => {
  const measured = measurements();
  const written = (name: string) => figure(measured, name);
  assert.equal(written("arrays"), "10.0 ms");
  assert.equal(written("lists/arrays"), "100");
  assert.equal(written("whole/arrays"), "5.00 s");
  assert.equal(written("whole/ndarrays/numpy"), "13");
  assert.equal(written("loops/original"), "100");
  assert.equal(written("loops/swapped"), "100");
  assert.equal(written("fastest/25"), "ndarrays with BLAS");
  assert.equal(written("gain/6400"), "20");
});

Deno.test("a figure in a sentence that was not measured is refused, and names what to install", () => {
  const text = "It takes <!-- figure lists/numpy -->2<!-- / -->.";
  assert.throws(() => writeFigures(text, measurements("NumPy")), {
    name: "InvalidData",
    message: "Cannot write figure lists/numpy: there is no measurement of NumPy, " +
      "install NumPy for python3 and run deno task measure",
  });
});

Deno.test("a place that has no figure, or no end, is refused", () => {
  for (const name of ["nothing", "arrays/nothing", "toString", "whole/", "loops/java", "gain/7"]) {
    assert.throws(() => writeFigures(`<!-- figure ${name} --><!-- / -->`, MEASUREMENTS), {
      message: `Cannot write figure ${name}: there is none`,
    });
  }
  const open = "<!-- figure arrays -->1 <!-- figure ndarrays -->2<!-- / -->";
  assert.throws(() => writeFigures(open, MEASUREMENTS), {
    message: "Cannot write figure arrays: its place does not end",
  });
});

Deno.test("a ratio has two digits", () => {
  assert.deepEqual([times(12, 10), times(99.4, 10), times(123, 1), times(1234, 1)], [
    "1.2",
    "9.9",
    "120",
    "1200",
  ]);
});

Deno.test("times are compared as fast or slow", () => {
  assert.equal(comparison(1, 1.84), "1.8 times as fast");
  assert.equal(comparison(13, 1), "13 times as slow");
  assert.equal(comparison(1.04, 1), "as fast");
});

Deno.test("the order of the loops does not change a product", () => {
  const [a, b] = [[[1, 2, 3], [4, 5, 6]], [[1, 0], [2, -1], [0.5, 3]]];
  for (const multiply of Object.values(ORDERS)) {
    assert.deepEqual(multiply(a, b), [[6.5, 7], [17, 13]]);
  }
});

Deno.test("lines from Python: versions and times, and nothing else", () => {
  const time = { name: "NumPy", hidden: 100, ms: 0.5 };
  assert.deepEqual(parseLine(JSON.stringify(time)), time);
  const versions = { python: "3.11.7", numpy: null, torch: null };
  assert.deepEqual(parseLine(JSON.stringify(versions)), versions);
  for (const line of ["hello", "", "1", "null", "{}", '{"name":"NumPy","ms":1}']) {
    assert.throws(() => parseLine(line), { name: "InvalidData", message: /^it printed "/ });
  }
});

const runs = permitted("the tests that run the tasks for the images", "env", "read", "run");

/** Runs a script in Python's place; what it gave, and why it was passed over. */
async function instead(code: string) {
  const taken: unknown[] = [];
  const command = [Deno.execPath(), "eval", code];
  const reason = await measureInProcess((line) => taken.push(line), command);
  return { taken, reason };
}

Deno.test({
  name: "a python3 that prints something else, fails or is missing is passed over",
  ignore: !runs,
  async fn() {
    const time = { name: "NumPy", hidden: 100, ms: 0.5 };
    const print = `console.log(${JSON.stringify(JSON.stringify(time))});`;
    assert.deepEqual(await instead(print), { taken: [time], reason: undefined });
    assert.deepEqual(await instead(`${print} console.log("hello"); setInterval(() => {}, 1000)`), {
      taken: [time],
      reason: 'it printed "hello"',
    });
    assert.deepEqual(await instead(`${print} Deno.exit(3)`), {
      taken: [time],
      reason: "it ended with code 3",
    });
    assert.equal(await measureInProcess(() => {}, ["no-python3"]), "there is no no-python3");
  },
});

Deno.test({
  name: "deno task measure: --help, and no other argument",
  ignore: !runs,
  fn: () => assertOnlyHelp("images/measure.ts", "measure"),
});

const writes = permitted("the tests that write files", "env", "read", "run", "write");

Deno.test({
  name: "files are written whole or not at all",
  ignore: !writes,
  fn: () =>
    withFolder((folder) => {
      const [a, b] = [`${folder}/a`, `${folder}/b`];
      writeFiles({ [a]: "old a", [b]: "old b" }, folder);
      assert.deepEqual(filesIn(folder), ["a", "b"]);

      // Where the second file is to be made, there is a folder.
      Deno.mkdirSync(`${b}.new/in it`, { recursive: true });
      assert.throws(() => writeFiles({ [a]: "new a", [b]: "new b" }, folder), {
        name: "InvalidData",
        message: new RegExp(`^Cannot write ${b}: `),
      });
      assert.equal(Deno.readTextFileSync(a), "old a");
      assert.equal(Deno.readTextFileSync(b), "old b");
      assert.deepEqual(filesIn(folder), ["a", "b", "b.new"]);
    }),
});
