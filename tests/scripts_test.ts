/** The scripts as a user runs them: as processes, without any permission. */

import assert from "node:assert/strict";
import config from "../deno.json" with { type: "json" };
import { ARRAYS_LIMIT } from "../lib/cli.ts";
import { availableBackends, BLAS, permitted } from "./available.ts";
import seed0 from "./numpy_losses/seed0_64x1000x100x10.json" with { type: "json" };
import seed42 from "./numpy_losses/seed42_64x1000x100x10.json" with { type: "json" };
import { command, ROOT, runScript, withoutDriver } from "./run_script.ts";

const NAIVE = "naive_neural_network.ts";
const NDARRAY = "ndarray_neural_network.ts";
const TENSOR = "tensor_neural_network.ts";
const COMPARE = "tests/compare.ts";
const SMALL = ["--batch-size", "4", "--inputs", "6", "--hidden", "5", "--outputs", "2"];

const runs = permitted("the tests that run the scripts", "run", "read", "env");

/** A test that runs a script. */
function test(name: string, fn: () => Promise<void>, ignore = false) {
  Deno.test({ name, ignore: ignore || !runs, fn });
}

/** What a script gives that fails before it prints anything. */
const failure = (code: number, message: string) => ({
  code,
  stdout: "",
  stderr: `error: ${message}\n`,
});

/** Runs a script by another program, which gets the command that runs it as its arguments. */
async function runBy(
  program: string,
  flag: string,
  code: string,
  script: string,
  ...args: string[]
) {
  const output = await new Deno.Command(program, {
    args: [flag, code, Deno.execPath(), "run", "--quiet", script, ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const [stdout, stderr] = [output.stdout, output.stderr].map((b) => new TextDecoder().decode(b));
  return { code: output.code, stdout, stderr };
}

for (const script of [NAIVE, NDARRAY, TENSOR]) {
  test(`${script}: prints NumPy's losses, and a summary on stderr`, async () => {
    const { code, stdout, stderr } = await runScript(script, ["--steps", "4"]);
    assert.equal(code, 0, stderr);
    const losses = [
      ...stdout.matchAll(/^Current Iteration: (\d+) - Loss Value: (\d+(?:\.\d+)?)\n/gm),
    ];
    assert.equal(losses.map(([line]) => line).join(""), stdout);
    assert.deepEqual(losses.map(([, t]) => t), ["0", "1", "2", "3"]);
    for (const [t, [line, , loss]] of losses.entries()) {
      assert.ok(Math.abs(Number(loss) / seed0.numpy[t] - 1) < 1e-6, line);
    }
    // At most one line more for what is faster, and not for arrays.
    const hint = script === NAIVE ? "" : "(BLAS would be faster: it needs --allow-ffi\n)?";
    assert.match(
      stderr,
      new RegExp(`^Training on (.+)\n${hint}4 iterations in [\\d.]+ s, [\\d.]+ ms each, on \\1\n$`),
    );
    const seeded = await runScript(script, ["--steps", "4", "--seed", "42", "--log-every", "2"]);
    const [first, , third] = seeded.stdout.split("\n").map((line) => Number(line.split(": ")[2]));
    assert.ok(Math.abs(first / seed42.numpy[0] - 1) < 1e-6);
    assert.ok(Math.abs(third / seed42.numpy[3] - 1) < 1e-6);
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
    const range = "it takes a whole number from 1 to 9007199254740991";
    const refused = failure(2, `Cannot use --steps "\\u001b": ${range}`);
    assert.deepEqual(await runScript(script, ["--steps", "\x1b"]), refused);
    // Nothing that a terminal would obey is printed.
    const unknown = failure(2, "Cannot read the flags: Unknown option '--x', see --help");
    assert.deepEqual(await runScript(script, ["--\x1b[31mx"]), unknown);

    const onDeno = (version: string) => {
      const pretend = `Object.defineProperty(Deno, "version", { value: { deno: "${version}" } })`;
      return runScript(script, ["--help"], ["--preload", `data:text/javascript,${pretend}`]);
    };
    const tooOld = failure(1, "Cannot use Deno 2.8.3: it takes 2.9.0 or later");
    assert.deepEqual(await onDeno("2.8.3"), tooOld);
    for (const version of ["2.9.0", "2.10.0"]) assert.equal((await onDeno(version)).code, 0);

    const stopped = await runScript(script, ["--learning-rate", "1"]);
    assert.equal(stopped.code, 1);
    const [, t, loss] = stopped.stdout.match(/: (\d+) - Loss Value: (Infinity|NaN)\n$/)!;
    const why = `the loss is ${loss} at iteration ${t}, try a --learning-rate below 1`;
    assert.ok(stopped.stderr.endsWith(`\nerror: Cannot go on: ${why}\n`), stopped.stderr);
  });

  test(`${script}: full disks`, async () => {
    const run = (redirection: string, ...args: string[]) =>
      runBy("sh", "-c", `exec "$0" "$@" ${redirection}`, script, ...args);
    const { code, stderr } = await run(">/dev/full", ...SMALL);
    assert.equal(code, 1);
    assert.match(stderr, /\nerror: Cannot write to stdout: No space left on device.*\n$/);
    // It goes on where stderr can't be written, and keeps its exit codes.
    const { code: right, stdout } = await run("2>/dev/full", ...SMALL);
    assert.deepEqual([right, stdout.split("\n").length], [0, 501]);
    assert.equal((await run("2>/dev/full", "--nope")).code, 2);
  }, Deno.build.os !== "linux");

  test(`${script}: ends quietly where nobody reads on`, async () => {
    const child = command(script, [...SMALL, "--steps", "1000000"]).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    const stderr = withoutDriver(await new Response(child.stderr).text());
    assert.match(stderr, /^Training .+\n(BLAS would be faster: .+\n)?$/);
    assert.equal((await child.status).code, 0);
  });
}

for (const script of [NDARRAY, TENSOR]) {
  test(`${script}: --allow-ffi turns BLAS on, --backend off`, async () => {
    const device = async (...args: string[]) =>
      (await runScript(script, [...SMALL, ...args], ["--allow-ffi"])).stderr.split("\n")[0];
    for (const args of [[], ["--backend", "auto"], ["--backend", "blas"]]) {
      assert.match(await device(...args), /^Training on \w+, with BLAS from \S+$/);
    }
    assert.match(await device("--backend", "wasm"), /^Training on \w+, with WebAssembly$/);
    if (script === TENSOR) return;
    assert.match(await device("--backend", "typescript"), /, with loops in TypeScript$/);
    // BLAS adds in another order, and so rounds in other places.
    const losses = async (backend: string) =>
      (await runScript(script, ["--steps", "9", "--backend", backend], ["--allow-ffi"])).stdout;
    assert.notEqual(await losses("blas"), await losses("wasm"));
  }, !BLAS);

  test(`${script}: BLAS not permitted, or not for all libraries, is one line`, async () => {
    const run = (...flags: string[]) => runScript(script, ["--backend", "blas"], flags);
    const needs = "Cannot use BLAS: it needs --allow-ffi";
    assert.deepEqual(await run(), failure(1, needs));
    // Deno finds no library by its name where only some paths are permitted.
    assert.deepEqual(await run("--allow-ffi=libblas.so.3"), failure(1, needs));
    const denied = await run("--allow-ffi", "--deny-ffi=libblas.so.3");
    assert.deepEqual(denied, failure(1, `${needs}, without --deny-ffi`));
  });
}

/** The rows of the table that `deno task start` prints, cell by cell. */
const cells = (table: string) =>
  table.trimEnd().split("\n").map((line) => line.trim().split(/ {2,}/));

test("deno task start: a table of the three", async () => {
  const { code, stdout, stderr } = await runScript(COMPARE, [...SMALL, "--steps", "300"]);
  assert.equal(code, 0, stderr);
  const [header, ...rows] = cells(stdout);
  assert.deepEqual(header, ["in all", "iteration", "last loss", "speed"]);
  const names = ["arrays", "ndarrays", "tensors"];
  assert.deepEqual(rows.map(([device]) => device.split(/\W/)[0]), names);
  assert.deepEqual(stderr.match(/^Training on \w+/gm), names.map((name) => `Training on ${name}`));
  for (const [, total, iteration, loss, speed] of rows) {
    const [seconds, ms] = [total, iteration].map(parseFloat);
    assert.deepEqual([total.slice(-2), iteration.slice(-3)], [" s", " ms"]);
    assert.ok(Math.abs(1000 * seconds / ms / 300 - 1) < 0.02, stdout);
    assert.ok(Math.abs(parseFloat(speed) * seconds / parseFloat(rows[0][1]) - 1) < 0.02, stdout);
    assert.ok(Math.abs(Number(loss) / Number(rows[0][3]) - 1) < 1e-4, stdout);
  }
  const ends = stdout.trimEnd().split("\n").map((line) => /\d ms|iteration/.exec(line)!.index);
  assert.equal(ends[1], ends[0] + "iteration".length - "1 ms".length);
  assert.ok(!stderr.includes("\x1b"));
  const other = await runScript(COMPARE, ["--steps", "1", "--learning-rate", "1e-7"]);
  assert.ok(!other.stdout.includes("from NumPy"));
  const few = await runScript(COMPARE, ["--steps", "2"]);
  assert.match(few.stdout, / iterations 0 to 1\n$/);
  const large = ["--batch-size", "1", "--hidden", "1", "--inputs", `${ARRAYS_LIMIT}`];
  assert.equal((await runScript(COMPARE, large)).code, 2);
});

test("deno task start: how far each is from NumPy, at the original's sizes", async () => {
  for (const { seed, numpy } of [seed0, seed42]) {
    const args = ["--steps", "104", "--seed", `${seed}`];
    const [table, note] = (await runScript(COMPARE, args)).stdout.split("\n\n");
    const [header, ...rows] = cells(table);
    assert.equal(header.at(-1), "from NumPy");
    assert.match(note, /^from NumPy: .+ iterations 0 to 100\n$/);
    for (const [i, tolerance] of [1e-9, 1e-9, 1e-4].entries()) {
      assert.ok(Number(rows[i].at(-1)) < tolerance, `${rows[i]}`);
    }
    // The worst of iterations 0 to 100, as the losses of the script have it.
    const { stdout } = await runScript(TENSOR, args);
    const errors = [...stdout.matchAll(/Loss Value: (.+)/g)].map(([, loss], t) =>
      Math.abs(Number(loss) / numpy[t] - 1)
    );
    assert.equal(rows[2].at(-1), Math.max(...errors.slice(0, 101)).toExponential(0));
  }
});

test("deno task start: the ndarrays are multiplied by what it says", async () => {
  const { stdout } = await runScript(COMPARE, ["--steps", "104"], ["--allow-ffi"]);
  // WebAssembly adds in the order of the arrays.
  const [arrays, ndarrays] = cells(stdout.split("\n\n")[0]).slice(1).map((row) => row.at(-1));
  assert.notEqual(ndarrays, arrays);
}, !BLAS);

for (const backend of await availableBackends()) {
  test(`${TENSOR}: --backend ${backend}`, async () => {
    const all = ["--allow-env", "--allow-ffi", "--allow-read"];
    const permissions = { tensorflow: all, blas: ["--allow-ffi"], webgpu: [], wasm: [], cpu: [] };
    const args = [...SMALL, "--steps", "2", "--backend", backend];
    const { code, stdout, stderr } = await runScript(TENSOR, args, permissions[backend]);
    assert.deepEqual([code, stdout.split("\n").length], [0, 3], stderr);
    const named = { wasm: "WebAssembly", cpu: "plain JavaScript" }[backend as string] ?? backend;
    assert.match(stderr, new RegExp(`^Training on tensors, with ${named}\\b`, "i"));
  });
}

test(`${TENSOR}: a backend by name and not available is one line, and code 1`, async () => {
  const run = (backend: string, ...rest: [string[]?, Record<string, string>?]) =>
    runScript(TENSOR, ["--backend", backend], ...rest);
  // What the task grants is enough; with any part of it left out, nothing is asked of the user.
  const [env, ffi, read] = config.tasks.tensorflow.command.match(/--allow-\S+/g)!;
  const files = read.split(/[=,]/).slice(1, Deno.build.os === "linux" ? 4 : 2);
  const without = (file: string) => `--allow-read=${files.filter((other) => other !== file)}`;
  const lacking = [[ffi, read], [env, read], ...files.map((file) => [env, ffi, without(file)])];
  const why = "no permission to load it, see deno task tensorflow";
  for (const flags of lacking) {
    assert.deepEqual(await run("tensorflow", flags), failure(1, `Cannot use tensorflow: ${why}`));
  }
  assert.doesNotMatch((await run("tensorflow", [env, ffi, read])).stderr, /no permission/);
  // A JavaScript engine without its compilers has no WebAssembly.
  const jitless = ["--v8-flags=--jitless"];
  const noWasm = failure(1, "Cannot use wasm: WebAssembly has no SIMD here");
  assert.deepEqual(await run("wasm", jitless), noWasm);
  const { stderr } = await runScript(TENSOR, SMALL, jitless);
  assert.match(stderr, /^Training on tensors, with plain JavaScript$/m);
  if (Deno.build.os !== "linux") return;
  // The drivers of this machine, hidden.
  const hidden = { VK_DRIVER_FILES: "/none", __EGL_VENDOR_LIBRARY_FILENAMES: "/none" };
  const remedy = "install a Vulkan driver (apt install mesa-vulkan-drivers)";
  const noGpu = failure(1, `Cannot use webgpu: there is no adapter, ${remedy}`);
  assert.deepEqual(await run("webgpu", ["--allow-env"], hidden), noGpu);
});

const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
const largest = adapter?.limits.maxStorageBufferBindingSize ?? Infinity;

test(`${TENSOR}: what the GPU can't hold is one line, and code 1`, async () => {
  const side = `${Math.ceil(Math.sqrt(largest / 4)) + 1}`;
  const sizes = ["--batch-size", "1", "--inputs", side, "--hidden", side];
  const { code, stdout, stderr } = await runScript(TENSOR, ["--backend", "webgpu", ...sizes]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /\nerror: Cannot go on: the GPU failed, .*limit.*\n$/);
  // Most GPUs can hold the largest matrix that the flags take.
}, largest >= 4 * 2 ** 26);

test(`${NAIVE}: the sizes that take most memory for their numbers fit into 2 GB`, async () => {
  // A row of one number takes many times the memory of the number.
  const rows = Math.floor((ARRAYS_LIMIT - 2) / 3);
  const run = (samples: number) => {
    const one = ["--inputs", "1", "--hidden", "1", "--outputs", "1", "--steps", "1"];
    const flags = ["--v8-flags=--max-old-space-size=2048"];
    return runScript(NAIVE, [...one, "--batch-size", `${samples}`], flags);
  };
  const { code, stderr } = await run(rows);
  assert.equal(code, 0, stderr);
  assert.equal((await run(rows + 1)).code, 2);
});

/** Whether there is no python3, which makes the pipe and the terminal of the next tests. */
function lacksPython(): boolean {
  try {
    return !runs || !new Deno.Command("python3", { args: ["--version"] }).outputSync().success;
  } catch {
    console.error("Skipping the tests of a slow pipe and of a terminal: there is no python3");
    return true;
  }
}

const ignore = Deno.build.os === "windows" || lacksPython();

test("a pipe that does not wait for a slow reader ends no run", async () => {
  const program = `
import fcntl, os, subprocess, sys, time
read, write = os.pipe()
fcntl.fcntl(write, fcntl.F_SETFL, fcntl.fcntl(write, fcntl.F_GETFL) | os.O_NONBLOCK)
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=write)
os.close(write)
time.sleep(1)
text = b""
while chunk := os.read(read, 4096):
    text += chunk
    time.sleep(0.001)
print(child.wait(), text.count(b"Current Iteration"), text.count(b"\\n"))
`;
  const args = ["--steps", "5000", "--batch-size", "1", "--inputs", "1", "--hidden", "1"];
  const { stdout, stderr } = await runBy("python3", "-c", program, NAIVE, ...args);
  assert.equal(stdout, "0 5000 5000\n", stderr);
}, ignore);

test("deno task start: on a terminal, the next line is written over the progress", async () => {
  const program = "import pty, sys; pty.spawn(sys.argv[1:])";
  const { stdout } = await runBy("python3", "-c", program, COMPARE, "--learning-rate", "1");
  const line = stdout.split("\n").find((line) => line.includes("error: "))!;
  const [progress, error] = line.split("\x1b[K\r").slice(-2);
  assert.match(progress, /^\d %, loss \S+$/);
  assert.match(error, /^error: Cannot go on: the loss is \w+ at /);
  assert.ok(error.length > progress.length);
}, ignore);
