/**
 * Tensors on a GPU, by Deno's own WebGPU.
 *
 * @module
 */

import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { firstLine, NotAvailable, UserError } from "./errors.ts";

/** Makes the backend as the package does, on the fastest adapter. */
const createBackend = tf.findBackendFactory("webgpu");

/** What is registered in the package's place, and how its GPU has failed. */
interface Registered {
  backend: WebGPUBackend;
  failure?: UserError;
}

let current: Registered | undefined;

/**
 * Finds the fastest adapter of this machine.
 *
 * @param software Whether a software adapter, which computes on the CPU, will do.
 * @throws {NotAvailable} If there is no such adapter.
 */
export async function findAdapter(software: boolean): Promise<GPUAdapter> {
  quietDriver();
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    const isLinux = Deno.build.os === "linux";
    const remedy = "install a Vulkan driver (apt install mesa-vulkan-drivers)";
    throw new NotAvailable("webgpu", "there is no adapter", isLinux ? remedy : undefined);
  }
  if (!software && isSoftware(adapter.info)) {
    const { description } = adapter.info;
    throw new NotAvailable("webgpu", `there is only a software adapter, ${description}`);
  }
  return adapter;
}

/**
 * Registers {@linkcode findAdapter}'s adapter as the backend `webgpu` of TensorFlow.js; in
 * place of one whose GPU has failed, if there is one.
 *
 * @param software Whether a software adapter will do.
 * @returns What it computes on, in words.
 * @throws {NotAvailable} If there is no such adapter.
 */
export async function registerWebgpu(software: boolean): Promise<string> {
  const { info } = await findAdapter(software);
  if (!current || current.failure || !tf.findBackend("webgpu")) {
    const { backend } = current = rejectAfterErrors(await createBackend() as WebGPUBackend);
    if (tf.findBackendFactory("webgpu")) tf.removeBackend("webgpu");
    tf.registerBackend("webgpu", () => backend);
    // By default, small tensors would be computed on the CPU.
    tf.env().set("WEBGPU_CPU_FORWARD", false);
  }
  return `WebGPU on ${info.description}`;
}

/**
 * Makes every read of a number fail once the GPU has failed: WebGPU tells of an
 * error by an event only, and goes on with zeros.
 */
function rejectAfterErrors(backend: WebGPUBackend): Registered {
  const { device } = backend;
  const state: Registered = { backend };
  const fail = (reason: unknown) => {
    state.failure ??= new UserError(`Cannot go on: the GPU failed, ${firstLine(reason)}`);
  };
  device.addEventListener("uncapturederror", (event) => {
    fail((event as GPUUncapturedErrorEvent).error.message);
  });
  device.lost.then(({ message }) => fail(message));
  // Of a device that was destroyed, that promise tells too late.
  const destroy = device.destroy.bind(device);
  device.destroy = () => {
    fail("its device was destroyed");
    destroy();
  };

  const read = backend.read.bind(backend);
  backend.read = async (id) => {
    const [numbers] = await Promise.allSettled([read(id)]);
    if (state.failure) throw state.failure;
    if (numbers.status === "rejected") throw numbers.reason;
    return numbers.value;
  };
  return state;
}

/**
 * Keeps Linux's graphics driver from writing that `XDG_RUNTIME_DIR` is not set, as
 * it does where nobody is logged in; if this script may set it.
 */
function quietDriver() {
  const variable = "XDG_RUNTIME_DIR";
  const permission = Deno.permissions.querySync({ name: "env", variable });
  if (Deno.build.os !== "linux" || permission.state !== "granted") return;
  if (!Deno.env.has(variable)) Deno.env.set(variable, "/tmp");
}

/** Whether it is a software adapter, which computes on the CPU. */
export function isSoftware({ isFallbackAdapter, description }: GPUAdapterInfo): boolean {
  return isFallbackAdapter || /llvmpipe|swiftshader|basic render/i.test(description);
}
