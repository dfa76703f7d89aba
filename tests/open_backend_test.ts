/** Which backend is started, and what is said of the others. */

import assert from "node:assert/strict";
import { type Backends, openBackend } from "../lib/open_backend.ts";
import { NDARRAY_BACKENDS } from "../lib/backends/ndarrays.ts";
import { TENSOR_BACKENDS } from "../lib/backends/tensors.ts";
import { NotAvailable } from "../lib/errors.ts";

/** Backends of which some are available; the GPU is one computed on the CPU. */
function machine(...available: string[]): Backends {
  const start = (name: string) => (isNamed: boolean) => {
    if (!available.includes(name)) {
      throw new NotAvailable(name, "it needs something", name === "blas");
    }
    if (name === "webgpu" && !isNamed) throw new NotAvailable(name, "it is slow");
    return { device: name, hints: [`this is ${name}`] };
  };
  return { webgpu: start("webgpu"), blas: start("blas"), wasm: start("wasm") };
}

Deno.test("auto starts the first backend that is fast, and hints at what would be faster", async () => {
  const all = await openBackend("auto", machine("webgpu", "blas", "wasm"));
  assert.deepEqual([all.backend.device, all.hints], ["blas", ["this is blas"]]);
  const some = await openBackend("auto", machine("webgpu", "wasm"));
  const hints = ["blas would be faster: it needs something", "this is wasm"];
  assert.deepEqual([some.backend.device, some.hints], ["wasm", hints]);

  const reasons = ["webgpu", "blas", "wasm"].map((name) => `${name}: it needs something`);
  const message = `Cannot use any backend: ${reasons.join("; ")}`;
  await assert.rejects(openBackend("auto", machine()), { message });
});

Deno.test("a backend that is named is started though it is slow, and no other", async () => {
  const { backend, hints } = await openBackend("webgpu", machine("webgpu", "blas"));
  assert.deepEqual([backend.device, hints], ["webgpu", ["this is webgpu"]]);
  const message = "Cannot use blas: it needs something";
  await assert.rejects(openBackend("blas", machine("webgpu", "wasm")), { message });
});

Deno.test("a mistake in the code is not hidden", async () => {
  const mistake = new TypeError("x is not a function");
  const broken = () => Promise.reject(mistake);
  await assert.rejects(openBackend("auto", { broken, ...machine("wasm") }), mistake);
});

Deno.test("auto tries the fastest first, and BLAS for tensors last", () => {
  assert.deepEqual(Object.keys(NDARRAY_BACKENDS), ["blas", "wasm", "typescript"]);
  assert.deepEqual(Object.keys(TENSOR_BACKENDS), ["tensorflow", "webgpu", "wasm", "blas"]);
});
