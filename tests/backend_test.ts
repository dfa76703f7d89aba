/** Which backend `auto` takes, and what is said of the others. */

import assert from "node:assert/strict";
import { type Backend, OPEN, type Open, requireDeno, useBackend } from "../lib/backend.ts";
import { loadTensorflow } from "../lib/tensorflow.ts";
import { isSoftware } from "../lib/webgpu.ts";
import { permitted } from "./available.ts";

const NAMES: Backend[] = ["tensorflow", "webgpu", "blas", "wasm", "cpu"];

/** Backends of which some are available, and the GPU may be one computed on the CPU. */
function machine(available: Backend[], gpuIsSoftware = false): Record<Backend, Open> {
  const open = NAMES.map((name): [Backend, Open] => [name, (software) => {
    const refused = name === "webgpu" && gpuIsSoftware && !software;
    return available.includes(name) && !refused ? Promise.resolve(`on ${name}`) : Promise.reject(
      name === "blas"
        ? new Deno.errors.NotSupported("Cannot use BLAS: it needs something")
        : new Error("it is not there\nor here"),
    );
  }]);
  return Object.fromEntries(open) as Record<Backend, Open>;
}

// Every combination of what is available.
for (let bits = 0; bits < 32; bits++) {
  const available = NAMES.filter((_, i) => bits & (1 << i));
  for (const gpuIsSoftware of [false, true]) {
    const [expected] = available.filter((name) => name !== "webgpu" || !gpuIsSoftware);
    const gpu = gpuIsSoftware ? ", a software GPU" : "";
    Deno.test(`auto takes ${expected} of ${available.join(", ") || "nothing"}${gpu}`, async () => {
      const choice = useBackend("auto", machine(available, gpuIsSoftware));
      if (expected) {
        const hint = {
          wasm: "BLAS would be faster: it needs something",
          cpu: "wasm would be faster: it is not there",
        };
        assert.deepEqual(await choice, {
          device: `on ${expected}`,
          hint: hint[expected as keyof typeof hint],
        });
      } else {
        await assert.rejects(choice, {
          name: "NotSupported",
          message: "Cannot use any backend: none is available",
        });
      }
    });
  }
}

for (const name of NAMES) {
  Deno.test(`${name} by name is taken or refused, and nothing else is tried`, async () => {
    const others = NAMES.filter((other) => other !== name);
    assert.deepEqual(await useBackend(name, machine([name], true)), { device: `on ${name}` });
    await assert.rejects(useBackend(name, machine(others)), {
      name: "NotSupported",
      message: name === "blas"
        ? "Cannot use BLAS: it needs something"
        : `Cannot use ${name}: it is not there`,
    });
  });
}

Deno.test("whatever fails in a backend, it is not available", async () => {
  for (const failure of [new TypeError("no\nway"), "no", undefined, new RangeError("")]) {
    const broken = machine(["cpu"]);
    broken.webgpu = () => Promise.reject(failure);
    assert.equal((await useBackend("auto", broken)).device, "on cpu");
    const [reason] = (failure instanceof Error ? failure.message : `${failure}`).split("\n");
    await assert.rejects(useBackend("webgpu", broken), {
      name: "NotSupported",
      message: `Cannot use webgpu: ${reason}`,
    });
  }
});

Deno.test("a version of Deno that is too old is named, with the first that will do", async () => {
  for (const version of ["2.7.12", "2.7.100", "2.8.0", "2.10.1", "3.0.0", "2.9.0-rc.1"]) {
    requireDeno("2.7.12", version);
  }
  for (const version of ["2.7.2", "2.7.11", "2.4.12", "1.46.3"]) {
    assert.throws(() => requireDeno("2.7.12", version), {
      message: `it takes Deno 2.7.12 or later, not ${version}`,
    });
  }

  const { version } = Deno;
  for (const [backend, least] of [["webgpu", "2.7.12"], ["blas", "2.4.2"], ["wasm", "2.4.2"]]) {
    Object.defineProperty(Deno, "version", { value: { ...version, deno: "2.4.1" } });
    const opening = OPEN[backend as Backend](true);
    Object.defineProperty(Deno, "version", { value: version });
    await assert.rejects(opening, { message: `it takes Deno ${least} or later, not 2.4.1` });
  }
});

Deno.test("software adapters are known by their description too", () => {
  const info = (description: string, isFallbackAdapter = false) =>
    ({ description, isFallbackAdapter }) as GPUAdapterInfo;
  assert.equal(isSoftware(info("NVIDIA H100 80GB HBM3")), false);
  assert.equal(isSoftware(info("Apple M4")), false);
  assert.equal(isSoftware(info("llvmpipe (LLVM 15.0.6, 256 bits)")), true);
  assert.equal(isSoftware(info("SwiftShader Device (LLVM 10.0.0)")), true);
  assert.equal(isSoftware(info("Microsoft Basic Render Driver")), true);
  assert.equal(isSoftware(info("Something else", true)), true);
});

Deno.test({
  name: "tensorflow that is not installed, or that does not load, is not available",
  ignore: !permitted("the tests of loading TensorFlow", "env", "ffi", "read", "write"),
  async fn() {
    const folder = await Deno.makeTempDir();
    const url = new URL(`file://${folder}/`);
    const absent = { message: "it is not installed, run deno task install:tensorflow" };
    assert.throws(() => loadTensorflow(url), absent);

    const addon = `${folder}/node_modules/@tensorflow/tfjs-node/lib/napi-v8`;
    await Deno.mkdir(addon, { recursive: true });
    assert.throws(() => loadTensorflow(url), absent);

    await Deno.writeTextFile(`${addon}/tfjs_binding.node`, "");
    const main = "throw new Error('libtensorflow.so.2 is missing\\nand more');";
    await Deno.writeTextFile(`${addon}/../../index.js`, main);
    assert.throws(() => loadTensorflow(url), {
      message: "Error: libtensorflow.so.2 is missing, run deno task install:tensorflow",
    });
    await Deno.remove(folder, { recursive: true });
  },
});
