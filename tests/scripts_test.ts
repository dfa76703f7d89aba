/** The scripts as a user runs them: as processes, most without any permission. */

import assert from "node:assert/strict";
import { findAdapter } from "../lib/backends/tensors_webgpu.ts";
import { BLAS, permitted, startIfAvailable } from "./available.ts";
import seed11 from "./numpy_losses/seed11_3x5x4x2.json" with { type: "json" };
import { command, lossesOf, ROOT, runDeno, runScript } from "./processes.ts";

const NAIVE = "naive_neural_network.ts";
const NDARRAY = "ndarray_neural_network.ts";
const TENSOR = "tensor_neural_network.ts";

/** What each script computes on if nothing is permitted, and how exact it is. */
const SCRIPTS = {
  [NAIVE]: { backend: [], device: "arrays of arrays", tolerance: 1e-9 },
  [NDARRAY]: { backend: [], device: "ndarrays, with WebAssembly", tolerance: 1e-9 },
  [TENSOR]: { backend: ["--backend=wasm"], device: "tensors, with WebAssembly", tolerance: 1e-4 },
};

/** The sizes of the recorded losses `seed11`, and one iteration. */
const SMALL = ["--batch-size=3", "--inputs=5", "--hidden=4", "--outputs=2", "--steps=1"];

const isPermitted = permitted("env", "read", "run");

function test(name: string, fn: () => Promise<void>, isAvailable = true) {
  Deno.test({ name, ignore: !isPermitted || !isAvailable, fn });
}

for (const [script, { backend, device, tolerance }] of Object.entries(SCRIPTS)) {
  test(`${script}: prints NumPy's losses, and its time`, async () => {
    const args = [...SMALL, ...backend, "--seed=11", "--learning-rate=1e-3", "--steps=150"];
    const { code, stdout, stderr } = await runScript(script, args);
    assert.equal(code, 0, stderr);
    assert.ok(stderr.startsWith(`Training on ${device}\n`), stderr);
    assert.match(stderr, /\nTrained in [\d.]+ s, [\d.]+ ms an iteration\n$/);
    assert.match(stdout, /^(Current Iteration: \d+ - Loss Value: [\d.]+\n){150}$/);
    const losses = lossesOf(stdout);
    for (const [t, loss] of losses) {
      assert.ok(Math.abs(loss / seed11.numpy[t] - 1) < tolerance, `${t}: ${loss}`);
    }
    const some = await runScript(script, [...args, "--steps=6", "--log-every=2"]);
    assert.deepEqual([...lossesOf(some.stdout)], [0, 2, 4, 5].map((t) => [t, losses.get(t)]));
  });

  test(`${script}: prints its help`, async () => {
    const { code, stdout, stderr } = await runScript(script, ["--help"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, new RegExp(`^Trains .+\n\nUsage: deno run ${script} \\[flags\\]\n`));
  });
}

/** What Deno may be permitted that is not enough for native TensorFlow. */
const TOO_FEW_PERMISSIONS = [
  ["--allow-env", "--allow-ffi"],
  ["--allow-env", "--allow-read"],
  ["--allow-ffi", "--allow-read"],
];

/** What fails: a script with one flag of its own and perhaps some of Deno's. */
const FAILURES = [
  { script: NAIVE, flag: "--steps=ten", code: 2, line: 'Cannot use --steps "ten": it takes' },
  { script: NAIVE, flag: "--batch-size=5000000", code: 2, line: "Cannot use matrices of these" },
  { script: NAIVE, flag: "--learning-rate=1", code: 1, line: "Cannot go on: the loss is" },
  { script: NDARRAY, flag: "--backend=blas", code: 1, line: "Cannot use BLAS: it needs" },
  {
    script: NDARRAY,
    denoFlags: ["--allow-ffi=/some/path"],
    flag: "--backend=blas",
    code: 1,
    line: "Cannot use BLAS: it needs --allow-ffi (without a path)",
  },
  {
    script: NDARRAY,
    denoFlags: ["--v8-flags=--jitless"],
    flag: "--backend=wasm",
    code: 1,
    line: "Cannot use WebAssembly: ",
  },
  {
    script: TENSOR,
    denoFlags: ["--allow-ffi", "--deny-ffi=/some/path"],
    flag: "--backend=blas",
    code: 1,
    line: "Cannot use BLAS: --deny-ffi keeps Deno from finding it",
  },
  ...TOO_FEW_PERMISSIONS.map((denoFlags) => ({
    script: TENSOR,
    denoFlags,
    flag: "--backend=tensorflow",
    code: 1,
    line: "Cannot use tensorflow: it needs --allow-env --allow-ffi --allow-read",
  })),
];

test("what fails is one line, and the code says whether a flag is wrong", async () => {
  for (const { script, denoFlags, flag, code, line } of FAILURES) {
    const failure = await runScript(script, [flag], denoFlags);
    assert.equal(failure.code, code, failure.stderr);
    const errors = failure.stderr.replace(/^Training on .*\n/, "");
    assert.ok(errors.startsWith(`error: ${line}`), errors);
    assert.equal(errors.indexOf("\n"), errors.length - 1);
  }
});

test("loops in TypeScript need no WebAssembly", async () => {
  const args = [...SMALL, "--backend=typescript"];
  const { code, stderr } = await runScript(NDARRAY, args, ["--v8-flags=--jitless"]);
  assert.match(stderr, /^Training on ndarrays, with loops in TypeScript\nTrained in .+\n$/);
  assert.equal(code, 0);
});

test("a Deno that is too old is refused, and a newer one is not", async () => {
  const runWith = (version: string) => {
    const code = `Object.defineProperty(Deno, "version", { value: { deno: "${version}" } });
      const { main } = await import("./lib/run.ts");
      await main({ defaults: { steps: 1 } }, () => [{ t: 0, loss: 4 }]);`;
    return runDeno(["eval", "--ext=ts", "--no-check", code]);
  };
  const old = await runWith("2.8.3");
  const line = "error: Cannot use Deno 2.8.3: version 2.9.0 or later is needed\n";
  assert.deepEqual([old.code, old.stderr], [1, line]);
  for (const version of ["2.9.0", "2.10.0", "3.0.0"]) {
    const { code, stderr } = await runWith(version);
    assert.equal(code, 0, stderr);
  }
});

test("a script ends quietly when its reader has gone", async () => {
  const child = command(["run", "--quiet", NAIVE, ...SMALL, "--steps=1000000000"]).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  assert.equal(await new Response(child.stderr).text(), "Training on arrays of arrays\n");
  assert.equal((await child.status).code, 0);
});

test("a full disk is one line too", async () => {
  const args = ["-c", `"${Deno.execPath()}" run --quiet ${NAIVE} --steps=1 > /dev/full`];
  const { code, stderr } = await new Deno.Command("sh", { args, cwd: ROOT }).output();
  assert.match(new TextDecoder().decode(stderr), /\nerror: Cannot write to stdout: .+\n$/);
  assert.equal(code, 1);
}, Deno.build.os === "linux");

test("a script says what would be faster, and nothing of what nobody has installed", async () => {
  const bare = await runScript(NDARRAY, SMALL);
  const hint = "BLAS would be faster: it needs --allow-ffi (without a path)";
  const lines = bare.stderr.split("\n");
  assert.deepEqual(lines.slice(0, 2), ["Training on ndarrays, with WebAssembly", hint]);
  const tensor = await runScript(TENSOR, SMALL, ["--allow-env", "--allow-ffi", "--allow-read"]);
  assert.match(tensor.stderr, /^Training on tensors, with .+\nTrained in .+\n$/m);
  assert.doesNotMatch(tensor.stderr, /tensorflow would be faster/);
});

test("BLAS multiplies if it is permitted", async () => {
  for (const script of [NDARRAY, TENSOR]) {
    const { code, stderr } = await runScript(script, [...SMALL, "--backend=blas"], ["--allow-ffi"]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^Training on (ndarrays|tensors), with BLAS from .+\nTrained in .+\n$/);
  }
}, BLAS !== undefined);

const gpu = await startIfAvailable(() => findAdapter(true));
const fastGpu = await startIfAvailable(() => findAdapter(false));

test("a GPU in software is used only if it is named", async () => {
  const { stderr } = await runScript(TENSOR, SMALL);
  assert.match(stderr, /^Training on tensors, with WebAssembly\nTrained in .+\n$/);
}, gpu !== undefined && fastGpu === undefined);

test("a GPU needs no permission", async () => {
  const { stdout, stderr } = await runScript(TENSOR, [...SMALL, "--backend=webgpu"]);
  assert.match(stderr, /^Training on tensors, with WebGPU on .+\nTrained in .+\n$/);
  assert.equal(lossesOf(stdout).size, 1);
}, gpu !== undefined);
