/** Which backend `auto` takes, and what is said of the others. */

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { type Backend, type Open, openBackend } from "../lib/backend.ts";
import { NotAvailable } from "../lib/errors.ts";
import { memory } from "../lib/kernel/multiply.wasm";
import { zeros } from "../lib/linear_algebra.ts";
import { NDARRAY_BACKENDS } from "../lib/ndarray_backends.ts";
import { TENSOR_BACKENDS } from "../lib/tensor_backends.ts";
import { loadTensorflow } from "../lib/tensorflow.ts";
import { isSoftware } from "../lib/webgpu.ts";
import { permitted, useBackend } from "./available.ts";

const NAMES = ["tensorflow", "webgpu", "blas", "wasm", "cpu"];

/** Backends of which some are available, and the GPU may be one computed on the CPU. */
function machine(available: string[], gpuIsSoftware = false): Record<string, Open<Backend>> {
  return Object.fromEntries(NAMES.map((name): [string, Open<Backend>] => [name, (named) => {
    const declines = name === "webgpu" && gpuIsSoftware && !named;
    if (available.includes(name) && !declines) return { device: `on ${name}` };
    if (name === "blas") throw new NotAvailable("BLAS", "it needs something", "get it");
    throw name === "wasm" ? "it is not there\nor here" : new TypeError("it is not there\nor here");
  }]));
}

Deno.test("auto takes the first that is available, and says how to get BLAS", async () => {
  for (let bits = 1; bits < 32; bits++) {
    const available = NAMES.filter((_, i) => bits & (1 << i));
    for (const gpuIsSoftware of [false, true]) {
      const [first] = available.filter((name) => name !== "webgpu" || !gpuIsSoftware);
      if (!first) continue;
      const opened = await openBackend("auto", machine(available, gpuIsSoftware));
      const hint = "BLAS would be faster: it needs something, get it";
      const isSlower = first === "wasm" || first === "cpu";
      assert.deepEqual(opened, {
        device: `on ${first}`,
        hint: isSlower && !available.includes("blas") ? hint : undefined,
      });
    }
  }
  const message = "Cannot use any backend: none is available";
  await assert.rejects(openBackend("auto", machine([])), { name: "NotAvailable", message });
  await assert.rejects(openBackend("toString", machine(NAMES)), { name: "NotAvailable" });
  // The fastest first.
  assert.deepEqual(Object.keys(TENSOR_BACKENDS), NAMES);
  assert.deepEqual(Object.keys(NDARRAY_BACKENDS), ["blas", "wasm", "typescript"]);
});

Deno.test("by its name a backend is taken or refused, and nothing else is tried", async () => {
  for (const name of NAMES) {
    const { device } = await openBackend(name, machine([name], true));
    assert.equal(device, `on ${name}`);
    const others = machine(NAMES.filter((other) => other !== name));
    await assert.rejects(openBackend(name, others), {
      name: "NotAvailable",
      message: name === "blas"
        ? "Cannot use BLAS: it needs something, get it"
        : `Cannot use ${name}: it is not there`,
    });
  }
});

Deno.test("a backend that TensorFlow.js can't start, or that computes wrongly, is refused", async () => {
  await useBackend("cpu");
  // In production mode it gives no advice on how to be faster.
  assert.equal(tf.env().getBool("PROD"), true);
  const { setBackend } = tf.engine();
  tf.engine().setBackend = () => Promise.resolve(false);
  try {
    await assert.rejects(useBackend("cpu"), { message: /: TensorFlow.js can't start it$/ });
  } finally {
    tf.engine().setBackend = setBackend;
  }

  const kernel = tf.getKernel(tf.BatchMatMul, "cpu");
  const kernelFunc: tf.KernelFunc = () => tf.tensor2d([[10]]);
  tf.unregisterKernel(tf.BatchMatMul, "cpu");
  tf.registerKernel({ ...kernel, kernelFunc });
  try {
    await assert.rejects(useBackend("cpu"), { message: /: 1 times 3 plus 2 times 4 is 10 there$/ });
  } finally {
    tf.unregisterKernel(tf.BatchMatMul, "cpu");
    tf.registerKernel(kernel);
  }
  await useBackend("cpu");
});

Deno.test("wasm multiplies ndarrays in WebAssembly, and typescript does not", async () => {
  for (const [name, grows] of [["typescript", false], ["wasm", true]] as const) {
    const { algebra } = await openBackend(name, NDARRAY_BACKENDS);
    const { byteLength } = memory.buffer;
    algebra.dot(zeros(byteLength / 8, 1), zeros(1, 1));
    assert.equal(memory.buffer.byteLength > byteLength, grows, name);
  }
});

Deno.test("software adapters are known by their description too", () => {
  const software = (description: string, isFallbackAdapter = false) =>
    isSoftware({ description, isFallbackAdapter } as GPUAdapterInfo);
  for (const name of ["NVIDIA H100 80GB HBM3", "Apple M4"]) assert.equal(software(name), false);
  const names = [
    "llvmpipe (LLVM 15.0.6, 256 bits)",
    "SwiftShader",
    "Microsoft Basic Render Driver",
  ];
  for (const name of names) assert.equal(software(name), true, name);
  assert.equal(software("Something else", true), true);
});

Deno.test({
  name: "tensorflow that is not installed, or that does not load, is not available",
  ignore: !permitted("the test of loading TensorFlow", "env", "ffi", "read", "write"),
  async fn() {
    // A name that has to be escaped in a URL.
    const folder = await Deno.makeTempDir({ prefix: "a#b%c" });
    const url = pathToFileURL(`${folder}/`);
    const refuses = (why: string) =>
      assert.throws(() => loadTensorflow(url), {
        name: "NotAvailable",
        message: `Cannot use tensorflow: ${why}, run deno task install:tensorflow`,
      });
    /** Lays a package out as it is installed; until then, what comes before it counts. */
    const install = async (name: string, main: string, before: string) => {
      const path = `${folder}/node_modules/@tensorflow/${name}`;
      await Deno.mkdir(`${path}/lib/napi-v8`, { recursive: true });
      await Deno.writeTextFile(`${path}/index.js`, main);
      refuses(before);
      await Deno.writeTextFile(`${path}/lib/napi-v8/tfjs_binding.node`, "");
    };
    try {
      const missing = "libtensorflow.so.2 is missing";
      await install("tfjs-node", `throw new Error("${missing}\\nor not");`, "it is not installed");
      Deno.env.set("TF_CPP_MIN_LOG_LEVEL", "1");
      // The one for a GPU comes first.
      const nullish =
        'throw new Error([null, undefined, 0].map(require("util").isNullOrUndefined));';
      await install("tfjs-node-gpu", nullish, missing);
      refuses("true,true,false");
      assert.equal(Deno.env.get("TF_CPP_MIN_LOG_LEVEL"), "1");

      await Deno.writeTextFile(`${folder}/node_modules/@tensorflow/tfjs-node-gpu/index.js`, "");
      for (const [isUsingGpuDevice, device] of [[true, "GPU"], [false, "CPU"]]) {
        const backend = { binding: { TF_Version: "2.0" }, isUsingGpuDevice, dispose() {} };
        tf.registerBackend("tensorflow", () => backend as unknown as tf.KernelBackend);
        assert.equal(loadTensorflow(url), `TensorFlow 2.0 on the ${device}`);
        tf.removeBackend("tensorflow");
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
