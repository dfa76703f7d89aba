/** Which backend `auto` starts, and what is said of the others. */

import assert from "node:assert/strict";
import { type Backends, openBackend } from "../lib/backend.ts";
import { NotAvailable } from "../lib/errors.ts";

/** Backends of which some are available; the GPU is one computed on the CPU. */
function machine(...available: string[]): Backends {
  const names = ["webgpu", "blas", "wasm"];
  return Object.fromEntries(names.map((name) => [name, (mayBeSlow) => {
    if (!available.includes(name)) {
      throw new NotAvailable(name.toUpperCase(), "it needs something", name === "blas");
    }
    if (name === "webgpu" && !mayBeSlow) throw new NotAvailable("webgpu", "it is slow");
    return { device: `on ${name}` };
  }]));
}

Deno.test("auto starts the first that is available, and says how to get BLAS", async () => {
  const auto = (...available: string[]) => openBackend("auto", machine(...available));
  assert.deepEqual(await auto("webgpu", "blas", "wasm"), { device: "on blas", hint: undefined });
  const hint = "BLAS would be faster: it needs something";
  assert.deepEqual(await auto("webgpu", "wasm"), { device: "on wasm", hint });
  await assert.rejects(auto(), { message: "Cannot use any backend: none is available" });
});

Deno.test("a backend that is named is started or refused, and no other is tried", async () => {
  assert.deepEqual(await openBackend("webgpu", machine("webgpu")), { device: "on webgpu" });
  const refused = openBackend("blas", machine("webgpu", "wasm"));
  await assert.rejects(refused, { message: "Cannot use BLAS: it needs something" });
});

Deno.test("auto does not hide a mistake in the code", async () => {
  const mistake = new TypeError("x is not a function");
  const broken = () => {
    throw mistake;
  };
  await assert.rejects(openBackend("auto", { broken, ...machine("wasm") }), mistake);
});
