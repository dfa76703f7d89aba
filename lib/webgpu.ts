/**
 * Tensors on a GPU, by Deno's own WebGPU.
 *
 * @module
 */

import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { fail } from "./cli.ts";

/** The limits of a device that decide how large a tensor may be. */
const LIMITS = [
  "maxBufferSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBufferBindingSize",
] as const;

/** Ends the process: a GPU that fails goes on with zeros, and says so in an event only. */
function stop(reason: string): never {
  fail(`Cannot go on: the GPU failed, ${reason.split("\n")[0]}`, 1);
}

/** The adapter of the backend that is open. */
let description: string | undefined;

/**
 * Opens the fastest adapter of this machine as a backend of TensorFlow.js.
 *
 * The backend that the package itself registers asks for features by names that
 * some versions of Deno don't know, and reads `adapter.info` when others forbid
 * it; see https://github.com/denoland/webgpu-examples/issues/22 and
 * https://github.com/tensorflow/tfjs/issues/8518. It also keeps silent on errors.
 * So this makes the device itself, asks for no features, and stops at an error.
 *
 * @param software Whether a software adapter, which computes on the CPU, will do.
 * @returns What it computes on, in words.
 * @throws {Deno.errors.NotSupported} If there is no such adapter.
 */
export async function openWebgpu(software: boolean): Promise<string> {
  if (!description) {
    if (!quietDriver()) {
      console.error(
        "Looking for a GPU (an error about XDG_RUNTIME_DIR is the driver's, and harmless)",
      );
    }
    const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) {
      const advice = Deno.build.os === "linux"
        ? ", install a Vulkan driver (apt install mesa-vulkan-drivers)"
        : "";
      throw new Deno.errors.NotSupported(`Cannot use webgpu: there is no adapter${advice}`);
    }
    const { info, limits } = adapter;
    if (!software && isSoftware(info)) {
      throw new Deno.errors.NotSupported(
        `Cannot use webgpu: there is only a software adapter, ${info.description}`,
      );
    }
    const device = await adapter.requestDevice({
      requiredLimits: Object.fromEntries(LIMITS.map((limit) => [limit, limits[limit]])),
    });
    device.addEventListener(
      "uncapturederror",
      (event) => stop((event as GPUUncapturedErrorEvent).error.message),
    );
    device.lost.then(({ reason, message }) => reason === "destroyed" || stop(message));

    tf.removeBackend("webgpu");
    tf.registerBackend("webgpu", () => new WebGPUBackend(device, info));
    // By default, small tensors would be computed on the CPU.
    tf.env().set("WEBGPU_CPU_FORWARD", false);
    description = info.description;
  }
  await tf.setBackend("webgpu");
  return `tensors, with WebGPU on ${description}`;
}

/**
 * Keeps Linux's graphics driver from writing that `XDG_RUNTIME_DIR` is not set,
 * as it does where nobody is logged in.
 *
 * @returns Whether it could: it takes a permission to read and set the variable.
 */
function quietDriver(): boolean {
  if (Deno.build.os !== "linux") return true;
  const variable = "XDG_RUNTIME_DIR";
  if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") return false;
  if (!Deno.env.has(variable)) Deno.env.set(variable, "/tmp");
  return true;
}

/** Whether it is a software adapter, which computes on the CPU. */
export function isSoftware({ isFallbackAdapter, description }: GPUAdapterInfo): boolean {
  return isFallbackAdapter || /llvmpipe|swiftshader|basic render/i.test(description);
}
