/** The scripts as a user runs them: as processes, without any permission. */

import assert from "node:assert/strict";
import { BLAS } from "./available.ts";
import seed0 from "./goldens/seed0_64x1000x100x10.json" with { type: "json" };

const ROOT = new URL("..", import.meta.url);
const SCRIPTS = [
  "naive_neural_network.ts",
  "ndarray_neural_network.ts",
  "tensor_neural_network.ts",
];
const SMALL = ["--batch-size", "4", "--inputs", "6", "--hidden", "5", "--outputs", "2"];

/** `deno run script …`, with nobody to ask for a permission, and no other than these. */
function command(script: string, args: string[], permissions: string[] = []) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...permissions, script, ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function runScript(script: string, args: string[], permissions: string[] = []) {
  const { code, stdout, stderr } = await command(script, args, permissions).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

for (const script of SCRIPTS) {
  Deno.test(`${script}: prints NumPy's losses, and a summary on stderr`, async () => {
    const { code, stdout, stderr } = await runScript(script, ["--steps", "4"]);
    assert.equal(code, 0, stderr);
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines.length, 4);
    for (const [t, line] of lines.entries()) {
      const loss = line.match(/^Current Iteration: (\d+) - Loss Value: (\d+(\.\d+)?)$/);
      assert.equal(Number(loss?.[1]), t);
      assert.ok(Math.abs(Number(loss?.[2]) / seed0.numpy[t]! - 1) < 1e-6, line);
    }
    const [device, summary] = stderr.trimEnd().split("\n").slice(-2);
    assert.match(device!, new RegExp(`^Training ${script} on .+$`));
    assert.match(summary!, /^4 iterations in [\d.]+ m?s, [\d.]+ m?s each, on .+$/);
  });

  Deno.test(`${script}: --seed and --log-every`, async () => {
    const run = (...args: string[]) => runScript(script, [...SMALL, "--steps", "6", ...args]);
    const all = (await run("--seed", "9")).stdout.split("\n");
    const third = await run("--seed", "9", "--log-every", "3");
    assert.deepEqual(third.stdout.split("\n"), [all[0], all[3], all[5], ""]);
    assert.notEqual((await run("--seed", "8")).stdout.split("\n")[0], all[0]);
  });

  Deno.test(`${script}: --help tells of every flag`, async () => {
    const { code, stdout, stderr } = await runScript(script, ["--help"]);
    assert.equal(code, 0);
    assert.equal(stderr, "");
    assert.ok(stdout.includes(`deno run ${script}`));
    // deno-fmt-ignore
    for (const flag of [
      "--steps N", "--seed N", "--learning-rate X", "--batch-size N", "--inputs N", "--hidden N",
      "--outputs N", "--log-every K", "--help",
    ]) {
      assert.ok(stdout.includes(flag), flag);
    }
    assert.equal(stdout.includes("--backend NAME"), script !== "naive_neural_network.ts");
  });

  Deno.test(`${script}: a mistake is one line on stderr, and code 2`, async () => {
    assert.deepEqual(await runScript(script, ["--steps", "0"]), {
      code: 2,
      stdout: "",
      stderr: 'error: Cannot use --steps "0": it takes a whole number from 1 to 9007199254740991\n',
    });
  });

  Deno.test(`${script}: stops at a loss that is not finite`, async () => {
    const { code, stdout, stderr } = await runScript(script, ["--learning-rate", "1"]);
    assert.equal(code, 1);
    const last = stdout.trimEnd().split("\n").at(-1)!;
    const [, t, loss] = last.match(/^Current Iteration: (\d+) - Loss Value: (Infinity|NaN)$/)!;
    assert.equal(
      stderr.trimEnd().split("\n").at(-1),
      `error: Cannot go on: the loss is ${loss} at iteration ${t}, try a --learning-rate below 1`,
    );
  });

  Deno.test(`${script}: ends quietly where nobody reads on`, async () => {
    const child = command(script, [...SMALL, "--steps", "1000000"]).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    const stderr = await new Response(child.stderr).text();
    assert.match(stderr.trimEnd().split("\n").at(-1)!, /^Training /);
    assert.equal((await child.status).code, 0);
  });
}

const NDARRAY = "ndarray_neural_network.ts";

Deno.test({
  name: `${NDARRAY}: --allow-ffi turns BLAS on`,
  ignore: !BLAS,
  async fn() {
    for (const args of [[], ["--backend", "auto"], ["--backend", "blas"]]) {
      const { code, stderr } = await runScript(NDARRAY, [...SMALL, ...args], ["--allow-ffi"]);
      assert.equal(code, 0);
      assert.match(stderr, /^Training ndarray_neural_network.ts on ndarrays, with BLAS from \S+\n/);
    }
    const typescript = [...SMALL, "--backend", "typescript"];
    const { stderr } = await runScript(NDARRAY, typescript, ["--allow-ffi"]);
    assert.match(stderr, /^Training ndarray_neural_network.ts on ndarrays, with loops in Type/);
  },
});

Deno.test(`${NDARRAY}: without a permission it says so, and goes on without BLAS`, async () => {
  const { code, stderr } = await runScript(NDARRAY, SMALL);
  assert.equal(code, 0);
  const [reason, device] = stderr.split("\n");
  assert.equal(reason, "Cannot use BLAS: it needs a permission, --allow-ffi");
  assert.match(device!, /on ndarrays, with loops in TypeScript$/);
});

Deno.test(`${NDARRAY}: BLAS by name and not permitted is one line, and code 1`, async () => {
  assert.deepEqual(await runScript(NDARRAY, ["--backend", "blas"]), {
    code: 1,
    stdout: "",
    stderr: "error: Cannot use BLAS: it needs a permission, --allow-ffi\n",
  });
});

Deno.test("lib/start.ts: a table of the three", async () => {
  const { code, stdout, stderr } = await runScript("lib/start.ts", [...SMALL, "--steps", "3"]);
  assert.equal(code, 0, stderr);
  const [header, ...rows] = stdout.trimEnd().split("\n").map((line) => line.trim().split(/ {2,}/));
  assert.deepEqual(header, ["in all", "per iteration", "last loss", "speed", "on"]);
  assert.deepEqual(rows.map(([script]) => script), SCRIPTS);
  const losses = rows.map((row) => Number(row[3]));
  for (const loss of losses) assert.ok(Math.abs(loss / losses[0]! - 1) < 1e-4, stdout);
  assert.equal(rows[0]![4], "1.00x");
});
