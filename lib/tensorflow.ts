/**
 * Native TensorFlow, where `deno task install:tensorflow` has put it.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import util from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { firstLine, NotAvailable } from "./errors.ts";

/** Where the task installs: a folder of its own, for only there do install scripts run. */
const FOLDER = new URL("../.tensorflow/", import.meta.url);

/** The packages that will do; the first one computes on a GPU where it can. */
const PACKAGES = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"];

/** Everything that loading a package takes; without one of them, Deno would prompt. */
const permissions = (folder: URL): Deno.PermissionDescriptor[] => [
  { name: "env" },
  { name: "ffi", path: folder },
  { name: "read", path: folder },
  ...(Deno.build.os === "linux" ? ["/usr/bin/ldd", "/proc/self/exe"] : [])
    .map((path) => ({ name: "read", path } as const)),
];

/** The parts of the package's backend that tell what it computes on. */
interface NodeBackend {
  binding: { TF_Version: string };
  isUsingGpuDevice: boolean;
}

/**
 * Loads native TensorFlow as a backend of TensorFlow.js. Never prompts.
 *
 * @param folder Where the task installed it.
 * @returns What it computes on, in words.
 * @throws {NotAvailable} If it may not be loaded, or is not installed.
 */
export function loadTensorflow(folder = FOLDER): string {
  const isGranted = permissions(folder).every((permission) =>
    Deno.permissions.querySync(permission).state === "granted"
  );
  if (!isGranted) {
    throw new NotAvailable("tensorflow", "no permission to load it", "see deno task tensorflow");
  }
  // Both packages are there, but only one of them has the addon that its install script makes.
  const addon = (name: string) => `node_modules/${name}/lib/napi-v8/tfjs_binding.node`;
  const name = PACKAGES.find((name) => existsSync(new URL(addon(name), folder)));
  const notLoaded = (why: string) =>
    new NotAvailable("tensorflow", why, "run deno task install:tensorflow");
  if (!name) throw notLoaded("it is not installed");

  // Version 4.22.0 calls a function that Deno and Node.js 23 no longer have; see
  // https://github.com/tensorflow/tfjs/pull/8425
  const legacy = util as unknown as { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;

  // Warnings and errors only, and no advice on how to compile it.
  if (!Deno.env.has("TF_CPP_MIN_LOG_LEVEL")) Deno.env.set("TF_CPP_MIN_LOG_LEVEL", "2");
  try {
    createRequire(folder)(name);
  } catch (error) {
    throw notLoaded(firstLine(error));
  }
  const { binding, isUsingGpuDevice } = tf.findBackend("tensorflow") as unknown as NodeBackend;
  return `TensorFlow ${binding.TF_Version} on the ${isUsingGpuDevice ? "GPU" : "CPU"}`;
}
