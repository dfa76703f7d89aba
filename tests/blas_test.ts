/** BLAS computes what it should, and reads and writes nothing outside an array. */

import assert from "node:assert/strict";
import type { Operand } from "../lib/blas.ts";
import { BLAS, permitted, testIf } from "./available.ts";

for (const type of [Float32Array, Float64Array]) {
  const zeros = (length: number) => new type(length) as Float64Array<ArrayBuffer>;
  /** A matrix of this shape of the numbers 1, 2, 3, …, as one side of a product. */
  const counted = (shape: number[], transposed = false): Operand => ({
    data: zeros(shape[0] * shape[1]).map((_, i) => i + 1) as Float64Array<ArrayBuffer>,
    shape,
    transposed,
  });
  const [a, b] = [counted([2, 3]), counted([3, 2])];

  testIf(BLAS, `BLAS takes a ${type.name} and its transpose, and fills its result alone`, () => {
    const products = [
      [a, b, [22, 28, 49, 64]],
      [counted([3, 2], true), b, [35, 44, 44, 56]],
      [a, counted([2, 3], true), [14, 32, 32, 77]],
    ] as const;
    for (const [left, right, expected] of products) {
      const memory = zeros(8).fill(7);
      BLAS!.multiply(left, right, memory.subarray(2, 6));
      assert.deepEqual([...memory], [7, 7, ...expected, 7, 7]);
    }
  });

  testIf(BLAS, `BLAS is not given a ${type.name} that is too short`, () => {
    const short = { ...a, data: zeros(5) };
    const products = [
      [short, b, zeros(4)],
      [a, { ...b, data: zeros(5) }, zeros(4)],
      [a, b, zeros(3)],
      [a, counted([4, 2]), zeros(4)],
      [a, counted([3, 2], true), zeros(6)],
    ] as const;
    for (const [left, right, result] of products) {
      assert.throws(() => BLAS!.multiply(left, right, result), RangeError);
    }
  });
}

testIf(
  permitted("the test of how BLAS is found", "ffi") && Deno.build.os === "linux",
  "tuned libraries are looked for; OpenBLAS is kept loaded, with as many threads as processors",
  async () => {
    const { dlopen } = Deno;
    const tried: string[] = [];
    const calls: unknown[] = [];
    const symbols = {
      openblas_get_num_threads: () => 1000,
      openblas_set_num_threads: (threads: number) => calls.push(threads),
      dlopen: (name: Uint8Array, flags: number) =>
        calls.push([new TextDecoder().decode(name), flags]),
    };
    Deno.dlopen = ((name: string) => {
      // The first search finds nothing, and the second one a library.
      tried.push(name);
      if (tried.length < 9) throw new Error("not here");
      return { symbols };
    }) as unknown as typeof dlopen;
    try {
      // The module anew, which has opened nothing yet.
      const { startBlas }: typeof import("../lib/blas.ts") = await import("../lib/blas.ts?again");
      const message = /^Cannot use BLAS: no fast library was found, install OpenBLAS \(apt/;
      assert.throws(startBlas, { message, worthAHint: true });
      assert.deepEqual(tried.slice(0, 3), ["p", "o", ""].map((kind) => `libopenblas${kind}.so.0`));
      // The reference library is slower than WebAssembly.
      assert.ok(!tried.some((name) => /lib(c?blas)\./.test(name)));
      const { library } = startBlas();
      // 0x1000 is RTLD_NODELETE.
      assert.deepEqual(calls, [[`${library}\0`, 0x1002], navigator.hardwareConcurrency]);
    } finally {
      Deno.dlopen = dlopen;
    }
  },
);
