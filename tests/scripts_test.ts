/** The scripts as a user runs them: as processes, without any permission. */

import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import config from "../deno.json" with { type: "json" };
import { TRAINERS } from "../images/tables.ts";
import { MAX_NUMBERS_IN_ARRAYS } from "../lib/cli.ts";
import { availableBackends, BLAS, permitted, testIf } from "./available.ts";
import seed11 from "./numpy_losses/seed11_3x5x4x2.json" with { type: "json" };
import seed42 from "./numpy_losses/seed42_64x1000x100x10.json" with { type: "json" };
import { command, preload, ROOT, runDeno, runScript } from "./run_script.ts";

const NAIVE = "naive_neural_network.ts";
const NDARRAY = "ndarray_neural_network.ts";
const TENSOR = "tensor_neural_network.ts";
const COMPARE = "tests/compare.ts";

/** The sizes, the seed and the rate of the recorded losses `seed11`. */
const SMALL = ["--batch-size=3", "--inputs=5", "--hidden=4", "--outputs=2"];
const SEED11 = [...SMALL, "--seed=11", "--learning-rate=1e-3"];

const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
const runs = permitted("the tests that run the scripts", "run", "read", "env");

const copies = permitted("the test of a copy of the project", "write") && runs;
const hasBlas = runs && BLAS !== undefined;

const test = (name: string, fn: () => void | Promise<void>) => testIf(runs, name, fn);

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

/** What stands between the first and the last line of stderr of a script without --allow-ffi. */
function hintOf(script: string, stderr: string): string {
  const isFastest = script === NAIVE || / WebGPU /.test(stderr);
  return isFastest ? "" : `BLAS would be faster: ${NEEDS_FFI}\n`;
}

for (const script of [NAIVE, NDARRAY, TENSOR]) {
  test(`${script}: prints NumPy's losses`, async () => {
    const { code, stdout } = await runScript(script, [...SEED11, "--steps=150"]);
    assert.equal(code, 0);
    assert.match(stdout, /^(Current Iteration: \d+ - Loss Value: [\d.]+\n){150}$/);
    const losses = lossesOf(stdout);
    for (const [t, loss] of losses.entries()) {
      assertClose(loss, seed11.numpy[t], script === TENSOR ? 1e-4 : 1e-9);
    }
    const some = await runScript(script, [...SEED11, "--steps=6", "--log-every=2"]);
    assert.deepEqual(lossesOf(some.stdout), [0, 2, 4, 5].map((t) => losses[t]));
  });

  test(`${script}: names on stderr what computes, what would be faster, and its time`, async () => {
    // A clock that goes on only while numbers are drawn, which takes logarithms, and by 7 ms a line.
    const clock = `let now = 0;
      performance.now = () => now;
      const { log } = Math;
      Math.log = (x) => (now += 1000, log(x));
      const { writeSync } = Deno.stdout;
      Deno.stdout.writeSync = (bytes) => (now += 7, writeSync.call(Deno.stdout, bytes));`;
    const args = [...SMALL, "--steps=9", ...script === TENSOR ? ["--backend=wasm"] : []];
    const { stderr } = await runScript(script, args, preload(clock));
    const device = {
      [NAIVE]: "arrays of arrays",
      [NDARRAY]: "ndarrays, with WebAssembly",
      [TENSOR]: "tensors, with WebAssembly",
    }[script];
    const hint = script === TENSOR ? "" : hintOf(script, stderr);
    assert.equal(stderr, `Training on ${device}\n${hint}Trained in 0.063 s\n`);
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
      return runScript(script, ["--help"], preload(pretend));
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
    const child = command(["run", "--quiet", script, ...SMALL, "--steps=1000000000"]).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    const stderr = await new Response(child.stderr).text();
    assert.equal(stderr.replace(/^Training on .+\n/, ""), hintOf(script, stderr));
    assert.equal((await child.status).code, 0);
  });
}

/** Prints a line for each product that a script has BLAS compute. */
const SHOWING = `const { dlopen } = Deno;
Deno.dlopen = (...library) => {
  const { symbols } = dlopen(...library);
  const [cblas_sgemm, cblas_dgemm] = ["s", "d"].map((type) => (...args) => {
    console.error(type);
    symbols["cblas_" + type + "gemm"](...args);
  });
  return { symbols: { ...symbols, cblas_sgemm, cblas_dgemm } };
};`;

testIf(hasBlas, "BLAS multiplies where it is announced, and nowhere else", async () => {
  const commands = [
    [NDARRAY, [], "d"],
    [NDARRAY, ["--backend=wasm"]],
    [TENSOR, ["--backend=blas"], "s"],
    [TENSOR, ["--backend=wasm"]],
    [COMPARE, [], "d", "s"],
  ] as const;
  for (const [script, args, ...types] of commands) {
    const flags = ["--allow-ffi", ...preload(SHOWING)];
    const { stderr } = await runScript(script, [...SMALL, "--steps=1", ...args], flags);
    // On a machine with a GPU, the comparison trains the tensors there.
    const expected = types.filter((type) => type === "d" || !/ with WebGPU /.test(stderr));
    assert.equal(stderr.match(/ with BLAS from /g)?.length ?? 0, expected.length, stderr);
    // An iteration has five products. Others come before, which show that BLAS computes right.
    const segments = stderr.split("Training on ").slice(1);
    const training = segments.filter((segment) => !segment.startsWith("arrays"));
    const products = expected.flatMap((type) => Array(5).fill(type));
    assert.deepEqual(training.join("").match(/^[sd]$/gm) ?? [], products);
  }
});

for (const script of [NDARRAY, TENSOR]) {
  test(`${script}: BLAS that is not permitted is one line`, async () => {
    // Deno finds no library by its name where only some paths are permitted.
    for (const flags of [[], ["--allow-ffi=/some/path"], ["--allow-ffi", "--deny-ffi=/a"]]) {
      const refused = failure(1, `Cannot use BLAS: ${NEEDS_FFI}`);
      assert.deepEqual(await runScript(script, ["--backend", "blas"], flags), refused);
    }
  });
}

for (const [name, { script, backend, permissions }] of Object.entries(TRAINERS)) {
  if (script !== "tensor") continue;
  const isHere = (await availableBackends() as string[]).includes(backend!);
  testIf(runs && isHere, `${TENSOR}: --backend ${backend} needs what the pages say`, async () => {
    const args = [...SMALL, "--steps", "2", "--backend", backend!];
    const quiet = { TF_CPP_MIN_LOG_LEVEL: "2" };
    const { code, stdout, stderr } = await runScript(TENSOR, args, permissions, quiet);
    assert.deepEqual([code, stdout.split("\n").length], [0, 3], stderr);
    const [, computes] = name.split(/ on | in | with /);
    assert.match(stderr, new RegExp(`^Training on tensors, with ${computes}\\b.*\nTrained .*\n$`));
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
  if (Deno.build.os !== "linux") return;
  // The drivers of this machine, hidden; an old Vulkan loader knows the second name only.
  const hidden = {
    VK_DRIVER_FILES: "/none",
    VK_ICD_FILENAMES: "/none",
    __EGL_VENDOR_LIBRARY_FILENAMES: "/none",
  };
  const noGpu = failure(1, `Cannot use webgpu: there is no adapter, ${DRIVER}`);
  assert.deepEqual(await run("webgpu", [], hidden), noGpu);
  const mac = preload(`Object.defineProperty(Deno, "build", { value: { os: "darwin" } })`);
  const onMac = failure(1, "Cannot use webgpu: there is no adapter");
  assert.deepEqual(await run("webgpu", [...NO_ADAPTER, ...mac]), onMac);
});

testIf(hasBlas && Deno.build.os === "linux", "a library that is passed over is named", async () => {
  const broken = `const { dlopen } = Deno;
    Deno.dlopen = (name, ...rest) => {
      if (name === "libopenblasp.so.0") throw new Error("it is broken");
      return dlopen(name, ...rest);
    };`;
  for (const script of [NDARRAY, TENSOR]) {
    const args = [...SMALL, "--steps=1", "--backend=blas"];
    const { stderr } = await runScript(script, args, ["--allow-ffi", ...preload(broken)]);
    assert.match(
      stderr,
      /with BLAS from .+\nPassed over libopenblasp.so.0: it is broken\nTrained/,
    );
  }
});

test("time_training.ts times the trainer that it is asked for", async () => {
  const counted = preload(`Deno.dlopen = () => console.error("BLAS");`);
  for (const name of ["arrays", "ndarrays with loops", "tensors in WebAssembly"]) {
    const flags = ["--allow-ffi", ...counted];
    const { code, stdout, stderr } = await runScript("tests/time_training.ts", [name, "2"], flags);
    assert.deepEqual([code, stderr], [0, ""]);
    const times: number[] = JSON.parse(stdout);
    assert.ok(times.length > 5 && times.every((ms, i) => i === 0 || ms >= times[i - 1]));
  }
});

testIf(runs && adapter !== null, "a GPU is timed with several losses to read", async () => {
  const counted = preload(`let [now, most] = [0, 0];
    const { mapAsync } = GPUBuffer.prototype;
    GPUBuffer.prototype.mapAsync = function (...args) {
      most = Math.max(most, ++now);
      return mapAsync.apply(this, args).finally(() => now--);
    };
    addEventListener("unload", () => console.error(most));`);
  const args = ["tensors on WebGPU", "2"];
  const { stderr } = await runScript("tests/time_training.ts", args, counted);
  assert.ok(parseInt(stderr) > 1, stderr);
});

const DRIVER = "install a Vulkan driver (apt install mesa-vulkan-drivers)";
const NO_ADAPTER = preload("navigator.gpu.requestAdapter = () => Promise.resolve(null);");
const NO_ADAPTER_REASON = `there is no adapter${Deno.build.os === "linux" ? `, ${DRIVER}` : ""}`;

test("without an adapter, WebAssembly trains the tensors, and nothing is said of a GPU", async () => {
  const hint = `BLAS would be faster: ${NEEDS_FFI}\n`;
  const tensors = await runScript(TENSOR, [...SMALL, "--steps=1"], NO_ADAPTER);
  const trained = /^Training on tensors, with WebAssembly\n(.*\n)Trained in .*\n$/;
  assert.equal(tensors.stderr.match(trained)?.[1], hint, tensors.stderr);
  const { code, stderr } = await runScript(COMPARE, [...SMALL, "--steps=1"], NO_ADAPTER);
  const training = ["arrays of arrays\n", `ndarrays, with WebAssembly\n${hint}`];
  training.push(`tensors, with WebAssembly\n${hint}`);
  assert.deepEqual([code, stderr], [0, training.map((line) => `Training on ${line}`).join("")]);
});

test("without WebAssembly or its SIMD, loops train the ndarrays, and tensors say why they can't", async () => {
  const hints = `BLAS would be faster: ${NEEDS_FFI}\nWebAssembly would be faster: `;
  const off = [...NO_ADAPTER, "--v8-flags=--jitless"];
  const { code, stderr } = await runScript(NDARRAY, [...SMALL, "--steps=1"], off);
  assert.equal(code, 0);
  assert.ok(stderr.startsWith(`Training on ndarrays, with loops in TypeScript\n${hints}`), stderr);
  // A processor without SIMD can't run the kernel either.
  const old = ["--v8-flags=--no-enable-sse4-1"];
  const noSimd = failure(1, "Cannot use WebAssembly: this processor has no SIMD");
  if (Deno.build.arch === "x86_64") {
    assert.deepEqual(await runScript(TENSOR, [...SMALL, "--backend=wasm"], old), noSimd);
    const loops = await runScript(NDARRAY, [...SMALL, "--steps=1"], old);
    assert.match(loops.stderr, /^Training on ndarrays, with loops in TypeScript\n/);
  }
  const named = await runScript(NDARRAY, [...SMALL, "--backend=wasm"], off);
  assert.match(named.stderr, /^error: Cannot use WebAssembly: .+\n$/);

  const reasons = [
    "tensorflow: it needs permissions, run deno task tensorflow",
    `webgpu: ${NO_ADAPTER_REASON}`,
    `BLAS: ${NEEDS_FFI}`,
    "WebAssembly: it is off",
  ];
  const refused = failure(1, `Cannot use any backend: ${reasons.join("; ")}`);
  assert.deepEqual(await runScript(TENSOR, SMALL, off), refused);
  const compared = await runScript(COMPARE, [...SMALL, "--steps=1"], off);
  assert.deepEqual([compared.code, compared.stdout], [1, ""]);
  assert.ok(compared.stderr.endsWith(`\n${refused.stderr}`), compared.stderr);
});

test("in another project's workspace, tensors say which flag they need", async () => {
  // The import of WebAssembly's binary fails, as it does there.
  const workspace = ["--no-config", "--import-map=deno.json", "--lock=deno.lock", "--frozen"];
  const why = /WebAssembly: The import attribute .+ is unsupported, try --unstable-raw-imports\n$/;
  for (const backend of ["wasm", "auto"]) {
    const args = [...SMALL, "--steps=1", "--backend", backend];
    const { code, stdout, stderr } = await runScript(TENSOR, args, [...NO_ADAPTER, ...workspace]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, why);
    assert.equal(stderr.split("\n").length, 2);
  }
});

const largest = adapter?.limits.maxStorageBufferBindingSize ?? Infinity;

// Most GPUs can hold the largest matrix that the flags take.
const isLimited = runs && largest < 4 * 2 ** 26;
testIf(isLimited, `${TENSOR}: what the GPU can't hold is one line, and code 1`, async () => {
  const side = `${Math.ceil(Math.sqrt(largest / 4)) + 1}`;
  const sizes = ["--batch-size", "1", "--inputs", side, "--hidden", side, "--steps", "1"];
  const { code, stdout, stderr } = await runScript(TENSOR, ["--backend", "webgpu", ...sizes]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /\nerror: Cannot go on: the GPU failed, .*limit.*\n$/);
});

test(`${NAIVE}: the sizes that take most memory for their numbers fit into 2 GB`, async () => {
  // A row of one number takes many times the memory of the number. To be quick, this is an
  // eighth of the rows that are allowed, in an eighth of the memory.
  const rows = Math.floor((MAX_NUMBERS_IN_ARRAYS - 2) / 3 / 8);
  const one = ["--inputs", "1", "--hidden", "1", "--outputs", "1", "--steps", "1"];
  const flags = ["--v8-flags=--max-old-space-size=256"];
  const { code, stderr } = await runScript(NAIVE, [...one, "--batch-size", `${rows}`], flags);
  assert.equal(code, 0, stderr);
});

/** The rows of the table that `deno task start` prints, cell by cell. */
const cells = (table: string) =>
  table.trimEnd().split("\n").map((line) => line.trim().split(/ {2,}/));

test("deno task start: a table of the three, of other sizes", async () => {
  // A clock that goes on by 1 s while numbers are drawn, and whenever it is asked by 30 ms.
  const clock = `let now = 0;
    performance.now = () => now += 30;
    const { log } = Math;
    Math.log = (x) => (now += 1000, log(x));`;
  const { code, stdout, stderr } = await runScript(
    COMPARE,
    [...SEED11, "--steps", "150"],
    [...NO_ADAPTER, ...preload(clock)],
  );
  assert.equal(code, 0, stderr);
  const [table, note, ...rest] = stdout.split("\n\n");
  assert.deepEqual(rest, []);
  assert.match(note, /^iteration: the median, .+\n$/);
  const [header, ...rows] = cells(table);
  assert.deepEqual(header, ["total", "iteration", "speed", "last loss"]);
  assert.deepEqual(
    rows.map(([device, total, iteration, speed]) => [device, total, iteration, speed]),
    [
      ["arrays of arrays", "4.50 s", "30.0 ms", "1x"],
      ["ndarrays, with WebAssembly", "4.50 s", "30.0 ms", "1x"],
      ["tensors, with WebAssembly", "4.50 s", "30.0 ms", "1x"],
    ],
  );
  for (const [, , , , loss] of rows) assertClose(Number(loss), seed11.numpy[149], 5e-4);
});

test("deno task start: the speed is that of the medians", async () => {
  const { stdout } = await runScript(COMPARE, ["--steps", "40"]);
  const [, ...rows] = cells(stdout.split("\n\n")[0]);
  const ms = rows.map(([, , iteration]) => parseFloat(iteration));
  for (const [i, [, , , speed]] of rows.entries()) {
    assertClose(parseFloat(speed), ms[0] / ms[i], 0.06);
  }
});

test("deno task start: its help, and no NumPy's losses at another rate or size", async () => {
  const { stdout } = await runScript(COMPARE, ["--help"]);
  assert.match(stdout, /^Trains the three networks in turn, and compares /);
  assert.match(stdout, /\nUsage: deno task start \[flags\]\n[^]* iterations; .* default 500\n/);
  for (const other of [["--learning-rate", "2e-6"], ["--hidden", "99"]]) {
    assert.ok(!(await runScript(COMPARE, ["--steps", "2", ...other])).stdout.includes("NumPy"));
  }
  const tooLarge = "together they have 21544640 numbers, and 8388608 is the limit";
  const refused = failure(2, `Cannot use matrices of these sizes: ${tooLarge}`);
  assert.deepEqual(await runScript(COMPARE, ["--hidden", "20000"]), refused);
});

test("deno task start: progress, and how far each is from NumPy", async () => {
  const flags = preload("Deno.stderr.isTerminal = () => true");
  const args = ["--steps", "104", "--seed", "42"];
  const { stdout: printed, stderr } = await runScript(COMPARE, args, flags);
  const [table, note] = printed.split("\n\n");
  const [header, ...rows] = cells(table);
  assert.equal(header.at(-1), "from NumPy");
  assert.match(note, /\nfrom NumPy: .+ iterations 0 to 100\n$/);
  for (const [i, tolerance] of [1e-9, 1e-9, 1e-4].entries()) {
    assert.ok(Number(rows[i].at(-1)) < tolerance, `${rows[i]}`);
  }
  // The worst of iterations 0 to 100, as the losses of the script have it.
  const losses = lossesOf((await runScript(TENSOR, args)).stdout);
  const errors = losses.map((loss, t) => Math.abs(loss / seed42.numpy[t] - 1));
  assert.equal(rows[2].at(-1), Math.max(...errors.slice(0, 101)).toExponential(0));
  const few = await runScript(COMPARE, ["--steps", "5"]);
  assert.match(few.stdout, / iterations 0 to 4\n$/);
  // Each line is written over the one before, and the last one is cleared.
  const [, arrays] = stderr.split(/Training on .+\n/);
  const lines = arrays.split("\x1b[K\r");
  const shown = lines.slice(0, -2).map((line) => line.match(/^(\d+) %, loss ([\d.]+)$/)!);
  assertClose(Number(shown[0][2]), seed42.numpy[0], 1e-4);
  const percents = shown.map(([, percent]) => Number(percent));
  assert.ok(percents[0] < percents.at(-1)! && percents.at(-1)! <= 100, `${lines}`);
  assert.deepEqual(lines.slice(-2), ["", ""]);
});

/** Runs a task, as it stands in deno.json. */
const runTask = (task: string, ...args: string[]) => runDeno(["task", "--quiet", task, ...args]);

test("the tasks start, bench and tensorflow have the permissions that they need", async () => {
  const started = await runTask("start", ...SMALL, "--steps=1");
  assert.equal(started.code, 0, started.stderr);
  assert.ok(!started.stderr.includes(NEEDS_FFI), started.stderr);
  const { code, stdout, stderr } = await runTask("bench", "tests/iteration_bench.ts", "--", "2");
  assert.equal(code, 0, stderr);
  for (const name of ["arrays", "ndarrays with loops", "tensors in WebAssembly"]) {
    assert.ok(stdout.includes(`| ${name} `), stdout);
  }
  assert.equal(stdout.includes("| tensors with BLAS "), BLAS !== undefined);
  assert.ok(!/permission|--allow/.test(stderr), stderr);
  const notNumber = await runTask("bench", "tests/iteration_bench.ts", "--", "abc");
  const refused = 'error: Cannot use --hidden "abc": it takes a whole number above 0\n';
  assert.ok(notNumber.stderr.endsWith(refused), notNumber.stderr);
  const native = await runTask("tensorflow", ...SMALL, "--steps=1");
  assert.ok(!/permission/.test(native.stderr), native.stderr);
});

test("tasks name the permissions and flags that nothing else would notice", () => {
  const { images, kernel, measure, tensorflow } = config.tasks;
  assert.match(kernel.command, / --allow-env --allow-read --allow-write=lib\/kernel /);
  for (const [suffix, addon] of [["", "node-gpu"], ["-cpu", "node"]] as const) {
    const { command } = config.tasks[`install:tensorflow${suffix}`];
    assert.ok(command.endsWith(` --allow-scripts=npm:@tensorflow/tfjs-${addon}`), command);
  }
  assert.match(images.command, / --allow-env=NODE_ENV /);
  assert.match(measure.command, / --v8-flags=--expose-gc /);
  for (const permission of TRAINERS["tensors on TensorFlow"].permissions!) {
    assert.ok(tensorflow.command.includes(` ${permission} `), permission);
  }
  assert.equal(TRAINERS["tensors on TensorFlow"].permissions!.length, 3);
});

test("the task test has the permissions that the tests need", async () => {
  const files = ["blas", "page", "readme", "scripts", "tables"];
  const paths = files.map((name) => `tests/${name}_test.ts`);
  const args = ["--no-check", "--filter=none of them", ...paths];
  const { code, stdout, stderr } = await runTask("test", ...args);
  assert.equal(code, 0, stderr);
  assert.ok(!`${stdout}${stderr}`.includes("Ignoring"), stdout);
});

testIf(copies, "a copy beside a package.json runs, and says what is missing", async () => {
  const copy = await Deno.makeTempDir();
  try {
    const isProject = (path: string) => !/[\\/](\.(?!ci|github)\w+|node_modules)$/.test(path);
    cpSync(ROOT, copy, { recursive: true, filter: isProject });
    await Deno.writeTextFile(`${copy}/package.json`, "{}");
    const run = async (args: string[], env?: Record<string, string>) => {
      const { code, stderr } = await command(args, env, { cwd: copy }).output();
      return [code, new TextDecoder().decode(stderr)] as const;
    };
    for (const script of [NDARRAY, TENSOR]) {
      const [code, stderr] = await run(["run", "--quiet", script, ...SMALL, "--steps=1"]);
      assert.equal(code, 0, stderr);
    }

    const addons = ["node-gpu", "node"].map((kind) => `node_modules/@tensorflow/tfjs-${kind}`);
    const native = ["run", "--quiet", "--allow-all", TENSOR, "--backend=tensorflow"];
    const remedy = "run deno task install:tensorflow";
    const uninstalled = `error: Cannot use tensorflow: it is not installed, ${remedy}\n`;
    assert.deepEqual(await run(native), [1, uninstalled]);
    for (const addon of addons.map((path) => `${copy}/.tensorflow/${path}`)) {
      await Deno.mkdir(`${addon}/lib/napi-v8`, { recursive: true });
      await Deno.writeTextFile(`${addon}/lib/napi-v8/tfjs_binding.node`, "");
      const reason = addon.endsWith("gpu") ? "no CUDA" : "no AVX";
      await Deno.writeTextFile(`${addon}/index.js`, `throw new Error("${reason}");`);
    }
    const failing = `error: Cannot use tensorflow: no CUDA, ${remedy}\n`;
    assert.deepEqual(await run(native), [1, failing]);
    const auto = ["run", "--quiet", "--allow-all", ...NO_ADAPTER, TENSOR, ...SMALL, "--steps=1"];
    const hint = `\ntensorflow would be faster: no CUDA, ${remedy}\n`;
    assert.ok((await run(auto))[1].includes(hint));
    // An addon that works, as far as its start goes.
    await Deno.writeTextFile(
      `${copy}/.tensorflow/${addons[0]}/index.js`,
      `const { registry, registryFactory } = globalThis._tfengine;
      registryFactory.tensorflow = { factory: () => registry.tensorflow, priority: 1 };
      registry.tensorflow = { binding: { TF_Version: "2.9.1" }, isUsingGpuDevice: true };`,
    );
    const [, started] = await run([...native, ...SMALL, "--steps=1"]);
    assert.match(started, /^Training on tensors, with TensorFlow 2.9.1 on the GPU\n/);

    const measure = ["task", "--quiet", "measure"];
    const missing = "error: Cannot measure: the originals are missing, run deno task originals\n";
    assert.deepEqual(await run(measure), [1, missing]);
    await Deno.mkdir(`${copy}/.originals`);
    const needed = "error: Cannot measure: it needs python3 with NumPy and PyTorch\n";
    assert.deepEqual(await run(measure, { PATH: copy }), [1, needed]);
    if (Deno.build.os !== "windows") {
      await Deno.writeTextFile(`${copy}/python3`, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
      assert.deepEqual(await run(measure, { PATH: copy }), [1, needed]);
      await Deno.remove(`${copy}/python3`);
    }

    // Pages and pictures are those of the measurements.
    assert.deepEqual((await run(["task", "--quiet", "images"]))[0], 0);
    for (const file of [...Deno.readDirSync(`${copy}/images`), { name: "../README.md" }]) {
      const [drawn, kept] = [copy, ROOT.pathname].map((folder) =>
        Deno.readTextFileSync(`${folder}/images/${file.name}`)
      );
      assert.ok(drawn === kept, `run deno task images: ${file.name}`);
    }
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
});
