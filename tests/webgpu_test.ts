/** WebGPU: its device, and a GPU that fails; on a software adapter too. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { readLosses } from "../lib/run.ts";
import { draw, train } from "../tensor_neural_network.ts";
import { availableBackends, useBackend } from "./available.ts";

const ignore = !(await availableBackends()).includes("webgpu");

/** A test that runs with WebGPU open, and only where there is an adapter. */
function test(name: string, body: (device: GPUDevice) => Promise<void>) {
  Deno.test({
    name: `webgpu: ${name}`,
    ignore,
    async fn() {
      await useBackend("webgpu");
      await body((tf.backend() as unknown as { device: GPUDevice }).device);
    },
  });
}

const four = () => tf.tidy(() => tf.add(2, 2)).data();

/** Fails unless the backend, opened again, computes on another device. */
async function assertReplaced(device: GPUDevice) {
  await useBackend("webgpu");
  assert.notEqual((tf.backend() as unknown as { device: GPUDevice }).device, device);
  assert.deepEqual([...await four()], [4]);
}

test("the device has the limits of its adapter, and tells the time where it can", async (device) => {
  const { limits, features } = (await navigator.gpu.requestAdapter({
    powerPreference: "high-performance",
  }))!;
  assert.equal(device.limits.maxBufferSize, limits.maxBufferSize);
  assert.equal(device.limits.maxStorageBufferBindingSize, limits.maxStorageBufferBindingSize);
  assert.equal(device.features.has("timestamp-query"), features.has("timestamp-query"));
  // Small tensors are computed there too.
  assert.equal(tf.env().getBool("WEBGPU_CPU_FORWARD"), false);
  // It stays the same from one opening to the next, for which the fastest adapter is asked for.
  const { gpu } = navigator;
  const { requestAdapter } = gpu;
  const asked: unknown[] = [];
  gpu.requestAdapter = (options) => {
    asked.push(options?.powerPreference);
    return requestAdapter.call(gpu, options);
  };
  await useBackend("webgpu").finally(() => gpu.requestAdapter = requestAdapter);
  assert.deepEqual(asked, ["high-performance"]);
  assert.equal((tf.backend() as unknown as { device: GPUDevice }).device, device);
  // Linux's driver is kept quiet, where that is permitted.
  const env = Deno.permissions.querySync({ name: "env" }).state === "granted";
  if (env && Deno.build.os === "linux") assert.ok(Deno.env.get("XDG_RUNTIME_DIR"));
});

test("after an error every read fails with it, and the device is replaced", async (device) => {
  // Larger than any buffer may be.
  device.createBuffer({ size: 2 ** 50, usage: GPUBufferUsage.STORAGE });
  const network = draw({ N: 2, D_in: 3, H: 4, D_out: 1 }, 0);
  const losses = train(network, { steps: 30, learningRate: 1e-3 });
  const message = /^Cannot go on: the GPU failed, .+$/;
  const reading = Array.fromAsync(readLosses(losses, { steps: 30, logEvery: 1 }));
  await assert.rejects(reading, { name: "UserError", message });
  await assertReplaced(device);
});

test("a device that was destroyed fails what is asked of it, and is replaced at once", async (device) => {
  // What is under way may still arrive; nothing else does.
  four().catch(() => {});
  device.destroy();
  await assert.rejects(async () => await four());
  await assertReplaced(device);
});

test("a device that was lost is replaced too", async (device) => {
  GPUDevice.prototype.destroy.call(device);
  await device.lost;
  await assertReplaced(device);
});

test("a backend that was removed is registered again", async (device) => {
  tf.removeBackend("webgpu");
  await assertReplaced(device);
});
