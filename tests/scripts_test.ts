/** The scripts as a user runs them: as processes, without any permission. */

import assert from "node:assert/strict";
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

/** Runs a script with one of its outputs redirected as a shell does it. */
async function runInShell(redirection: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", `exec "$0" run --quiet "$@" ${redirection}`, Deno.execPath(), ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

for (const script of [NAIVE, NDARRAY, TENSOR]) {
  test(`${script}: prints NumPy's losses, and a summary on stderr`, async () => {
    const { code, stdout, stderr } = await runScript(script, ["--steps", "4"]);
    assert.equal(code, 0, stderr);
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines.length, 4);
    for (const [t, line] of lines.entries()) {
      const loss = line.match(/^Current Iteration: (\d+) - Loss Value: (\d+(\.\d+)?)$/);
      assert.equal(Number(loss?.[1]), t);
      assert.ok(Math.abs(Number(loss?.[2]) / seed0.numpy[t] - 1) < 1e-6, line);
    }
    const told = stderr.trimEnd().split("\n");
    assert.match(told[0], /^Training on .+$/);
    // At most one line more for what is faster.
    if (told.length > 2) assert.equal(told[1], "BLAS would be faster: it needs --allow-ffi");
    assert.ok(told.length <= (script === NAIVE ? 2 : 3), stderr);
    assert.match(told.at(-1)!, /^4 iterations in [\d.]+ m?s, [\d.]+ m?s each, on .+$/);
  });

  test(`${script}: --seed and --log-every`, async () => {
    const run = (...args: string[]) => runScript(script, [...SMALL, "--steps", "6", ...args]);
    const all = (await run("--seed", "9")).stdout.split("\n");
    const third = await run("--seed", "9", "--log-every", "3");
    assert.deepEqual(third.stdout.split("\n"), [all[0], all[3], all[5], ""]);
    assert.notEqual((await run("--seed", "8")).stdout.split("\n")[0], all[0]);
  });

  test(`${script}: help is code 0, a mistake code 2, a loss that is not finite code 1`, async () => {
    const { code, stdout, stderr } = await runScript(script, ["--help"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.ok(stdout.includes(`\nUsage: deno run ${script} [flags]\n`), stdout);
    assert.equal(stdout.includes("--backend NAME"), script !== NAIVE);
    assert.deepEqual(
      await runScript(script, ["--steps", "\x1b"]),
      failure(
        2,
        'Cannot use --steps "\\u001b": it takes a whole number from 1 to 9007199254740991',
      ),
    );

    const stopped = await runScript(script, ["--learning-rate", "1"]);
    assert.equal(stopped.code, 1);
    const last = stopped.stdout.trimEnd().split("\n").at(-1)!;
    const [, t, loss] = last.match(/^Current Iteration: (\d+) - Loss Value: (Infinity|NaN)$/)!;
    const line =
      `Cannot go on: the loss is ${loss} at iteration ${t}, try a --learning-rate below 1`;
    assert.ok(stopped.stderr.endsWith(`\nerror: ${line}\n`), stopped.stderr);
  });

  test(`${script}: full disks`, async () => {
    const { code, stderr } = await runInShell(">/dev/full", script, ...SMALL);
    assert.equal(code, 1);
    assert.match(stderr, /\nerror: Cannot write to stdout: No space left on device.*\n$/);
    // It goes on where stderr can't be written, and keeps its exit codes.
    const { code: right, stdout } = await runInShell("2>/dev/full", script, ...SMALL);
    assert.deepEqual([right, stdout.split("\n").length], [0, 501]);
    assert.equal((await runInShell("2>/dev/full", script, "--nope")).code, 2);
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

for (const [script, noBlas] of [[NDARRAY, "wasm"], [NDARRAY, "typescript"], [TENSOR, "wasm"]]) {
  test(`${script}: --allow-ffi turns BLAS on, --backend ${noBlas} off`, async () => {
    for (const args of [[], ["--backend", "auto"], ["--backend", "blas"]]) {
      const { code, stderr } = await runScript(script, [...SMALL, ...args], ["--allow-ffi"]);
      assert.equal(code, 0);
      assert.match(
        stderr,
        /^Training on \w+, with BLAS from \S+\n500 iterations .+ on \w+, with BLAS from \S+\n$/,
      );
    }
    const { stderr } = await runScript(script, [...SMALL, "--backend", noBlas], ["--allow-ffi"]);
    assert.match(
      stderr,
      noBlas === "wasm" ? /^Training on \w+, with WebAssembly\n5/ : /with loops in TypeScript\n5/,
    );
  }, !BLAS);
}

for (const script of [NDARRAY, TENSOR]) {
  test(`${script}: BLAS not permitted, or not for all libraries, is one line`, async () => {
    const run = (...flags: string[]) => runScript(script, ["--backend", "blas"], flags);
    const needs = failure(1, "Cannot use BLAS: it needs --allow-ffi");
    assert.deepEqual(await run(), needs);
    // Deno finds no library by its name where only some paths are permitted.
    assert.deepEqual(await run("--allow-ffi=libblas.so.3"), needs);
    assert.deepEqual(
      await run("--allow-ffi", "--deny-ffi=libblas.so.3"),
      failure(1, "Cannot use BLAS: it needs --allow-ffi, without --deny-ffi"),
    );
  });
}

/** The rows of the table that `deno task start` prints, cell by cell. */
const cells = (table: string) =>
  table.trimEnd().split("\n").map((line) => line.trim().split(/ {2,}/));

test("deno task start: a table of the three", async () => {
  const { code, stdout, stderr } = await runScript(COMPARE, [...SMALL, "--steps", "300"]);
  assert.equal(code, 0, stderr);
  const [header, ...rows] = cells(stdout);
  assert.deepEqual(header, ["in all", "per iteration", "last loss", "speed"]);
  const names = ["arrays", "ndarrays", "tensors"];
  assert.deepEqual(rows.map(([device]) => device.split(/\W/)[0]), names);
  assert.deepEqual(stderr.match(/^Training on \w+/gm), names.map((name) => `Training on ${name}`));
  /** A time of the table, in milliseconds. */
  const ms = (time: string) =>
    parseFloat(time) * { s: 1e3, ms: 1, "µs": 1e-3 }[time.split(" ")[1]]!;
  for (const [, total, iteration, loss, speed] of rows) {
    assert.ok(Math.abs(ms(total) / ms(iteration) / 300 - 1) < 0.02, stdout);
    assert.ok(Math.abs(parseFloat(speed) * ms(total) / ms(rows[0][1]) - 1) < 0.02, stdout);
    assert.ok(Math.abs(Number(loss) / Number(rows[0][3]) - 1) < 1e-4, stdout);
  }
  const other = await runScript(COMPARE, ["--steps", "1", "--learning-rate", "1e-7"]);
  assert.ok(!other.stdout.includes("from NumPy"));
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

for (const backend of await availableBackends()) {
  test(`${TENSOR}: --backend ${backend}`, async () => {
    const permissions = backend === "tensorflow"
      ? ["--allow-env", "--allow-ffi", "--allow-read"]
      : backend === "blas"
      ? ["--allow-ffi"]
      : [];
    const args = [...SMALL, "--steps", "2", "--backend", backend];
    const { code, stdout, stderr } = await runScript(TENSOR, args, permissions);
    assert.deepEqual([code, stdout.split("\n").length], [0, 3], stderr);
    const word = {
      tensorflow: "TensorFlow",
      webgpu: "WebGPU",
      blas: "BLAS",
      wasm: "WebAssembly",
      cpu: "plain",
    }[backend];
    assert.match(stderr, new RegExp(`^Training on tensors, with ${word}\\b`));
  });
}

test(`${TENSOR}: a backend by name and not available is one line, and code 1`, async () => {
  const run = (backend: string, ...rest: [string[]?, Record<string, string>?]) =>
    runScript(TENSOR, ["--backend", backend], ...rest);
  // Each permission that TensorFlow takes, left out: nothing is asked of the user.
  const granted = ["--allow-env", "--allow-ffi", "--allow-read"];
  for (const flag of granted) {
    assert.deepEqual(
      await run("tensorflow", granted.filter((other) => other !== flag)),
      failure(1, "Cannot use tensorflow: no permission to load it, see deno task tensorflow"),
    );
  }
  // A JavaScript engine without its compilers has no WebAssembly.
  const jitless = ["--v8-flags=--jitless"];
  assert.deepEqual(
    await run("wasm", jitless),
    failure(1, "Cannot use wasm: WebAssembly has no SIMD here"),
  );
  const { stderr } = await runScript(TENSOR, SMALL, jitless);
  assert.match(stderr, /^Training on tensors, with plain JavaScript$/m);
  if (Deno.build.os !== "linux") return;
  // The drivers of this machine, hidden.
  const hidden = { VK_DRIVER_FILES: "/none", __EGL_VENDOR_LIBRARY_FILENAMES: "/none" };
  const remedy = "install a Vulkan driver (apt install mesa-vulkan-drivers)";
  assert.deepEqual(
    await run("webgpu", ["--allow-env"], hidden),
    failure(1, `Cannot use webgpu: there is no adapter, ${remedy}`),
  );
});

const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
const largest = adapter?.limits.maxStorageBufferBindingSize ?? Infinity;

test(`${TENSOR}: what the GPU can't hold is one line, and code 1`, async () => {
  const side = `${Math.ceil(Math.sqrt(largest / 4)) + 1}`;
  // deno-fmt-ignore
  const args = ["--backend", "webgpu", "--batch-size", "1", "--inputs", side, "--hidden", side];
  const { code, stdout, stderr } = await runScript(TENSOR, args);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /\nerror: Cannot go on: the GPU failed, .*limit.*\n$/);
  // Most GPUs can hold the largest matrix that the flags take.
}, largest >= 4 * 2 ** 26);

test(`${NAIVE}: the sizes that take most memory for their numbers fit into 2 GB`, async () => {
  // A row of one number takes many times the memory of the number.
  const rows = `${Math.floor((ARRAYS_LIMIT - 2) / 3)}`;
  const one = ["--inputs", "1", "--hidden", "1", "--outputs", "1"];
  const args = ["--batch-size", rows, ...one, "--steps", "1"];
  const { code, stderr } = await runScript(NAIVE, args, ["--v8-flags=--max-old-space-size=2048"]);
  assert.equal(code, 0, stderr);
});

/** Whether there is a python3, which makes the pipe and the terminal of the next tests. */
function hasPython(): boolean {
  if (!runs) return false;
  try {
    return new Deno.Command("python3", { args: ["--version"] }).outputSync().success;
  } catch {
    console.error("Skipping the tests of a slow pipe and of a terminal: there is no python3");
    return false;
  }
}

const withoutPython = Deno.build.os === "windows" || !hasPython();

/** Runs a Python program that runs a script of ours. */
async function runInPython(program: string, script: string, ...args: string[]) {
  const { stdout, stderr } = await new Deno.Command("python3", {
    args: ["-c", program, Deno.execPath(), "run", "--quiet", script, ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

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
  const { stdout, stderr } = await runInPython(program, NAIVE, ...args);
  assert.equal(stdout, "0 5000 5000\n", stderr);
}, withoutPython);

test("deno task start: on a terminal, an error takes the place of the progress", async () => {
  const program = "import pty, sys; pty.spawn(sys.argv[1:])";
  const { stdout } = await runInPython(program, COMPARE, "--learning-rate", "1");
  const error = stdout.split("\n").find((line) => line.includes("error: "))!;
  // What the terminal shows of the line: what comes after it was last erased.
  assert.match(error.split("\x1b[K").at(-1)!, /^error: Cannot go on: the loss is \w+ at /);
  assert.match(error, /0% - Loss Value: /);
}, withoutPython);
