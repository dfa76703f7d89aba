/** Tensors on a GPU, by Deno's or a browser's WebGPU. @module */

import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { firstLine, NotAvailable, UserError } from "../errors.ts";
import { setBackend } from "./tensors_set_backend.ts";

let watched: WebGPUBackend | undefined; // the backend whose reads fail after an error of the GPU

/** What an adapter is, in words: a browser hides its name, but not who made it. */
function nameOf({ info }: GPUAdapter): string {
  return info.description || `${info.vendor} ${info.architecture}`;
}

/**
 * Finds the fastest adapter of this machine.
 *
 * @param mayBeSlow Whether a software adapter, which computes on the CPU, will do.
 * @throws {NotAvailable} If there is no such adapter.
 */
export async function findAdapter(mayBeSlow: boolean): Promise<GPUAdapter> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    const isLinux = globalThis.Deno?.build.os === "linux";
    const remedy = isLinux ? ", install a Vulkan driver (apt install mesa-vulkan-drivers)" : "";
    throw new NotAvailable("webgpu", `there is no GPU, or it has no driver${remedy}`);
  }
  const isSoftware = /llvmpipe|swiftshader|basic render/i.test(nameOf(adapter));
  if ((isSoftware || adapter.info.isFallbackAdapter) && !mayBeSlow) {
    throw new NotAvailable("webgpu", `there is only a software adapter, ${nameOf(adapter)}`);
  }
  return adapter;
}

/**
 * Makes TensorFlow.js compute on {@linkcode findAdapter}'s adapter.
 *
 * @returns What it is, in words.
 * @throws {NotAvailable} If there is none, or if it does not start.
 */
export async function startWebgpu(mayBeSlow: boolean): Promise<string> {
  const adapter = await findAdapter(mayBeSlow);
  // By default, small tensors would be computed on the CPU.
  tf.env().set("WEBGPU_CPU_FORWARD", false);
  try {
    await setBackend("webgpu");
    const backend = tf.backend() as WebGPUBackend;
    if (backend !== watched) failAfterErrors(backend);
    watched = backend;
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
