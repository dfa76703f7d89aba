/** The scripts as a user runs them: as processes, without any permission. */

import assert from "node:assert/strict";
import { MOST_IN_ARRAYS } from "../lib/cli.ts";
import { availableBackends, BLAS, permitted, testIf } from "./available.ts";
import seed11 from "./numpy_losses/seed11_3x5x4x2.json" with { type: "json" };
import seed42 from "./numpy_losses/seed42_64x1000x100x10.json" with { type: "json" };
import { command, runScript } from "./run_script.ts";

const NAIVE = "naive_neural_network.ts";
const NDARRAY = "ndarray_neural_network.ts";
const TENSOR = "tensor_neural_network.ts";
const COMPARE = "tests/compare.ts";

/** The sizes, the seed and the rate of the recorded losses `seed11`. */
const SMALL = ["--batch-size=3", "--inputs=5", "--hidden=4", "--outputs=2"];
const SEED11 = [...SMALL, "--seed=11", "--learning-rate=1e-3"];

const runs = permitted("the tests that run the scripts", "run", "read", "env");

/** A test that runs a script, if something is there. */
const test = (name: string, fn: () => Promise<void>, isThere: unknown = true) =>
  testIf(runs && isThere, name, fn);

/** What a script gives that fails before it prints anything. */
const failure = (code: number, message: string) => ({
  code,
  stdout: "",
  stderr: `error: ${message}\n`,
});

const NEEDS_FFI = "it needs --allow-ffi (without a path)";

/** The numbers of the losses that a script prints. */
const lossesOf = (stdout: string) =>
  [...stdout.matchAll(/Loss Value: (.+)/g)].map(([, loss]) => Number(loss));

function assertClose(actual: number, expected: number, tolerance: number) {
  assert.ok(Math.abs(actual / expected - 1) < tolerance, `${actual} is not ${expected}`);
}

for (const script of [NAIVE, NDARRAY, TENSOR]) {
  test(`${script}: prints NumPy's losses, and its time on stderr`, async () => {
    const { code, stdout, stderr } = await runScript(script, [...SEED11, "--steps=150"]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^(Current Iteration: \d+ - Loss Value: [\d.]+\n){150}$/);
    const losses = lossesOf(stdout);
    for (const [t, loss] of losses.entries()) {
      assertClose(loss, seed11.numpy[t], script === TENSOR ? 1e-4 : 1e-9);
    }
    // One line more says what is faster; not for arrays, nor for tensors on a GPU.
    const isFastest = script === NAIVE || / WebGPU /.test(stderr);
    const hint = isFastest ? "" : `BLAS would be faster: ${RegExp.escape(NEEDS_FFI)}\n`;
    const time = "Trained in ([\\d.]+) s, ([\\d.]+) ms an iteration";
    const [, s, ms] = stderr.match(new RegExp(`^Training on .+\n${hint}${time}\n$`))!.map(Number);
    assertClose(1000 * s, 150 * ms, 0.02);
    const some = await runScript(script, [...SEED11, "--steps=6", "--log-every=2"]);
    assert.deepEqual(lossesOf(some.stdout), [0, 2, 4, 5].map((t) => losses[t]));
  });

  test(`${script}: help is code 0, a mistake code 2, a loss that is not finite code 1`, async () => {
    const { code, stdout, stderr } = await runScript(script, ["--help"]);
    assert.deepEqual([code, stderr], [0, ""]);
    const what =
      { [NAIVE]: "arrays of arrays", [NDARRAY]: "ndarrays", [TENSOR]: "tensors" }[script];
    const head =
      `Trains a two-layer ReLU network with ${what}.\n\nUsage: deno run ${script} [flags]\n`;
    assert.ok(stdout.startsWith(head), stdout);
    assert.equal(stdout.includes("--backend NAME"), script !== NAIVE);
    const refused = failure(2, `Cannot use --steps "ten": it takes a whole number above 0`);
    assert.deepEqual(await runScript(script, ["--steps", "ten"]), refused);

    const onDeno = (version: string) => {
      const pretend = `Object.defineProperty(Deno, "version", { value: { deno: "${version}" } })`;
      return runScript(script, ["--help"], ["--preload", `data:text/javascript,${pretend}`]);
    };
    const tooOld = failure(1, "Cannot use Deno 2.8.3: version 2.9.0 or later is needed");
    assert.deepEqual(await onDeno("2.8.3"), tooOld);
    assert.equal((await onDeno("2.10.0")).code, 0);

    const stopped = await runScript(script, [...SMALL, "--learning-rate=1e3"]);
    assert.equal(stopped.code, 1);
    const [, t, loss] = stopped.stdout.match(/: (\d+) - Loss Value: (Infinity|NaN)\n$/)!;
    const why = `the loss is ${loss} at iteration ${t}, try a --learning-rate below 1000`;
    assert.ok(stopped.stderr.endsWith(`\nerror: Cannot go on: ${why}\n`), stopped.stderr);
  });

  test(`${script}: ends quietly when its reader has gone`, async () => {
    const child = command([script, ...SMALL, "--steps=1000000000"]).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    const stderr = await new Response(child.stderr).text();
    assert.match(stderr, /^Training .+\n(BLAS would be faster: .+\n)?$/);
    assert.equal((await child.status).code, 0);
  });
}

/** Prints a line in place of each product that a script has BLAS compute. */
const SHOWING = `const { dlopen } = Deno;
Deno.dlopen = (...library) => {
  const { symbols } = dlopen(...library);
  const [cblas_sgemm, cblas_dgemm] = ["float32", "float64"].map((type) => () => console.error(type));
  return { symbols: { ...symbols, cblas_sgemm, cblas_dgemm } };
};`;

test("--allow-ffi turns BLAS on, --backend off; where it is announced, it multiplies", async () => {
  const preload = `data:text/javascript,${encodeURIComponent(SHOWING)}`;
  const commands = [
    [NDARRAY, [], "float64"],
    [NDARRAY, ["--backend=wasm"]],
    [TENSOR, ["--backend=blas"], "float32"],
    [TENSOR, ["--backend=wasm"]],
    [COMPARE, [], "float64", "float32"],
  ] as const;
  for (const [script, args, ...types] of commands) {
    const flags = ["--allow-ffi", "--preload", preload];
    const { stderr } = await runScript(script, [...SMALL, "--steps=1", ...args], flags);
    // On a machine with a GPU, the comparison trains the tensors there.
    const expected = types.filter((type) => type === "float64" || !/ with WebGPU /.test(stderr));
    assert.equal(stderr.match(/ with BLAS from /g)?.length ?? 0, expected.length, stderr);
    // An iteration has five products.
    const products = expected.flatMap((type) => Array(5).fill(type));
    assert.deepEqual(stderr.match(/^float\d+$/gm) ?? [], products);
  }
}, BLAS);

for (const script of [NDARRAY, TENSOR]) {
  test(`${script}: BLAS that is not permitted is one line`, async () => {
    // Deno finds no library by its name where only some paths are permitted.
    for (const flags of [[], ["--allow-ffi=/some/path"], ["--allow-ffi", "--deny-ffi=/a"]]) {
      const refused = failure(1, `Cannot use BLAS: ${NEEDS_FFI}`);
      assert.deepEqual(await runScript(script, ["--backend", "blas"], flags), refused);
    }
  });
}

for (const backend of await availableBackends()) {
  test(`${TENSOR}: --backend ${backend}`, async () => {
    const all = ["--allow-env", "--allow-ffi", "--allow-read"];
    const permissions = { tensorflow: all, blas: ["--allow-ffi"], webgpu: [], wasm: [] };
    const args = [...SMALL, "--steps", "2", "--backend", backend];
    const quiet = { TF_CPP_MIN_LOG_LEVEL: "2" };
    const { code, stdout, stderr } = await runScript(TENSOR, args, permissions[backend], quiet);
    assert.deepEqual([code, stdout.split("\n").length], [0, 3], stderr);
    const named = backend === "wasm" ? "WebAssembly" : backend;
    const lines = `^Training on tensors, with ${named}\\b.*\nTrained .*\n$`;
    assert.match(stderr, new RegExp(lines, "i"));
  });
}

test(`${TENSOR}: a backend that is not available is one line, and code 1`, async () => {
  const run = (backend: string, ...rest: [string[]?, Record<string, string>?]) =>
    runScript(TENSOR, ["--backend", backend], ...rest);
  const why = "it needs permissions, run deno task tensorflow";
  const refused = failure(1, `Cannot use tensorflow: ${why}`);
  // Nothing is asked of the user.
  const [env, ffi, read] = ["env", "ffi", "read"].map((name) => `--allow-${name}`);
  for (const flags of [[ffi, read], [env, read], [env, ffi]]) {
    assert.deepEqual(await run("tensorflow", flags), refused);
  }
  // The import of WebAssembly's binary fails, as it does in another project's workspace.
  const { code, stdout, stderr } = await run("wasm", [
    "--no-config",
    "--import-map=deno.json",
    "--lock=deno.lock",
    "--frozen",
  ]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^error: Cannot use WebAssembly: .+, try --unstable-raw-imports\n$/);
  if (Deno.build.os !== "linux") return;
  // The drivers of this machine, hidden.
  const hidden = { VK_DRIVER_FILES: "/none", __EGL_VENDOR_LIBRARY_FILENAMES: "/none" };
  const remedy = "install a Vulkan driver (apt install mesa-vulkan-drivers)";
  const noGpu = failure(1, `Cannot use webgpu: there is no adapter, ${remedy}`);
  assert.deepEqual(await run("webgpu", [], hidden), noGpu);
});

const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
const largest = adapter?.limits.maxStorageBufferBindingSize ?? Infinity;

test(`${TENSOR}: what the GPU can't hold is one line, and code 1`, async () => {
  const side = `${Math.ceil(Math.sqrt(largest / 4)) + 1}`;
  const sizes = ["--batch-size", "1", "--inputs", side, "--hidden", side, "--steps", "1"];
  const { code, stdout, stderr } = await runScript(TENSOR, ["--backend", "webgpu", ...sizes]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /\nerror: Cannot go on: the GPU failed, .*limit.*\n$/);
  // Most GPUs can hold the largest matrix that the flags take.
}, largest < 4 * 2 ** 26);

test(`${NAIVE}: the sizes that take most memory for their numbers fit into 2 GB`, async () => {
  // A row of one number takes many times the memory of the number: an eighth, in an eighth.
  const rows = Math.floor((MOST_IN_ARRAYS - 2) / 3 / 8);
  const one = ["--inputs", "1", "--hidden", "1", "--outputs", "1", "--steps", "1"];
  const flags = ["--v8-flags=--max-old-space-size=256"];
  const { code, stderr } = await runScript(NAIVE, [...one, "--batch-size", `${rows}`], flags);
  assert.equal(code, 0, stderr);
});

/** The rows of the table that `deno task start` prints, cell by cell. */
const cells = (table: string) =>
  table.trimEnd().split("\n").map((line) => line.trim().split(/ {2,}/));

test("deno task start: a table of the three, of other sizes", async () => {
  const { code, stdout, stderr } = await runScript(COMPARE, [...SEED11, "--steps", "150"]);
  assert.equal(code, 0, stderr);
  const [header, ...rows] = cells(stdout);
  assert.deepEqual(header, ["total", "iteration", "last loss", "speed"]);
  const names = ["arrays", "ndarrays", "tensors"];
  assert.deepEqual(rows.map(([device]) => device.split(/\W/)[0]), names);
  const lines = stderr.split("\n").filter((line) => !line.startsWith("BLAS would be faster"));
  assert.deepEqual(lines, [...rows.map(([device]) => `Training on ${device}`), ""]);
  for (const [, total, iteration, loss, speed] of rows) {
    const [seconds, ms] = [total, iteration].map(parseFloat);
    assert.deepEqual([total.slice(-2), iteration.slice(-3)], [" s", " ms"]);
    assertClose(1000 * seconds / ms, 150, 0.02);
    assertClose(parseFloat(speed) * seconds, parseFloat(rows[0][1]), 0.02);
    assertClose(Number(loss), seed11.numpy[149], 5e-4);
  }
});

test("deno task start: its help, and no NumPy's losses at another rate or size", async () => {
  const { stdout } = await runScript(COMPARE, ["--help"]);
  assert.match(stdout, /\nUsage: deno task start \[flags\]\n[^]* iterations; .* default 500\n/);
  for (const other of [["--learning-rate", "2e-6"], ["--hidden", "99"]]) {
    assert.ok(!(await runScript(COMPARE, ["--steps", "2", ...other])).stdout.includes("NumPy"));
  }
});

test("deno task start: progress, and how far each is from NumPy", async () => {
  const terminal = "Deno.stderr.isTerminal = () => true";
  const flags = ["--preload", `data:text/javascript,${terminal}`];
  const args = ["--steps", "104", "--seed", "42"];
  const { stdout: printed, stderr } = await runScript(COMPARE, args, flags);
  const [table, note] = printed.split("\n\n");
  const [header, ...rows] = cells(table);
  assert.equal(header.at(-1), "from NumPy");
  assert.match(note, /^from NumPy: .+ iterations 0 to 100\n$/);
  for (const [i, tolerance] of [1e-9, 1e-9, 1e-4].entries()) {
    assert.ok(Number(rows[i].at(-1)) < tolerance, `${rows[i]}`);
  }
  // The worst of iterations 0 to 100, as the losses of the script have it.
  const losses = lossesOf((await runScript(TENSOR, args)).stdout);
  const errors = losses.map((loss, t) => Math.abs(loss / seed42.numpy[t] - 1));
  assert.equal(rows[2].at(-1), Math.max(...errors.slice(0, 101)).toExponential(0));
  // Each line is written over the one before, and the last one is cleared.
  const [, arrays] = stderr.split(/Training on .+\n/);
  const lines = arrays.split("\x1b[K\r");
  const shown = lines.slice(0, -2).map((line) => line.match(/^(\d+) %, loss ([\d.]+)$/)!);
  assertClose(Number(shown[0][2]), seed42.numpy[0], 1e-4);
  assert.ok(Number(shown.at(-1)![1]) > Number(shown[0][1]), `${lines}`);
  assert.deepEqual(lines.slice(-2), ["", ""]);
});
