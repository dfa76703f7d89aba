/** WebGPU: times, and a GPU that fails; on a software adapter too. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { useBackend } from "../lib/backend.ts";
import { report } from "../lib/report.ts";
import { draw, train } from "../tensor_neural_network.ts";
import { availableBackends } from "./available.ts";

const ignore = !(await availableBackends()).includes("webgpu");

Deno.test({
  name: "tf.time tells how long the GPU took, where it can",
  ignore,
  async fn() {
    await useBackend("webgpu");
    const { device } = tf.backend() as unknown as { device: GPUDevice };
    const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
    const canTell = adapter!.features.has("timestamp-query");
    assert.equal(device.features.has("timestamp-query"), canTell);
    const a = tf.ones([256, 256]);
    const { kernelMs } = await tf.time(() => tf.matMul(a, a)) as { kernelMs: unknown };
    a.dispose();
    if (canTell) assert.ok(kernelMs as number > 0, `${kernelMs}`);
  },
});

Deno.test({
  name: "after an error every read fails with it, and the next opening gets a new device",
  ignore,
  async fn() {
    await useBackend("webgpu");
    const { device } = tf.backend() as unknown as { device: GPUDevice };
    // Larger than any buffer may be.
    device.createBuffer({ size: 2 ** 50, usage: GPUBufferUsage.STORAGE });
    const network = draw({ N: 2, D_in: 3, H: 4, D_out: 1 }, 0);
    const training = { device: "", losses: train(network, { steps: 30, learningRate: 1e-3 }) };
    await assert.rejects(
      async () => await Array.fromAsync(report(training, { steps: 30, logEvery: 1 })),
      { name: "NotSupported", message: /^Cannot go on: the GPU failed, .+$/ },
    );

    await useBackend("webgpu");
    const four = tf.tidy(() => tf.add(2, 2));
    assert.deepEqual([...await four.data()], [4]);
    four.dispose();
  },
});

Deno.test({
  name: "a device that is gone fails what is asked of it",
  ignore,
  async fn() {
    await useBackend("webgpu");
    const { device } = tf.backend() as unknown as { device: GPUDevice };
    const four = () => tf.tidy(() => tf.add(2, 2)).data();
    const reading = four();
    device.destroy();
    // What was under way may still arrive; nothing else does.
    await reading.catch(() => {});
    await assert.rejects(async () => await four());
  },
});
