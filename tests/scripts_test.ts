/** The scripts as a user runs them: as processes, without any permission. */

import assert from "node:assert/strict";
import { availableBackends, BLAS } from "./available.ts";
import seed0 from "./goldens/seed0_64x1000x100x10.json" with { type: "json" };
import { command, ROOT, runScript } from "./run_script.ts";

const SCRIPTS = [
  "naive_neural_network.ts",
  "ndarray_neural_network.ts",
  "tensor_neural_network.ts",
];
const SMALL = ["--batch-size", "4", "--inputs", "6", "--hidden", "5", "--outputs", "2"];

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

  Deno.test({
    name: `${script}: a full disk is one line, and code 1`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      const { code, stderr } = await new Deno.Command("sh", {
        args: ["-c", `exec "$0" run --quiet "$@" >/dev/full`, Deno.execPath(), script, ...SMALL],
        cwd: ROOT,
        env: { NO_COLOR: "1" },
        stdin: "null",
      }).output();
      assert.equal(code, 1);
      const last = new TextDecoder().decode(stderr).trimEnd().split("\n").at(-1)!;
      assert.match(last, /^error: Cannot write to stdout: No space left on device/);
    },
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
  assert.equal(reason, "Cannot use BLAS: it needs --allow-ffi");
  assert.match(device!, /on ndarrays, with loops in TypeScript$/);
});

Deno.test(`${NDARRAY}: BLAS by name and not permitted is one line, and code 1`, async () => {
  assert.deepEqual(await runScript(NDARRAY, ["--backend", "blas"]), {
    code: 1,
    stdout: "",
    stderr: "error: Cannot use BLAS: it needs --allow-ffi\n",
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

const TENSOR = "tensor_neural_network.ts";

Deno.test(`${TENSOR}: says what it runs on, and why on nothing better`, async () => {
  const { code, stderr } = await runScript(TENSOR, SMALL);
  assert.equal(code, 0);
  assert.match(
    stderr,
    /^Cannot use tensorflow: no permission to load it, see deno task tensorflow$/m,
  );
  assert.match(stderr, /^Training tensor_neural_network.ts on tensors, with \w+/m);
});

for (const backend of await availableBackends()) {
  Deno.test(`${TENSOR}: --backend ${backend}`, async () => {
    const permissions = backend === "tensorflow"
      ? ["--allow-env", "--allow-ffi", "--allow-read"]
      : [];
    const args = [...SMALL, "--steps", "2", "--backend", backend];
    const { code, stdout, stderr } = await runScript(TENSOR, args, permissions);
    assert.equal(code, 0, stderr);
    assert.equal(stdout.split("\n").length, 3);
    const word = { tensorflow: "TensorFlow", webgpu: "WebGPU", wasm: "WebAssembly", cpu: "plain" };
    assert.ok(stderr.includes(`on tensors, with ${word[backend]} `.trimEnd()), stderr);
  });
}

Deno.test(`${TENSOR}: a backend by name and not available is one line, and code 1`, async () => {
  const run = (backend: string, ...rest: [string[]?, Record<string, string>?]) =>
    runScript(TENSOR, ["--backend", backend], ...rest);
  const failure = (reason: string) => ({
    code: 1,
    stdout: "",
    stderr: `error: Cannot use ${reason}\n`,
  });
  assert.deepEqual(
    await run("tensorflow"),
    failure("tensorflow: no permission to load it, see deno task tensorflow"),
  );
  // A JavaScript engine without its compilers has no WebAssembly.
  assert.deepEqual(
    await run("wasm", ["--v8-flags=--jitless"]),
    failure("wasm: WebAssembly has no SIMD here"),
  );
  if (Deno.build.os !== "linux") return;
  // The drivers of this machine, hidden.
  const hidden = { VK_DRIVER_FILES: "/none", __EGL_VENDOR_LIBRARY_FILENAMES: "/none" };
  assert.deepEqual(
    await run("webgpu", ["--allow-env"], hidden),
    failure(
      "webgpu: there is no adapter, install a Vulkan driver (apt install mesa-vulkan-drivers)",
    ),
  );
});

Deno.test(`${TENSOR}: without GPU and WebAssembly, auto takes plain JavaScript`, async () => {
  const { stderr } = await runScript(TENSOR, SMALL, ["--v8-flags=--jitless"]);
  assert.match(stderr, /^Cannot use wasm: WebAssembly has no SIMD here$/m);
  assert.match(stderr, /^Training tensor_neural_network.ts on tensors, with plain JavaScript$/m);
});

const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
const largest = adapter?.limits.maxStorageBufferBindingSize ?? Infinity;

Deno.test({
  name: `${TENSOR}: what the GPU can't hold is one line, and code 1`,
  // Most GPUs can hold the largest matrix that the flags take.
  ignore: largest >= 4 * 2 ** 26,
  async fn() {
    const side = `${Math.ceil(Math.sqrt(largest / 4)) + 1}`;
    // deno-fmt-ignore
    const args = [
      "--backend", "webgpu", "--batch-size", "1", "--inputs", side, "--hidden", side,
    ];
    const { code, stdout, stderr } = await runScript(TENSOR, args);
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /\nerror: Cannot go on: the GPU failed, .*limit.*\n$/);
  },
});
