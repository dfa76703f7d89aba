/** Tensors on native TensorFlow, where `deno task install:tensorflow` has put it. @module */

import { createRequire } from "node:module";
import util from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { firstLine, NotAvailable } from "../errors.ts";
import { setBackend } from "./tensors_set_backend.ts";

/**
 * Makes TensorFlow.js compute on native TensorFlow: on an NVIDIA GPU, or else on the CPU. Never
 * prompts.
 *
 * @returns What it computes on, in words.
 * @throws {NotAvailable} If it is not permitted, or not installed.
 */
export async function startNative(): Promise<string> {
  for (const name of ["env", "ffi", "read"] as const) {
    if (Deno.permissions.querySync({ name }).state === "granted") continue;
    throw new NotAvailable("tensorflow", "it needs --allow-env --allow-ffi --allow-read");
  }
  // Version 4.22.0 calls a function that Deno and Node.js 23 no longer have; see
  // https://github.com/tensorflow/tfjs/pull/8425
  Object.assign(util, { isNullOrUndefined: (value: unknown) => value == null });
  try {
    const require = createRequire(new URL("../../.tensorflow/", import.meta.url));
    require("@tensorflow/tfjs-node-gpu");
    await setBackend("tensorflow");
  } catch (error) {
    const why = `${firstLine(error)}, run deno task install:tensorflow`;
    throw new NotAvailable("tensorflow", why);
  }
  type Native = tf.KernelBackend & { binding: { TF_Version: string }; isUsingGpuDevice: boolean };
  const { binding, isUsingGpuDevice } = tf.backend() as Native;
  return `TensorFlow ${binding.TF_Version} on the ${isUsingGpuDevice ? "GPU" : "CPU"}`;
}
