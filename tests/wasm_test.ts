/** Products and sums of tensors in WebAssembly's memory, by BLAS and without. */

import assert from "node:assert/strict";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import type { Blas } from "../lib/blas.ts";
import { startWasm } from "../lib/wasm.ts";
import { availableBackends, type TensorBackend, testIf, useBackend } from "./available.ts";

const backends = await availableBackends();

for (const backend of ["wasm", "blas"] as const) {
  const isAvailable = backends.includes(backend);

  testIf(isAvailable, `${backend}: products of batches, and of wrong shapes`, async () => {
    await useBackend(backend);
    const batch = tf.tidy(() => tf.matMul(tf.ones([2, 3, 3]), tf.ones([2, 3, 3]), true, true));
    assert.deepEqual([...await batch.data()], Array(18).fill(3));
    batch.dispose();
    for (const [a, b] of [[[2, 3], [4, 5]], [[2, 4], [3, 5]]]) {
      assert.throws(() => tf.tidy(() => tf.matMul(tf.ones(a), tf.ones(b))), /inner shapes/);
    }
  });

  testIf(isAvailable, `${backend}: products while WebAssembly's memory grows`, async () => {
    await useBackend(backend);
    const probe = tf.scalar(0);
    const { byteLength } = (tf.backend() as BackendWasm).typedArrayFromHeap(probe).buffer;
    probe.dispose();
    // The product is larger than all the memory that there is so far.
    const side = Math.ceil(Math.sqrt(byteLength / 4));
    const product = tf.tidy(() => tf.matMul(tf.ones([3, side]), tf.ones([3, side]), true));
    const extremes = tf.tidy(() => tf.stack([tf.min(product), tf.max(product)]));
    assert.deepEqual([...await extremes.data()], [3, 3]);
    tf.dispose([product, extremes]);
  });
}

Deno.test("sums keep float32's digits, however many numbers there are", async () => {
  await useBackend("wasm");
  const numbers = Float32Array.from({ length: 2 ** 20 }, (_, i) => 0.1 + (i % 10));
  const expected = numbers.reduce((sum, value) => sum + value, 0);
  const all = tf.tidy(() => tf.sum(tf.tensor(numbers, [2 ** 18, 2, 2])));
  assert.deepEqual([all.shape, all.dtype], [[], "float32"]);
  const [total] = await all.data();
  assert.ok(Math.abs(total / expected - 1) < 1e-7, `${total} is not ${expected}`);
  const whole = tf.tidy(() => tf.sum(tf.tensor1d([1, 2], "int32")));
  const others = [tf.sum([[1, 2], [3, 4]], 0), tf.sum([[1, 2]], undefined, true), whole];
  assert.deepEqual(await Promise.all(others.map((sum) => sum.array())), [[4, 6], [[3]], 3]);
  assert.equal(whole.dtype, "int32");
  tf.dispose([all, others]);
});

Deno.test("WebAssembly multiplies after BLAS has, and not BLAS", async () => {
  for (const value of [2, 7, 2]) {
    const sevens: Blas = { library: "", hints: [], multiply: (_a, _b, result) => result.fill(7) };
    await startWasm(value === 7 ? sevens : undefined);
    const product = tf.tidy(() => tf.matMul(tf.ones([1, 2]), tf.ones([2, 1])));
    assert.deepEqual([...await product.data()], [value]);
    product.dispose();
  }
});

const REASONS = {
  wasm: "Cannot use WebAssembly: no such processor",
  webgpu: "Cannot use webgpu: TensorFlow.js can't start it",
};

for (const [name, message] of Object.entries(REASONS) as [TensorBackend, string][]) {
  testIf(backends.includes(name), `${name}: it is refused if it does not start`, async () => {
    await useBackend("wasm");
    const factory = tf.findBackendFactory(name);
    tf.removeBackend(name);
    tf.registerBackend(name, () => Promise.reject(new Error("no such processor")));
    await assert.rejects(useBackend(name), { message });
    tf.removeBackend(name);
    tf.registerBackend(name, factory);
    assert.match((await useBackend(name)).device, /^tensors, with Web/);
  });
}
