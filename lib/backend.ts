/**
 * The backends of TensorFlow.js: what the tensors live and are computed on.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import { openBlas } from "./blas.ts";
import { type Ground, hintFrom } from "./report.ts";

// In production mode, TensorFlow.js gives no advice on how to be faster.
tf.enableProdMode();

/** The name of a backend. */
export type Backend = "tensorflow" | "webgpu" | "blas" | "wasm" | "cpu";

/**
 * Makes a backend ready for TensorFlow.js.
 *
 * @param software Whether a software GPU, which computes on the CPU, will do.
 * @returns What it computes on, in words.
 * @throws {Error} If the backend is not available.
 */
export type Open = (software: boolean) => Promise<string>;

/**
 * Fails on a version of Deno that is too old.
 *
 * @param least The first version that will do.
 * @throws {Error} If `version` comes before it.
 */
export function requireDeno(least: string, version: string = Deno.version.deno) {
  if (version.localeCompare(least, "en", { numeric: true }) < 0) {
    throw new Error(`it takes Deno ${least} or later, not ${version}`);
  }
}

/** How to make a backend the current one, and see, the first time, that it computes. */
function current(name: string, prepare: Open, leastDeno = "2.0.0"): Open {
  let computes = false;
  return async (software) => {
    requireDeno(leastDeno);
    const device = await prepare(software);
    if (!await tf.setBackend(name)) throw new Error("TensorFlow.js can't start it");
    if (!computes) {
      const product = tf.tidy(() => tf.matMul([[1, 2]], [[3], [4]]));
      const [value] = await product.data();
      product.dispose();
      if (value !== 11) throw new Error(`1 times 3 plus 2 times 4 is ${value} there`);
      computes = true;
    }
    return device;
  };
}

/** How to open each backend, in the order in which `auto` tries them. */
export const OPEN: Record<Backend, Open> = {
  tensorflow: current("tensorflow", async () => {
    return (await import("./tensorflow.ts")).loadTensorflow();
  }),
  webgpu: current("webgpu", async (software) => {
    return await (await import("./webgpu.ts")).registerWebgpu(software);
  }, "2.7.12"),
  blas: current("wasm", async () => {
    const blas = openBlas();
    return await (await import("./wasm.ts")).prepareWasm(blas);
  }, "2.4.2"),
  wasm: current("wasm", async () => {
    return await (await import("./wasm.ts")).prepareWasm();
  }, "2.4.2"),
  cpu: current("cpu", async () => {
    await import("@tensorflow/tfjs-backend-cpu");
    return "tensors, with plain JavaScript";
  }),
};

/** What `--backend` takes, the default first. */
export const BACKENDS: readonly ["auto", ...Backend[]] = [
  "auto",
  ...Object.keys(OPEN) as Backend[],
];

/** Opens a backend; whatever fails there is told in one line. */
async function openBackend(name: string, open: Open, software: boolean): Promise<string> {
  try {
    return await open(software);
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : `${error}`).split("\n");
    throw new Deno.errors.NotSupported(
      reason.startsWith("Cannot use ") ? reason : `Cannot use ${name}: ${reason}`,
    );
  }
}

/**
 * Makes TensorFlow.js compute on the backend of that name; or, for `auto`, on the
 * first one available, but on no software GPU. A backend is available if it opens
 * and can compute.
 *
 * @param name What `--backend` says.
 * @param open How to open each backend, in the order to try them.
 * @returns What the tensors are on, in words; and for `auto`, what to do to run
 *   faster.
 * @throws {Deno.errors.NotSupported} If the backend, or for `auto` each of them, is
 *   not available.
 */
export async function useBackend(
  name: string,
  open: Record<string, Open> = OPEN,
): Promise<Ground> {
  if (name !== "auto") return { device: await openBackend(name, open[name], true) };

  let hint: string | undefined;
  for (const [candidate, openIt] of Object.entries(open)) {
    try {
      return { device: await openBackend(candidate, openIt, false), hint };
    } catch (error) {
      // BLAS takes a flag or a package, WebAssembly a newer Deno: only they are worth a hint.
      if (candidate === "blas" || candidate === "wasm") hint = hintFrom(error as Error);
    }
  }
  throw new Deno.errors.NotSupported("Cannot use any backend: none is available");
}
