/** Native TensorFlow, where `deno task install:tensorflow` has put it. @module */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import util from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { firstLine, NotAvailable } from "./errors.ts";

/** Where the task installs it: Deno runs the install scripts of packages in a folder like that. */
const FOLDER = new URL("../.tensorflow/", import.meta.url);

/** The packages that have it; the first one computes on a GPU where it can. */
const PACKAGES = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"];

/**
 * Makes TensorFlow.js compute on native TensorFlow. Never prompts.
 * @returns What it computes on, in words.
 * @throws {NotAvailable} If it is not permitted, or not installed.
 */
export async function startTensorflow(): Promise<string> {
  // Without one of them, Deno would prompt.
  const permissions = (["env", "ffi", "read"] as const).map((name) => ({ name }));
  if (permissions.some((one) => Deno.permissions.querySync(one).state !== "granted")) {
    throw new NotAvailable("tensorflow", "it needs permissions, run deno task tensorflow");
  }
  // Both packages are there, but only one of them has the addon that its install script makes.
  const addon = (name: string) => `node_modules/${name}/lib/napi-v8/tfjs_binding.node`;
  const name = PACKAGES.find((name) => existsSync(new URL(addon(name), FOLDER)));
  const remedy = "run deno task install:tensorflow";
  if (!name) throw new NotAvailable("tensorflow", `it is not installed, ${remedy}`);

  // Version 4.22.0 calls a function that Deno and Node.js 23 no longer have; see
  // https://github.com/tensorflow/tfjs/pull/8425
  const legacy = util as unknown as { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;

  try {
    createRequire(FOLDER)(name);
    if (!await tf.setBackend("tensorflow")) throw new Error("TensorFlow.js can't start it");
  } catch (error) {
    throw new NotAvailable("tensorflow", `${firstLine(error)}, ${remedy}`, true);
  }
  type Native = tf.KernelBackend & { binding: { TF_Version: string }; isUsingGpuDevice: boolean };
  const { binding, isUsingGpuDevice } = tf.backend() as Native;
  return `TensorFlow ${binding.TF_Version} on the ${isUsingGpuDevice ? "GPU" : "CPU"}`;
}
