/** Tensors on a GPU, by Deno's own WebGPU. @module */

import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { firstLine, NotAvailable, UserError } from "./errors.ts";

let watched: WebGPUBackend | undefined; // the backend whose reads fail after an error of the GPU

/** What an adapter is, in words: a browser hides its name, but not who made it. */
const nameOf = ({ info }: GPUAdapter) => info.description || `${info.vendor} ${info.architecture}`;

/**
 * Finds the fastest adapter of this machine.
 * @param mayBeSlow Whether a software adapter, which computes on the CPU, will do.
 * @throws {NotAvailable} If there is no such adapter.
 */
export async function findAdapter(mayBeSlow: boolean): Promise<GPUAdapter> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    const driver = ", install a Vulkan driver (apt install mesa-vulkan-drivers)";
    const remedy = globalThis.Deno?.build.os === "linux" ? driver : "";
    throw new NotAvailable("webgpu", `there is no adapter${remedy}`);
  }
  const isSoftware = /llvmpipe|swiftshader|basic render/i.test(nameOf(adapter));
  if ((isSoftware || adapter.info.isFallbackAdapter) && !mayBeSlow) {
    throw new NotAvailable("webgpu", `there is only a software adapter, ${nameOf(adapter)}`);
  }
  return adapter;
}

/**
 * Makes TensorFlow.js compute on {@linkcode findAdapter}'s adapter.
 * @returns What it is, in words.
 * @throws {NotAvailable} If there is none, or if it does not start or computes wrongly.
 */
export async function startWebgpu(mayBeSlow: boolean): Promise<string> {
  const adapter = await findAdapter(mayBeSlow);
  // By default, small tensors would be computed on the CPU.
  tf.env().set("WEBGPU_CPU_FORWARD", false);
  try {
    if (!await tf.setBackend("webgpu")) throw new Error("TensorFlow.js can't start it");
    if (tf.backend() !== watched) failAfterErrors(watched = tf.backend() as WebGPUBackend);
    const product = tf.tidy(() => tf.matMul([[1, 2]], [[3], [4]]));
    const [value] = await product.data();
    product.dispose();
    if (value !== 11) throw new Error(`the product of (1, 2) and (3, 4) is ${value}, not 11`);
  } catch (error) {
    throw new NotAvailable("webgpu", firstLine(error), true);
  }
  return `WebGPU on ${nameOf(adapter)}`;
}

/** Makes every read fail once the GPU has: it reports errors by events, and goes on with zeros. */
function failAfterErrors(backend: WebGPUBackend) {
  let failure: UserError | undefined;
  backend.device.addEventListener("uncapturederror", (event) => {
    const { message } = (event as GPUUncapturedErrorEvent).error;
    failure ??= new UserError(`Cannot go on: the GPU failed, ${firstLine(message)}`);
  });
  const read = backend.read.bind(backend);
  backend.read = async (id) => {
    const numbers = await read(id);
    if (failure) throw failure;
    return numbers;
  };
}
