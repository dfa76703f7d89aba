/**
 * Made-up measurements, and folders to write in, for the tests of images/.
 *
 * @module
 */

import type { Measurements } from "../images/measurements.ts";

/** Made-up measurements that have everything, but for what is left out. */
export function measurements(...without: string[]): Measurements {
  const names = [
    ["arrays", 10],
    ["ndarrays", 5],
    ["ndarrays with BLAS", 0.5],
    ["tensors in WebAssembly", 2],
    ["tensors with BLAS", 1],
    ["tensors on TensorFlow", 1.5],
    ["Python lists", 1000],
    ["NumPy", 0.4],
    ["PyTorch", 0.3],
  ] as const;
  const rows = names.filter(([name]) => !without.includes(name))
    .map(([name, ms]) => ({ name, ms }));
  const kinds = ["creation", "squaring"];
  return {
    date: "2030-01-02",
    machine: "a machine",
    versions: { NumPy: "2.0", PyTorch: "2.1+cu1", Python: "3.11" },
    skipped: [],
    losses: Object.fromEntries(
      ["arrays", "ndarrays", "tensors"].map((name) => [name, Array(500).fill(1)]),
    ),
    iterations: rows.flatMap((row) => [25, 100, 6400].map((hidden) => ({ ...row, hidden }))),
    operations: rows.flatMap((row) => kinds.map((operation) => ({ ...row, operation }))),
    loops: rows.flatMap((row) => ["i, j, k", "i, k, j"].map((order) => ({ ...row, order }))),
    whole: rows.map(({ name, ms }) => ({ name, ms: 500 * ms })),
  };
}

/** Calls a function with the path of a folder that is removed afterwards. */
export async function withFolder(use: (folder: string) => Promise<void> | void) {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The names of the files in a folder. */
export function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}
