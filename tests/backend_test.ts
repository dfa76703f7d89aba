/** Which backend `auto` takes, and what is said of the others. */

import assert from "node:assert/strict";
import { type Backend, type Open, useBackend } from "../lib/backend.ts";
import { openTensorflow } from "../lib/tensorflow.ts";
import { isSoftware } from "../lib/webgpu.ts";

const NAMES: Backend[] = ["tensorflow", "webgpu", "wasm", "cpu"];

/** Backends of which some are available, and the GPU may be one computed on the CPU. */
function machine(available: Backend[], gpuIsSoftware = false): Record<Backend, Open> {
  const open = NAMES.map((name): [Backend, Open] => [name, (software) => {
    const refused = name === "webgpu" && gpuIsSoftware && !software;
    return available.includes(name) && !refused
      ? Promise.resolve(`on ${name}`)
      : Promise.reject(new Deno.errors.NotSupported(`Cannot use ${name}`));
  }]);
  return Object.fromEntries(open) as Record<Backend, Open>;
}

// Every combination of what is available.
for (let bits = 0; bits < 16; bits++) {
  const available = NAMES.filter((_, i) => bits & (1 << i));
  for (const gpuIsSoftware of [false, true]) {
    const [expected] = available.filter((name) => name !== "webgpu" || !gpuIsSoftware);
    const gpu = gpuIsSoftware ? ", a software GPU" : "";
    Deno.test(`auto takes ${expected} of ${available.join(", ") || "nothing"}${gpu}`, async () => {
      const choice = useBackend("auto", machine(available, gpuIsSoftware));
      if (expected) {
        const better = NAMES.slice(0, NAMES.indexOf(expected));
        assert.deepEqual(await choice, {
          device: `on ${expected}`,
          passedOver: better.map((name) => `Cannot use ${name}`),
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
    assert.deepEqual(await useBackend(name, machine([name], true)), {
      device: `on ${name}`,
      passedOver: [],
    });
    await assert.rejects(useBackend(name, machine(others)), { message: `Cannot use ${name}` });
  });
}

Deno.test("a mistake in a backend is not taken for a missing one", async () => {
  const broken = machine(NAMES);
  broken.tensorflow = () => Promise.reject(new TypeError("a bug"));
  await assert.rejects(useBackend("auto", broken), { name: "TypeError" });
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

Deno.test("tensorflow that is not installed, or that does not load, is not available", async () => {
  const folder = await Deno.makeTempDir();
  const url = new URL(`file://${folder}/`);
  await assert.rejects(openTensorflow(url), {
    name: "NotSupported",
    message: "Cannot use tensorflow: it is not installed, run deno task install:tensorflow",
  });

  const addon = `${folder}/node_modules/@tensorflow/tfjs-node/lib/napi-v8`;
  await Deno.mkdir(addon, { recursive: true });
  await assert.rejects(openTensorflow(url), { message: /it is not installed/ });

  await Deno.writeTextFile(`${addon}/tfjs_binding.node`, "");
  const main = "throw new Error('libtensorflow.so.2 is missing\\nand more');";
  await Deno.writeTextFile(`${addon}/../../index.js`, main);
  await assert.rejects(openTensorflow(url), {
    name: "NotSupported",
    message:
      "Cannot use tensorflow: Error: libtensorflow.so.2 is missing, run deno task install:tensorflow",
  });
  await Deno.remove(folder, { recursive: true });
});
