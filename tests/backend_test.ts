/** Which backend `auto` takes, and what is said of the others. */

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { type Backend, type Open, openBackend } from "../lib/backend.ts";
import { NotAvailable } from "../lib/errors.ts";
import { requireDeno } from "../lib/run.ts";
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
    throw new Error("it is not there\nor here");
  }]));
}

Deno.test("auto takes the first that is available, whatever the others are", async () => {
  const hints: Record<string, string> = {
    wasm: "BLAS would be faster: it needs something, get it",
    cpu: "wasm would be faster: it is not there",
  };
  for (let bits = 1; bits < 32; bits++) {
    const available = NAMES.filter((_, i) => bits & (1 << i));
    for (const gpuIsSoftware of [false, true]) {
      const [first] = available.filter((name) => name !== "webgpu" || !gpuIsSoftware);
      if (!first) continue;
      const opened = await openBackend("auto", machine(available, gpuIsSoftware));
      assert.deepEqual(opened, { device: `on ${first}`, hint: hints[first] });
    }
  }
  await assert.rejects(openBackend("auto", machine([])), {
    name: "NotAvailable",
    message: "Cannot use any backend: none is available",
  });
});

Deno.test("the order of the backends, the fastest first", () => {
  assert.deepEqual(Object.keys(TENSOR_BACKENDS), NAMES);
  assert.deepEqual(Object.keys(NDARRAY_BACKENDS), ["blas", "wasm", "typescript"]);
});

Deno.test("by its name a backend is taken or refused, and nothing else is tried", async () => {
  for (const name of NAMES) {
    assert.deepEqual(await openBackend(name, machine([name], true)), { device: `on ${name}` });
    const others = NAMES.filter((other) => other !== name);
    await assert.rejects(openBackend(name, machine(others)), {
      name: "NotAvailable",
      message: name === "blas"
        ? "Cannot use BLAS: it needs something, get it"
        : `Cannot use ${name}: it is not there`,
    });
  }
});

Deno.test("whatever a backend throws, it is not available", async () => {
  for (const [failure, reason] of [[new TypeError("no\nway"), "no"], ["no", "no"]] as const) {
    const broken = machine(["cpu"]);
    broken.webgpu = () => Promise.reject(failure);
    assert.equal((await openBackend("auto", broken)).device, "on cpu");
    await assert.rejects(openBackend("webgpu", broken), {
      name: "NotAvailable",
      message: `Cannot use webgpu: ${reason}`,
    });
  }
});

Deno.test("a backend that TensorFlow.js can't start, or that computes wrongly, is refused", async () => {
  await useBackend("cpu");
  const setBackend = tf.engine().setBackend;
  tf.engine().setBackend = () => Promise.resolve(false);
  try {
    await assert.rejects(useBackend("cpu"), { message: /: TensorFlow.js can't start it$/ });
  } finally {
    tf.engine().setBackend = setBackend;
  }

  const kernel = tf.getKernel(tf.BatchMatMul, "cpu");
  const wrong = ({ backend }: { backend: unknown }) =>
    (backend as { makeTensorInfo(...args: unknown[]): tf.TensorInfo })
      .makeTensorInfo([1, 1], "float32", Float32Array.of(10));
  tf.unregisterKernel(tf.BatchMatMul, "cpu");
  tf.registerKernel({ ...kernel, kernelFunc: wrong as unknown as tf.KernelFunc });
  try {
    await assert.rejects(useBackend("cpu"), { message: /: 1 times 3 plus 2 times 4 is 10 there$/ });
  } finally {
    tf.unregisterKernel(tf.BatchMatMul, "cpu");
    tf.registerKernel(kernel);
  }
  await useBackend("cpu");
});

Deno.test("TensorFlow.js is in production mode", () => {
  assert.equal(tf.env().getBool("PROD"), true);
});

Deno.test("a version of Deno that is too old is named, with the first that will do", () => {
  for (const version of ["2.9.0", "2.9.6", "2.10.1", "3.0.0"]) requireDeno(version);
  for (const version of ["2.8.3", "2.7.12", "1.46.3"]) {
    assert.throws(() => requireDeno(version), {
      name: "NotAvailable",
      message: `Cannot use Deno ${version}: it takes 2.9.0 or later`,
    });
  }
});

Deno.test("software adapters are known by their description too", () => {
  const software = (description: string, isFallbackAdapter = false) =>
    isSoftware({ description, isFallbackAdapter } as GPUAdapterInfo);
  for (const name of ["NVIDIA H100 80GB HBM3", "Apple M4"]) assert.equal(software(name), false);
  // deno-fmt-ignore
  for (const name of ["llvmpipe (LLVM 15.0.6, 256 bits)", "SwiftShader Device", "Microsoft Basic Render Driver"]) {
    assert.equal(software(name), true, name);
  }
  assert.equal(software("Something else", true), true);
});

Deno.test({
  name: "tensorflow that is not installed, or that does not load, is not available",
  ignore: !permitted("the tests of loading TensorFlow", "env", "ffi", "read", "write"),
  async fn() {
    // A name that has to be escaped in a URL.
    const folder = await Deno.makeTempDir({ prefix: "a#b%c" });
    try {
      const url = pathToFileURL(`${folder}/`);
      const refused = (why: string) => ({
        message: `Cannot use tensorflow: ${why}, run deno task install:tensorflow`,
      });
      assert.throws(() => loadTensorflow(url), refused("it is not installed"));

      /** Lays a package out as it is installed, its addon empty. */
      const install = async (name: string, main: string) => {
        const addon = `${folder}/node_modules/@tensorflow/${name}/lib/napi-v8`;
        await Deno.mkdir(addon, { recursive: true });
        assert.throws(() => loadTensorflow(url));
        await Deno.writeTextFile(`${addon}/tfjs_binding.node`, "");
        await Deno.writeTextFile(`${addon}/../../index.js`, main);
      };
      await install("tfjs-node", "throw new Error('libtensorflow.so.2 is missing\\nand more');");
      assert.throws(() => loadTensorflow(url), refused("Error: libtensorflow.so.2 is missing"));
      // The one for a GPU comes first.
      await install("tfjs-node-gpu", "throw new Error('no CUDA');");
      assert.throws(() => loadTensorflow(url), refused("Error: no CUDA"));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
