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
    return { device: `on ${name}`, ...name === "wasm" ? { hints: ["a hint of its own"] } : {} };
  }]));
}

Deno.test("openBackend() starts the first that is available for auto, and says what would be faster", async () => {
  const auto = (...available: string[]) => openBackend("auto", machine(...available));
  assert.deepEqual(await auto("webgpu", "blas", "wasm"), { device: "on blas", hints: [] });
  const hints = ["BLAS would be faster: it needs something", "a hint of its own"];
  assert.deepEqual(await auto("webgpu", "wasm"), { device: "on wasm", hints });
});

Deno.test("openBackend() starts a backend that is named, and no other, or says what is missing", async () => {
  assert.deepEqual(await openBackend("webgpu", machine("webgpu")), { device: "on webgpu" });
  const refused = openBackend("blas", machine("webgpu", "wasm"));
  await assert.rejects(refused, { message: "Cannot use BLAS: it needs something", exitCode: 1 });
  const reasons = "WEBGPU: it needs something; BLAS: it needs something; WASM: it needs something";
  const message = `Cannot use any backend: ${reasons}`;
  await assert.rejects(openBackend("auto", machine()), { message, exitCode: 1 });
});

Deno.test("openBackend() does not hide a mistake in the code", async () => {
  const mistake = new TypeError("x is not a function");
  const broken = () => Promise.reject(mistake);
  await assert.rejects(openBackend("auto", { broken, ...machine("wasm") }), mistake);
});
