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

testIf(
  hasWebgpu,
  "webgpu: the device has its adapter's limits and name, and computes small tensors too",
  async () => {
    const { limits, info } = await findAdapter(true);
    const device = await startDevice();
    assert.equal(device.limits.maxStorageBufferBindingSize, limits.maxStorageBufferBindingSize);
    const shown = `tensors, with WebGPU on ${info.description}`;
    // So many reads at a time are enough, and more would fill the GPU's memory.
    assert.deepEqual(await useBackend("webgpu"), { device: shown, readsBehind: 16 });
    assert.equal(tf.env().getBool("WEBGPU_CPU_FORWARD"), false);
  },
);

Deno.test("webgpu: an adapter in software is used only if it may be slow", async () => {
  const { gpu } = navigator;
  const { requestAdapter } = gpu;
  const find = (description: string, isFallbackAdapter: boolean, mayBeSlow: boolean) => {
    const adapter = { info: { description, isFallbackAdapter } } as GPUAdapter;
    gpu.requestAdapter = (options) => {
      assert.deepEqual(options, { powerPreference: "high-performance" });
      return Promise.resolve(adapter);
    };
    return findAdapter(mayBeSlow).finally(() => gpu.requestAdapter = requestAdapter);
  };
  await find("NVIDIA H100", false, false);
  for (
    const name of ["llvmpipe (LLVM 15)", "SwiftShader", "Microsoft Basic Render Driver", "new"]
  ) {
    await find(name, name === "new", true);
    const message = `Cannot use webgpu: there is only a software adapter, ${name}`;
    await assert.rejects(find(name, name === "new", false), { message });
  }
});

Deno.test("webgpu: a browser may have no WebGPU, and hide the name of its adapter", async () => {
  const own = Object.getOwnPropertyDescriptor(navigator, "gpu");
  const find = (gpu: unknown) => {
    Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
    return findAdapter(false);
  };
  await assert.rejects(find(undefined), { message: /^Cannot use webgpu: there is no adapter/ });
  const info = { description: "", vendor: "google", architecture: "swiftshader" };
  const message = "Cannot use webgpu: there is only a software adapter, google swiftshader";
  await assert.rejects(find({ requestAdapter: () => Promise.resolve({ info }) }), { message });
  if (own) Object.defineProperty(navigator, "gpu", own);
  else delete (navigator as { gpu?: unknown }).gpu;
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
  const losses = train(network, { steps: 30, learningRate: 1e-3 });
  const reading = Array.fromAsync(
    readLosses(losses, { steps: 30, logEvery: 1, learningRate: 1e-3 }, 16),
  );
  await assert.rejects(reading, { message: /^Cannot go on: the GPU failed, .+$/ });
  // The next test gets another device.
  const factory = tf.findBackendFactory("webgpu");
  tf.removeBackend("webgpu");
  tf.registerBackend("webgpu", factory);
});

testIf(
  hasWebgpu,
  "webgpu: a backend that TensorFlow.js can't start is refused in one line",
  async () => {
    const factory = tf.findBackendFactory("webgpu");
    tf.removeBackend("webgpu");
    tf.registerBackend("webgpu", () => Promise.reject(new Error("no device")));
    const message = "Cannot use webgpu: TensorFlow.js can't start it";
    await assert.rejects(useBackend("webgpu"), { message });
    tf.removeBackend("webgpu");
    tf.registerBackend("webgpu", factory);
  },
);
