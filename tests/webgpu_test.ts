/** WebGPU: its device, and a GPU that fails; on a software adapter too. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { readLosses } from "../lib/run.ts";
import { findAdapter } from "../lib/webgpu.ts";
import { draw, train } from "../tensor_neural_network.ts";
import { availableBackends, testIf, useBackend } from "./available.ts";

const hasWebgpu = (await availableBackends()).includes("webgpu");

/** The device that TensorFlow.js computes on. */
async function startDevice(): Promise<GPUDevice> {
  await useBackend("webgpu");
  return (tf.backend() as unknown as { device: GPUDevice }).device;
}

testIf(hasWebgpu, "webgpu: the device has its adapter's limits, and its name", async () => {
  const { limits, info } = await findAdapter(true);
  const device = await startDevice();
  assert.equal(device.limits.maxStorageBufferBindingSize, limits.maxStorageBufferBindingSize);
  const shown = `tensors, with WebGPU on ${info.description}`;
  // So many reads at a time are enough, and more would fill the GPU's memory.
  assert.deepEqual(await useBackend("webgpu"), { device: shown, readsBehind: 16 });
  // It computes small tensors too.
  assert.equal(tf.env().getBool("WEBGPU_CPU_FORWARD"), false);
});

Deno.test("webgpu: an adapter in software is used only if it may be slow", async () => {
  const find = (gpu: unknown, mayBeSlow = false) => {
    Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
    return findAdapter(mayBeSlow);
  };
  const gpu = (info: object) => ({
    requestAdapter(options: GPURequestAdapterOptions) {
      assert.deepEqual(options, { powerPreference: "high-performance" });
      return Promise.resolve({ info });
    },
  });
  await find(gpu({ description: "NVIDIA H100" }));
  const software = [
    { description: "llvmpipe (LLVM 15)" },
    { description: "Microsoft Basic Render Driver" },
    { description: "new", isFallbackAdapter: true },
    // A browser may hide the name.
    { description: "", vendor: "google", architecture: "swiftshader" },
  ];
  for (const info of software) {
    await find(gpu(info), true);
    const name = info.description || "google swiftshader";
    const message = `Cannot use webgpu: there is only a software adapter, ${name}`;
    await assert.rejects(find(gpu(info)), { message });
  }
  await assert.rejects(find(undefined), { message: /^Cannot use webgpu: there is no adapter/ });
  delete (navigator as { gpu?: unknown }).gpu; // the prototype's is left
});

testIf(hasWebgpu, "webgpu: an adapter that computes wrongly is refused in one line", async () => {
  await startDevice();
  const { read } = tf.backend();
  tf.backend().read = () => Promise.resolve(Float32Array.of(0));
  const message = "Cannot use webgpu: the product of (1, 2) and (3, 4) is 0, not 11";
  await assert.rejects(useBackend("webgpu"), { message, worthAHint: true })
    .finally(() => tf.backend().read = read);
});

testIf(hasWebgpu, "webgpu: after an error every read fails with it", async () => {
  const device = await startDevice();
  // Larger than any buffer may be.
  device.createBuffer({ size: 2 ** 50, usage: GPUBufferUsage.STORAGE });
  const network = draw({ N: 2, D_in: 3, H: 4, D_out: 1 }, 0);
  const training = { steps: 30, logEvery: 1, learningRate: 1e-3 };
  const reading = Array.fromAsync(readLosses(train(network, training), training, 16));
  await assert.rejects(reading, { message: /^Cannot go on: the GPU failed, .+$/ });
  // The next test gets another device.
  const factory = tf.findBackendFactory("webgpu");
  tf.removeBackend("webgpu");
  tf.registerBackend("webgpu", factory);
});
