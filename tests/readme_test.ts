/** That the README says what the scripts do and what was measured. */

import assert from "node:assert/strict";
import config from "../deno.json" with { type: "json" };
import { SCRIPTS, writeLines } from "../images/lines.ts";
import { MEASUREMENTS } from "../images/measurements.ts";
import { writeFigures } from "../images/tables.ts";
import cli from "../lib/cli.ts" with { type: "text" };
import naive from "../naive_neural_network.ts" with { type: "text" };
import ndarray from "../ndarray_neural_network.ts" with { type: "text" };
import README from "../README.md" with { type: "text" };
import tensor from "../tensor_neural_network.ts" with { type: "text" };
import { permitted } from "./available.ts";
import { runScript } from "./run_script.ts";

const STALE = "README.md is not what deno task images writes";

const TABLES = ["machine", "iterations", "loops", "operations"];

Deno.test("the README's figures are those of the measurements", () => {
  assert.ok(README === writeFigures(README, MEASUREMENTS), STALE);
  for (const name of TABLES) {
    assert.ok(README.includes(`<!-- figure ${name} -->`), `there is no place for ${name}`);
  }
});

Deno.test("a figure that changes changes the README", () => {
  const slower = structuredClone(MEASUREMENTS);
  for (const time of slower.iterations) if (time.name === "arrays") time.ms *= 3;
  assert.notEqual(writeFigures(README, slower), README);
});

Deno.test("line by line: the README has the lines of the scripts", () => {
  const sources = { naive, ndarray, tensor };
  assert.ok(README === writeLines(README, sources), STALE);
  for (const name of SCRIPTS) {
    assert.ok(README.includes(`<!-- lines ${name} -->`), `there is no place for ${name}`);
  }
});

Deno.test("every flag and command of the README exists", () => {
  for (const [, name] of README.matchAll(/(?:deno@2|deno|`)\s?task ([\w:-]+)/g)) {
    if (name !== "NAME") assert.ok(name in config.tasks, name);
  }
  const flags = [...README.matchAll(/`--([\w-]+) [A-Z]+`/g)].map(([, flag]) => flag);
  assert.equal(new Set(flags).size, 9);
  for (const flag of flags) {
    assert.ok(cli.includes(`"${flag}"`) || cli.includes(`--${flag} NAME`), flag);
  }
});

/** A text with its numbers to twelve digits: the last ones depend on the version of V8. */
const digits = (text: string) =>
  text.replaceAll(/\d+\.\d+/g, (number) => Number(number).toPrecision(12));

Deno.test({
  name: "the scripts print what the README shows",
  ignore: !permitted("the tests of what the scripts print", "env", "read", "run"),
  async fn() {
    for (const name of SCRIPTS) {
      const script = `${name}_neural_network.ts`;
      const { stdout, stderr } = await runScript(script, ["--steps", "3"]);
      // With a GPU, the tensors are there, and are told so.
      if (stderr.includes("with WebGPU")) continue;
      const found = README.match(new RegExp(`run ${script}\n\`\`\`\n\n\`\`\`\n(.*?\n)\`\`\``, "s"));
      assert.ok(found, `the README does not show what ${script} prints`);
      const told = stderr.split("\n").filter((line) =>
        !/^3 iterations|XDG_RUNTIME_DIR is invalid/.test(line)
      );
      assert.equal(digits(found[1]), digits(told.join("\n") + stdout), script);
    }
  },
});
