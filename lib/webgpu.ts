/**
 * Tensors on a GPU, by Deno's own WebGPU.
 *
 * @module
 */

import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";

/** The limits of a device that decide how large a tensor may be. */
const LIMITS = [
  "maxBufferSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBufferBindingSize",
] as const;

/** What the backend that is open computes on. */
let description: string | undefined;

/**
 * Registers the fastest adapter of this machine as a backend of TensorFlow.js.
 *
 * The factory that the package registers puts a nested array into
 * `requiredFeatures` where the adapter has `bgra8unorm-storage`, which versions of
 * Deno refuse; and it passes over the errors of a GPU, which then goes on with
 * zeros. So this makes the device itself, and after an error every read of a
 * number is rejected with it.
 *
 * @param software Whether a software adapter, which computes on the CPU, will do.
 * @returns What it computes on, in words.
 * @throws {Error} If there is no such adapter, or it gives no device.
 */
export async function registerWebgpu(software: boolean): Promise<string> {
  if (description === undefined) {
    quietDriver();
    const adapter = await navigator.gpu.requestAdapter({
      powerPreference: "high-performance",
    });
    if (!adapter) {
      const advice = Deno.build.os === "linux"
        ? ", install a Vulkan driver (apt install mesa-vulkan-drivers)"
        : "";
      throw new Error(`there is no adapter${advice}`);
    }
    const { info, limits, features } = adapter;
    if (!software && isSoftware(info)) {
      throw new Error(`there is only a software adapter, ${info.description}`);
    }
    const device = await adapter.requestDevice({
      // With it, tf.time and tf.profile can tell how long the GPU took.
      requiredFeatures: features.has("timestamp-query") ? ["timestamp-query"] : [],
      requiredLimits: Object.fromEntries(LIMITS.map((limit) => [limit, limits[limit]])),
    });
    const backend = rejectAfterErrors(new WebGPUBackend(device, info));
    tf.removeBackend("webgpu");
    tf.registerBackend("webgpu", () => backend);
    // By default, small tensors would be computed on the CPU.
    tf.env().set("WEBGPU_CPU_FORWARD", false);
    description = info.description;
  }
  return `tensors, with WebGPU on ${description}`;
}

/**
 * Makes every read of a number fail once the GPU has failed: WebGPU tells of an
 * error by an event only, and goes on with zeros.
 */
function rejectAfterErrors(backend: WebGPUBackend): WebGPUBackend {
  const { device } = backend;
  let failure: Error | undefined;
  const fail = (reason: string) => {
    failure ??= new Deno.errors.NotSupported(
      `Cannot go on: the GPU failed, ${reason.split("\n")[0]}`,
    );
    // The next one to open it gets another device.
    description = undefined;
  };
  device.addEventListener("uncapturederror", (event) => {
    // Nobody else is to end the process with it.
    event.preventDefault();
    fail((event as GPUUncapturedErrorEvent).error.message);
  });
  device.lost.then(({ reason, message }) => reason === "destroyed" || fail(message));

  const read = backend.read.bind(backend);
  backend.read = async (id) => {
    const numbers = await read(id).catch((error) => {
      throw failure ?? error;
    });
    if (failure) throw failure;
    return numbers;
  };
  return backend;
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
