/** The scripts and tasks as a user runs them: as processes, most without any permission. */

import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { MAX_NUMBERS_IN_ARRAYS } from "../lib/cli.ts";
import { availableBackends, BLAS, permitted, testIf } from "./available.ts";
import seed11 from "./numpy_losses/seed11_3x5x4x2.json" with { type: "json" };
import seed42 from "./numpy_losses/seed42_64x1000x100x10.json" with { type: "json" };
import { command, preload, ROOT, runDeno, runScript } from "./run_script.ts";

const NAIVE = "naive_neural_network.ts";
const NDARRAY = "ndarray_neural_network.ts";
const TENSOR = "tensor_neural_network.ts";
const COMPARE = "tests/compare.ts";

/** What each script computes on where there is no GPU, and nothing is permitted. */
const DEVICES = {
  [NAIVE]: "arrays of arrays",
  [NDARRAY]: "ndarrays, with WebAssembly",
  [TENSOR]: "tensors, with WebAssembly",
};

/** The sizes of the recorded losses `seed11`, and one iteration. */
const SMALL = ["--batch-size=3", "--inputs=5", "--hidden=4", "--outputs=2", "--steps=1"];

const NO_ADAPTER = preload("navigator.gpu.requestAdapter = () => Promise.resolve(null);");
const NEEDS_FFI = "it needs --allow-ffi (without a path)";
const HINT = `BLAS would be faster: ${NEEDS_FFI}\n`;

const isLinux = Deno.build.os === "linux";
const runs = permitted("the tests that run the scripts", "run", "read", "env");
const copies = permitted("the test of a copy of the project", "write") && runs;
const hasBlas = runs && BLAS !== undefined;
const test = (name: string, fn: () => void | Promise<void>) => testIf(runs, name, fn);

/** The numbers of the losses that a script prints. */
const lossesOf = (stdout: string) =>
  [...stdout.matchAll(/Loss Value: (.+)/g)].map(([, loss]) => Number(loss));

for (const [script, device] of Object.entries(DEVICES)) {
  test(`${script}: prints NumPy's losses, and on stderr what computes and its time`, async () => {
    // This clock goes on by 1 s for each logarithm, which only drawing takes, and by 7 ms a line.
    const clock = preload(`let now = 0;
      performance.now = () => now;
      const { log } = Math;
      Math.log = (x) => (now += 1000, log(x));
      const { writeSync } = Deno.stdout;
      Deno.stdout.writeSync = (bytes) => (now += 7, writeSync.call(Deno.stdout, bytes));`);
    const args = [...SMALL, "--seed=11", "--learning-rate=1e-3", "--steps=150"];
    const { code, stdout, stderr } = await runScript(script, args, [NO_ADAPTER, clock]);
    const hint = script === NAIVE ? "" : HINT;
    assert.deepEqual([code, stderr], [0, `Training on ${device}\n${hint}Trained in 1.05 s\n`]);
    assert.match(stdout, /^(Current Iteration: \d+ - Loss Value: [\d.]+\n){150}$/);
    const losses = lossesOf(stdout);
    for (const [t, loss] of losses.entries()) {
      const difference = Math.abs(loss / seed11.numpy[t] - 1);
      assert.ok(difference < (script === TENSOR ? 1e-4 : 1e-9), `${t}: ${loss}`);
    }
    const some = await runScript(script, [...args, "--steps=6", "--log-every=2"]);
    assert.deepEqual(lossesOf(some.stdout), [0, 2, 4, 5].map((t) => losses[t]));
  });

  test(`${script}: prints its help`, async () => {
    const { code, stdout, stderr } = await runScript(script, ["--help"]);
    assert.deepEqual([code, stderr], [0, ""]);
    const about = `Trains a two-layer ReLU network with ${device.split(",")[0]}.`;
    assert.ok(stdout.startsWith(`${about}\n\nUsage: deno run ${script} [flags]\n`), stdout);
    assert.equal(stdout.includes("--backend NAME"), script !== NAIVE);
  });
}

test("a script ends quietly when its reader has gone", async () => {
  const child = command(["run", "--quiet", NAIVE, ...SMALL, "--steps=1000000000"]).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  assert.equal(await new Response(child.stderr).text(), "Training on arrays of arrays\n");
  assert.equal((await child.status).code, 0);
});

const asIf = (what: string, value: string) =>
  preload(`Object.defineProperty(Deno, "${what}", { value: ${value} })`);
const [ENV, FFI, READ] = ["env", "ffi", "read"].map((name) => `--allow-${name}`);
const PERMISSIONS = "tensorflow: it needs permissions, run deno task tensorflow";
const DRIVER = isLinux ? ", install a Vulkan driver (apt install mesa-vulkan-drivers)" : "";
const REASONS =
  `${PERMISSIONS}; webgpu: there is no adapter${DRIVER}; BLAS: ${NEEDS_FFI}; WebAssembly: it is off`;

const TOO_LARGE =
  "Cannot use matrices of these sizes: together they have 21544640 numbers, and 8388608 is the limit";

/** What fails: the flags of a script and of Deno, the code, and the line. */
// deno-fmt-ignore
const FAILURES: [script: string, args: string[], denoFlags: string[], code: number, line: string][] = [
  [NAIVE, ["--steps=ten"], [], 2, 'Cannot use --steps "ten": it takes a whole number above 0'],
  [NAIVE, ["--help"], [asIf("version", '{ deno: "2.8.3" }')], 1, "Cannot use Deno 2.8.3: version 2.9.0 or later is needed"],
  [NDARRAY, ["--backend=blas"], [], 1, `Cannot use BLAS: ${NEEDS_FFI}`],
  // Deno finds no library by its name where only some paths are permitted.
  [NDARRAY, ["--backend=blas"], ["--allow-ffi=/some/path"], 1, `Cannot use BLAS: ${NEEDS_FFI}`],
  [TENSOR, ["--backend=blas"], ["--allow-ffi", "--deny-ffi=/a"], 1, `Cannot use BLAS: ${NEEDS_FFI}`],
  [TENSOR, ["--backend=tensorflow"], [FFI, READ], 1, `Cannot use ${PERMISSIONS}`],
  [TENSOR, ["--backend=tensorflow"], [ENV, READ], 1, `Cannot use ${PERMISSIONS}`],
  [TENSOR, ["--backend=tensorflow"], [ENV, FFI], 1, `Cannot use ${PERMISSIONS}`],
  [TENSOR, ["--backend=webgpu"], [NO_ADAPTER], 1, `Cannot use webgpu: there is no adapter${DRIVER}`],
  [TENSOR, ["--backend=webgpu"], [NO_ADAPTER, asIf("build", '{ os: "darwin" }')], 1, "Cannot use webgpu: there is no adapter"],
  [TENSOR, [], [NO_ADAPTER, "--v8-flags=--jitless"], 1, `Cannot use any backend: ${REASONS}`],
  [NAIVE, ["--hidden=20000"], [], 2, TOO_LARGE],
  [COMPARE, ["--hidden=20000"], [], 2, TOO_LARGE],
];

test("what fails is one line on stderr, and the code says whether a flag is wrong", async () => {
  for (const [script, args, denoFlags, code, line] of FAILURES) {
    const failure = { code, stdout: "", stderr: `error: ${line}\n` };
    assert.deepEqual(await runScript(script, args, denoFlags), failure);
  }
  const newer = asIf("version", '{ deno: "2.10.0" }');
  assert.equal((await runScript(NAIVE, ["--help"], [newer])).code, 0);
});

test("without WebAssembly or its SIMD, loops train the ndarrays", async () => {
  const off = await runScript(NDARRAY, SMALL, ["--v8-flags=--jitless"]);
  const hints = `${HINT}WebAssembly would be faster: `;
  assert.ok(off.stderr.startsWith(`Training on ndarrays, with loops in TypeScript\n${hints}`));
  if (Deno.build.arch !== "x86_64") return;
  const noSimd = ["--v8-flags=--no-enable-sse4-1"];
  const loops = await runScript(NDARRAY, SMALL, noSimd);
  assert.match(loops.stderr, /^Training on ndarrays, with loops in TypeScript\n/);
  const refused = await runScript(TENSOR, [...SMALL, "--backend=wasm"], noSimd);
  assert.equal(refused.stderr, "error: Cannot use WebAssembly: this processor has no SIMD\n");
});

test("in another project's workspace, tensors say which flag they need", async () => {
  // The import of WebAssembly's binary fails, as it does there.
  const workspace = ["--no-config", "--import-map=deno.json", "--lock=deno.lock", "--frozen"];
  const { code, stderr } = await runScript(TENSOR, SMALL, [NO_ADAPTER, ...workspace]);
  assert.equal(code, 1);
  assert.match(stderr, /^.*WebAssembly: .+ is unsupported, try --unstable-raw-imports\n$/);
});

testIf(hasBlas, "BLAS multiplies where it is announced, and nowhere else", async () => {
  // Prints a line for each product.
  const showing = preload(`const { dlopen } = Deno;
    Deno.dlopen = (...library) => {
      const { symbols } = dlopen(...library);
      const [cblas_sgemm, cblas_dgemm] = ["s", "d"].map((type) => (...args) => {
        console.error(type);
        symbols["cblas_" + type + "gemm"](...args);
      });
      return { symbols: { ...symbols, cblas_sgemm, cblas_dgemm } };
    };`);
  const commands = [[NDARRAY, "ddddd"], [TENSOR, "sssss"], [COMPARE, "dddddsssss"]] as const;
  for (const [script, products] of commands) {
    const flags = ["--allow-ffi", NO_ADAPTER, showing];
    const { stderr } = await runScript(script, SMALL, flags);
    // An iteration has five. Others come before a training, to see whether BLAS computes right.
    const trainings = stderr.split("Training on ").filter((part) => part.includes(" with BLAS "));
    assert.equal(trainings.join("").match(/^[sd]$/gm)?.join(""), products);
    if (script === COMPARE) continue;
    const wasm = await runScript(script, [...SMALL, "--backend=wasm"], flags);
    assert.doesNotMatch(wasm.stderr, /^[sd]$/m);
  }
});

const hasGpu = runs && (await availableBackends()).includes("webgpu");

testIf(hasGpu, "a GPU needs no permission, and is started though it may be slow", async () => {
  const { stdout, stderr } = await runScript(TENSOR, [...SMALL, "--backend=webgpu"]);
  assert.match(stderr, /^Training on tensors, with WebGPU on .+\nTrained in .+ s\n$/);
  assert.equal(lossesOf(stdout).length, 1);
});

test(`${NAIVE}: the sizes that take most memory for their numbers fit into 2 GB`, async () => {
  // A row of one number takes many times the memory of the number. To be quick, this is an
  // eighth of the rows that are allowed, in an eighth of the memory.
  const rows = Math.floor((MAX_NUMBERS_IN_ARRAYS - 2) / 3 / 8);
  const one = ["--inputs=1", "--hidden=1", "--outputs=1", "--steps=1"];
  const flags = ["--v8-flags=--max-old-space-size=256"];
  const { code, stderr } = await runScript(NAIVE, [...one, `--batch-size=${rows}`], flags);
  assert.equal(code, 0, stderr);
});

test("deno task start: shows its progress, and then a table of the three", async () => {
  // A clock that goes on by 1 s while numbers are drawn, and whenever it is asked by 60 ms for
  // arrays, and by 30 ms for the others.
  const clock = preload(`let [now, step] = [0, 0];
    performance.now = () => now += step;
    const { log } = Math;
    Math.log = (x) => (now += 1000, log(x));
    const { error } = console;
    console.error = (text) => (step = text.includes("arrays of") ? 60 : 30, error(text));
    Deno.stderr.isTerminal = () => true;`);
  const args = ["--steps=104", "--seed=42"];
  const { code, stdout, stderr } = await runScript(COMPARE, args, [NO_ADAPTER, clock]);
  assert.equal(code, 0, stderr);
  const [table, notes, ...rest] = stdout.split("\n\n");
  assert.match(notes, /^iteration: the median, .+\nfrom NumPy: .+ iterations 0 to 100\n$/);
  assert.deepEqual(rest, []);
  const [header, ...rows] = table.split("\n").map((line) => line.trim().split(/ {2,}/));
  assert.deepEqual(header, ["total", "iteration", "speed", "last loss", "from NumPy"]);
  const times = [["6.24 s", "60.0 ms", "1x"], ["3.12 s", "30.0 ms", "2x"]];
  for (const [i, device] of Object.values(DEVICES).entries()) {
    assert.deepEqual(rows[i].slice(0, 4), [device, ...times[Math.min(i, 1)]]);
    assert.ok(Math.abs(Number(rows[i][4]) / seed42.numpy[103] - 1) < 5e-4, `${rows[i]}`);
    assert.ok(Number(rows[i][5]) < [1e-9, 1e-9, 1e-4][i], `${rows[i]}`);
  }

  const [before, arrays, ...others] = stderr.split(/Training on .+\n/);
  assert.deepEqual([before, others.length], ["", 2]);
  // A line is written over the one before, every 100 ms, and the last one is cleared.
  const progress = Array.from({ length: 52 }, (_, i) => {
    const loss = Number(seed42.numpy[2 * i].toPrecision(5));
    return `${Math.floor(100 * (2 * i + 1) / 104)} %, loss ${loss}\x1b[K\r`;
  });
  assert.equal(arrays, `${progress.join("")}\x1b[K\r`);
  const { stdout: help } = await runScript(COMPARE, ["--help"]);
  assert.match(help, /^Trains the three [^]*\nUsage: deno task start \[flags\]\n/);
});

test("time.ts times whole iterations, with as many hidden units as it is told", async () => {
  // This clock goes on by 1 ms for each number in ReLU: 64 samples times 2 hidden units.
  const clock = preload(`let now = 0;
    performance.now = () => now;
    const { max } = Math;
    Math.max = (...numbers) => (now++, max(...numbers));`);
  const args = ["iteration", "arrays", "2"];
  const { stdout } = await runScript("tests/time.ts", args, [READ, NO_ADAPTER, clock]);
  const { name, group, ends } = JSON.parse(stdout);
  assert.deepEqual([name, group], ["arrays", "an iteration with 2 hidden units"]);
  assert.deepEqual(ends, Array.from({ length: 13 }, (_, i) => ends[0] + 128 * i));
});

testIf(copies, "a copy beside a package.json runs, and says what is missing", async () => {
  const copy = await Deno.makeTempDir();
  try {
    const isProject = (path: string) => !/[\\/](\.(?!ci|github)\w+|node_modules)$/.test(path);
    cpSync(ROOT, copy, { recursive: true, filter: isProject });
    await Deno.writeTextFile(`${copy}/package.json`, "{}");
    const run = async (args: string[], env?: Record<string, string>) =>
      (await runDeno(args, env, pathToFileURL(copy))).stderr;
    const flags = ["run", "--quiet", "--allow-all", NO_ADAPTER];
    for (const script of [NDARRAY, TENSOR]) {
      assert.match(await run([...flags, script, ...SMALL]), /\nTrained in /);
    }

    const native = [...flags, TENSOR, ...SMALL, "--backend=tensorflow"];
    const remedy = "run deno task install:tensorflow\n";
    const uninstalled = `error: Cannot use tensorflow: it is not installed, ${remedy}`;
    assert.equal(await run(native), uninstalled);
    const packages = `${copy}/.tensorflow/node_modules/@tensorflow`;
    for (const [name, reason] of [["tfjs-node", "no AVX"], ["tfjs-node-gpu", "no CUDA"]]) {
      await Deno.mkdir(`${packages}/${name}/lib/napi-v8`, { recursive: true });
      await Deno.writeTextFile(`${packages}/${name}/lib/napi-v8/tfjs_binding.node`, "");
      await Deno.writeTextFile(`${packages}/${name}/index.js`, `throw new Error("${reason}");`);
      assert.equal(await run(native), `error: Cannot use tensorflow: ${reason}, ${remedy}`);
    }
    const hint = `\ntensorflow would be faster: no CUDA, ${remedy}`;
    assert.ok((await run([...flags, TENSOR, ...SMALL])).includes(hint));
    // An addon that works, as far as its start goes.
    const addon = `const { registry, registryFactory } = globalThis._tfengine;
      registryFactory.tensorflow = { factory: () => registry.tensorflow, priority: 1 };
      registry.tensorflow = { binding: { TF_Version: "2.9.1" }, isUsingGpuDevice: true };`;
    await Deno.writeTextFile(`${packages}/tfjs-node-gpu/index.js`, addon);
    assert.match(await run(native), /^Training on tensors, with TensorFlow 2.9.1 on the GPU\n/);

    const measure = () => run(["task", "--quiet", "measure"], { PATH: copy }); // no python3
    assert.match(await measure(), /^error: .+ are missing, run deno task originals\n$/m);
    await Deno.mkdir(`${copy}/.originals`);
    assert.match(await measure(), /^error: .+: it needs python3 with NumPy and PyTorch\n$/m);
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
});
