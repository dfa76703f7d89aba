/** The scripts as a user runs them: as processes, without any permission. */

import assert from "node:assert/strict";
import seed0 from "../lib/goldens/seed0_64x1000x100x10.json" with { type: "json" };
import seed42 from "../lib/goldens/seed42_64x1000x100x10.json" with { type: "json" };
import { availableBackends, BLAS, permitted } from "./available.ts";
import { command, ROOT, runScript } from "./run_script.ts";

const SCRIPTS = [
  "naive_neural_network.ts",
  "ndarray_neural_network.ts",
  "tensor_neural_network.ts",
];
const SMALL = ["--batch-size", "4", "--inputs", "6", "--hidden", "5", "--outputs", "2"];

const runs = permitted("the tests that run the scripts", "run", "read", "env");

/** A test that runs a script. */
function test(name: string, fn: () => Promise<void>, ignore = false) {
  Deno.test({ name, ignore: ignore || !runs, fn });
}

/** What Mesa's Vulkan driver writes where nobody is logged in, taken out. */
const withoutDriver = (stderr: string) =>
  stderr.replaceAll(/^error: XDG_RUNTIME_DIR is invalid.*\n/gm, "");

/** Runs a script with one of its outputs redirected as a shell does it. */
function runInShell(redirection: string, ...args: string[]) {
  return new Deno.Command("sh", {
    args: ["-c", `exec "$0" run --quiet "$@" ${redirection}`, Deno.execPath(), ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
}

for (const script of SCRIPTS) {
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
    const told = withoutDriver(stderr).trimEnd().split("\n");
    // One line for what it runs on, and at most one more for what is faster.
    assert.match(told[0], new RegExp(`^Training ${script} on .+$`));
    if (told.length > 2) assert.match(told[1], /^BLAS would be faster: .+$/);
    assert.ok(told.length <= (script.startsWith("naive") ? 2 : 3), stderr);
    assert.match(told.at(-1)!, /^4 iterations in [\d.]+ m?s, [\d.]+ m?s each, on .+$/);
  });

  test(`${script}: --seed and --log-every`, async () => {
    const run = (...args: string[]) => runScript(script, [...SMALL, "--steps", "6", ...args]);
    const all = (await run("--seed", "9")).stdout.split("\n");
    const third = await run("--seed", "9", "--log-every", "3");
    assert.deepEqual(third.stdout.split("\n"), [all[0], all[3], all[5], ""]);
    assert.notEqual((await run("--seed", "8")).stdout.split("\n")[0], all[0]);
  });

  test(`${script}: --help tells of every flag`, async () => {
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

  test(`${script}: a mistake is one line on stderr, and code 2`, async () => {
    assert.deepEqual(await runScript(script, ["--steps", "0"]), {
      code: 2,
      stdout: "",
      stderr: 'error: Cannot use --steps "0": it takes a whole number from 1 to 9007199254740991\n',
    });
  });

  test(`${script}: stops at a loss that is not finite`, async () => {
    const { code, stdout, stderr } = await runScript(script, ["--learning-rate", "1"]);
    assert.equal(code, 1);
    const last = stdout.trimEnd().split("\n").at(-1)!;
    const [, t, loss] = last.match(/^Current Iteration: (\d+) - Loss Value: (Infinity|NaN)$/)!;
    assert.equal(
      stderr.trimEnd().split("\n").at(-1),
      `error: Cannot go on: the loss is ${loss} at iteration ${t}, try a --learning-rate below 1`,
    );
  });

  test(
    `${script}: a full disk is one line, and code 1`,
    async () => {
      const { code, stderr } = await runInShell(">/dev/full", script, ...SMALL);
      assert.equal(code, 1);
      const last = new TextDecoder().decode(stderr).trimEnd().split("\n").at(-1)!;
      assert.match(last, /^error: Cannot write to stdout: No space left on device/);
    },
    Deno.build.os !== "linux",
  );

  test(
    `${script}: goes on where stderr can't be written, and keeps its exit codes`,
    async () => {
      const run = (...args: string[]) => runInShell("2>/dev/full", script, ...args);
      const { code, stdout } = await run(...SMALL, "--steps", "3");
      assert.equal(code, 0);
      assert.equal(new TextDecoder().decode(stdout).split("\n").length, 4);
      assert.equal((await run("--nope")).code, 2);
    },
    Deno.build.os !== "linux",
  );

  test(`${script}: ends quietly where nobody reads on`, async () => {
    const child = command(script, [...SMALL, "--steps", "1000000"]).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    const stderr = await new Response(child.stderr).text();
    assert.match(withoutDriver(stderr), /^Training .+\n(BLAS would be faster: .+\n)?$/);
    assert.equal((await child.status).code, 0);
  });
}

const [, NDARRAY, TENSOR] = SCRIPTS;

for (const script of [NDARRAY, TENSOR]) {
  test(
    `${script}: --allow-ffi turns BLAS on`,
    async () => {
      for (const args of [[], ["--backend", "auto"], ["--backend", "blas"]]) {
        const { code, stderr } = await runScript(script, [...SMALL, ...args], ["--allow-ffi"]);
        assert.equal(code, 0);
        assert.match(
          withoutDriver(stderr),
          new RegExp(`^Training ${script} on \\w+, with BLAS from \\S+\n500 iterations .+\n$`),
        );
      }
      const without = script === NDARRAY ? "typescript" : "wasm";
      const args = [...SMALL, "--backend", without];
      const { stderr } = await runScript(script, args, ["--allow-ffi"]);
      assert.doesNotMatch(stderr, /BLAS/);
    },
    !BLAS,
  );

  test(
    `${script}: one library permitted, or one denied`,
    async () => {
      const args = [...SMALL, "--steps", "1", "--backend", "blas"];
      const failure = (reason: string) => ({
        code: 1,
        stdout: "",
        stderr: `error: Cannot use BLAS: ${reason}\n`,
      });
      // Deno finds no library by its name where only some paths are permitted.
      assert.deepEqual(
        await runScript(script, args, ["--allow-ffi=libblas.so.3"]),
        failure("it needs --allow-ffi"),
      );
      assert.deepEqual(
        await runScript(script, args, ["--allow-ffi", `--deny-ffi=${BLAS!.library}`]),
        failure("it needs --allow-ffi, without --deny-ffi"),
      );
    },
    !BLAS,
  );

  test(`${script}: without a permission it says so, and goes on without BLAS`, async () => {
    const { code, stderr } = await runScript(script, SMALL);
    assert.equal(code, 0);
    const [device, hint] = withoutDriver(stderr).split("\n");
    assert.match(device, /on ndarrays, with loops in TypeScript$|on tensors, with WebAssembly$/);
    assert.equal(hint, "BLAS would be faster: it needs --allow-ffi");
  });
}

test(`${NDARRAY}: BLAS by name and not permitted is one line, and code 1`, async () => {
  assert.deepEqual(await runScript(NDARRAY, ["--backend", "blas"]), {
    code: 1,
    stdout: "",
    stderr: "error: Cannot use BLAS: it needs --allow-ffi\n",
  });
});

test("deno task start: a table of the three", async () => {
  const args = [...SMALL, "--steps", "3"];
  const { code, stdout, stderr } = await runScript("lib/compare.ts", args);
  assert.equal(code, 0, stderr);
  const [header, ...rows] = stdout.trimEnd().split("\n").map((line) => line.trim().split(/ {2,}/));
  assert.deepEqual(header, ["in all", "per iteration", "last loss", "speed"]);
  assert.deepEqual(rows.map(([device]) => device.split(/\W/)[0]), [
    "arrays",
    "ndarrays",
    "tensors",
  ]);
  const trained = stderr.match(/^Training \S+/gm);
  assert.deepEqual(trained, SCRIPTS.map((script) => `Training ${script}`));
  const losses = rows.map((row) => Number(row[3]));
  for (const loss of losses) assert.ok(Math.abs(loss / losses[0] - 1) < 1e-4, stdout);
  assert.equal(rows[0][4], "1.00x");
});

test("deno task start: how far each is from NumPy, at the original's sizes", async () => {
  for (const seed of ["0", "42"]) {
    const args = ["--steps", "20", "--seed", seed];
    const { stdout } = await runScript("lib/compare.ts", args);
    const [table, note] = stdout.split("\n\n");
    const [header, ...rows] = table.split("\n").map((line) => line.trim().split(/ {2,}/));
    assert.equal(header.indexOf("from NumPy"), 3);
    for (const [i, tolerance] of [1e-9, 1e-9, 1e-4].entries()) {
      const error = Number(rows[i][4]);
      assert.ok(error < tolerance, `${rows[i]}`);
    }
    // The worst of all iterations, as the losses of the script have it.
    const script = await runScript(TENSOR, args);
    const errors = [...script.stdout.matchAll(/Loss Value: (.+)/g)].map(([, loss], t) =>
      Math.abs(Number(loss) / (seed === "0" ? seed0 : seed42).numpy[t] - 1)
    );
    assert.equal(rows[2][4], Math.max(...errors).toExponential(0));
    assert.match(note, /^from NumPy: .+ iterations 0 to 19\n$/);
  }
});

test("deno task start: --help names the task, and an error is a line of its own", async () => {
  const help = await runScript("lib/compare.ts", ["--help"]);
  assert.ok(help.stdout.includes("Usage: deno task start [flags]"));
  const { code, stderr } = await runScript("lib/compare.ts", ["--learning-rate", "1"]);
  assert.equal(code, 1);
  assert.match(stderr, /\nerror: Cannot go on: the loss is \w+ at iteration \d+, .+\n$/);
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
    assert.equal(code, 0, stderr);
    assert.equal(stdout.split("\n").length, 3);
    const word = {
      tensorflow: "TensorFlow",
      webgpu: "WebGPU",
      blas: "BLAS",
      wasm: "WebAssembly",
      cpu: "plain",
    }[backend];
    assert.ok(stderr.includes(`on tensors, with ${word} `.trimEnd()), stderr);
  });
}

test(`${TENSOR}: a backend by name and not available is one line, and code 1`, async () => {
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

test(`${TENSOR}: without GPU and WebAssembly, auto takes plain JavaScript`, async () => {
  const { stderr } = await runScript(TENSOR, SMALL, ["--v8-flags=--jitless"]);
  assert.match(stderr, /^Training tensor_neural_network.ts on tensors, with plain JavaScript$/m);
});

const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
const largest = adapter?.limits.maxStorageBufferBindingSize ?? Infinity;

test(
  `${TENSOR}: what the GPU can't hold is one line, and code 1`,
  async () => {
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
  // Most GPUs can hold the largest matrix that the flags take.
  largest >= 4 * 2 ** 26,
);

test("naive: sizes that would not fit into memory are refused before they are made", async () => {
  const args = ["--batch-size", "5592400", "--inputs", "1", "--hidden", "1", "--outputs", "1"];
  const { code, stdout, stderr } = await runScript(SCRIPTS[0], args);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(
    stderr,
    /^error: Cannot use --batch-size 5592400 with --inputs 1: the matrices may /,
  );
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

test(
  "a pipe that does not wait for a slow reader ends no run",
  async () => {
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
    const { stdout, stderr } = await new Deno.Command("python3", {
      args: ["-c", program, Deno.execPath(), "run", "--quiet", SCRIPTS[0], ...args],
      cwd: ROOT,
    }).output();
    const decoder = new TextDecoder();
    assert.equal(decoder.decode(stdout), "0 5000 5000\n", decoder.decode(stderr));
  },
  withoutPython,
);

test(
  "deno task start: on a terminal, an error takes the place of the progress",
  async () => {
    const { stdout } = await new Deno.Command("python3", {
      args: [
        "-c",
        "import pty, sys; pty.spawn(sys.argv[1:])",
        ...[Deno.execPath(), "run", "--quiet", "lib/compare.ts", "--learning-rate", "1"],
      ],
      cwd: ROOT,
      env: { NO_COLOR: "1" },
    }).output();
    const lines = new TextDecoder().decode(stdout).split("\n");
    const error = lines.find((line) => line.includes("error: "))!;
    // What the terminal shows of the line: what comes after it was last erased.
    assert.match(error.split("\x1b[K").at(-1)!, /^error: Cannot go on: the loss is \w+ at /);
    assert.match(error, /0% - Loss Value: /);
  },
  withoutPython,
);
