/** That the README says what the scripts do and what was measured. */

import assert from "node:assert/strict";
import { MEASUREMENTS } from "../images/measurements.ts";
import { drawPictures } from "../images/pictures.ts";
import { figures, times, writeFigures } from "../images/tables.ts";
import { ROOT, runScript } from "./run_script.ts";

const read = (file: string) => Deno.readTextFile(new URL(file, ROOT));
const README = await read("README.md");

Deno.test("the README's figures are those of the measurements", () => {
  assert.equal(README, writeFigures(README, MEASUREMENTS));
  for (const name of Object.keys(figures(MEASUREMENTS))) {
    assert.ok(README.includes(`<!-- figure ${name} -->`), `there is no place for ${name}`);
  }
});

Deno.test("a figure that changes changes the README", () => {
  const slower = structuredClone(MEASUREMENTS);
  for (const time of slower.iterations) if (time.name === "arrays") time.ms *= 3;
  assert.notEqual(writeFigures(README, slower), README);
});

Deno.test("a place without a figure is refused", () => {
  assert.throws(() => writeFigures("<!-- figure nothing --><!-- / -->", MEASUREMENTS), {
    message: "Cannot write figure nothing: there is none",
  });
});

Deno.test("the pictures are drawn from the measurements, and the README shows them", async () => {
  for (const [file, svg] of Object.entries(drawPictures(MEASUREMENTS))) {
    assert.equal(await read(`images/${file}`), svg, file);
    assert.ok(README.includes(`images/${file}`), file);
  }
});

Deno.test("a ratio has two digits", () => {
  assert.deepEqual([times(12, 10), times(99.4, 10), times(123, 1), times(1234, 1)], [
    "1.2",
    "9.9",
    "120",
    "1200",
  ]);
});

/** Code without its white space, so that a line that was wrapped still matches. */
const dense = (code: string) => code.replaceAll(/\s|,(?=\s*\))/g, "");

Deno.test("line by line: every expression stands in its script", async () => {
  const table = README.slice(README.indexOf("| step "), README.indexOf("### Differences"));
  const [header, , ...rows] = table.trim().split("\n").map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim())
  );
  assert.equal(rows.length, 11);
  for (const version of ["naive", "ndarray", "tensor"]) {
    const script = dense(await read(`${version}_neural_network.ts`));
    const column = header!.indexOf(version);
    for (const row of rows) {
      const codes = [...row[column]!.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
      assert.notEqual(codes.length, 0);
      for (const code of codes) assert.ok(script.includes(dense(code)), `${version}: ${code}`);
    }
  }
});

Deno.test("every flag and command of the README exists", async () => {
  const { tasks } = JSON.parse(await read("deno.json"));
  for (const [, name] of README.matchAll(/(?:deno@2|deno|`)\s?task ([\w:-]+)/g)) {
    if (name !== "NAME") assert.ok(name! in tasks, name);
  }
  const cli = await read("lib/cli.ts");
  for (const [, flag] of README.matchAll(/^\| `--([\w-]+) [A-Z]+`/gm)) {
    assert.ok(cli.includes(`"${flag}"`) || cli.includes(`--${flag} NAME`), flag);
  }
});

Deno.test("the scripts print what the README shows", async () => {
  const flags: Record<string, string[]> = {
    "naive_neural_network.ts": [],
    "ndarray_neural_network.ts": ["--backend", "auto"],
    "tensor_neural_network.ts": ["--backend", "wasm"],
  };
  for (const [script, backend] of Object.entries(flags)) {
    const { stdout, stderr } = await runScript(script, ["--steps", "3", ...backend]);
    const [, shown] = README.match(
      new RegExp(`run ${script}\n\`\`\`\n\n\`\`\`\n(.*?\n)\`\`\``, "s"),
    )!;
    const told = stderr.split("\n").filter((line) => !/^3 iterations/.test(line));
    assert.equal(shown, told.join("\n") + stdout, script);
  }
});
