/** WebGPU: times, and a GPU that fails; on a software adapter too. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { useBackend } from "../lib/backend.ts";
import { report } from "../lib/report.ts";
import { draw, train } from "../tensor_neural_network.ts";
import { availableBackends } from "./available.ts";

const ignore = !(await availableBackends()).includes("webgpu");

/** A test that runs with WebGPU open, and only where there is an adapter. */
function test(name: string, body: (device: GPUDevice) => Promise<void>) {
  Deno.test({
    name,
    ignore,
    async fn() {
      await useBackend("webgpu");
      await body((tf.backend() as unknown as { device: GPUDevice }).device);
    },
  });
}

test("tf.time tells how long the GPU took, where it can", async (device) => {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  const canTell = adapter!.features.has("timestamp-query");
  assert.equal(device.features.has("timestamp-query"), canTell);
  const a = tf.ones([256, 256]);
  const { kernelMs } = await tf.time(() => tf.matMul(a, a)) as { kernelMs: unknown };
  a.dispose();
  if (canTell) assert.ok(kernelMs as number > 0, `${kernelMs}`);
});

test("after an error every read fails with it, and the next opening gets a new device", async (device) => {
  // Larger than any buffer may be.
  device.createBuffer({ size: 2 ** 50, usage: GPUBufferUsage.STORAGE });
  const network = draw({ N: 2, D_in: 3, H: 4, D_out: 1 }, 0);
  const training = train(network, { steps: 30, learningRate: 1e-3 });
  await assert.rejects(
    async () => await Array.fromAsync(report(training, { steps: 30, logEvery: 1 })),
    { name: "NotSupported", message: /^Cannot go on: the GPU failed, .+$/ },
  );

  await useBackend("webgpu");
  const four = tf.tidy(() => tf.add(2, 2));
  assert.deepEqual([...await four.data()], [4]);
  four.dispose();
});

test("a device that is gone fails what is asked of it", async (device) => {
  const four = () => tf.tidy(() => tf.add(2, 2)).data();
  const reading = four();
  device.destroy();
  // What was under way may still arrive; nothing else does.
  await reading.catch(() => {});
  await assert.rejects(async () => await four());
});
