/** Which BLAS library is used, and that it computes right. */

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

  testIf(BLAS !== undefined, `BLAS multiplies ${type.name}s, and fills its result alone`, () => {
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
}

type Symbols = Record<string, (...args: number[]) => unknown>;

/**
 * The functions of a BLAS library; what is wrong in it is the product of that type and those
 * transposes, by one in one number, and only where there are many.
 */
function library(wrong?: [type: string, transposes: string]): Symbols {
  const gemm = (type: string) => (...args: unknown[]) => {
    const [, left, right, rows, columns, depth] = args as number[];
    const [a, aRow, b, bRow] = args.slice(7, 11) as [Float64Array, number, Float64Array, number];
    const [c, cRow] = args.slice(12) as [Float64Array, number];
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let k = 0; k < depth; k++) {
          sum += a[left === 111 ? i * aRow + k : k * aRow + i] *
            b[right === 111 ? k * bRow + j : j * bRow + k];
        }
        c[i * cRow + j] = sum;
      }
    }
    const isWrong = wrong?.join() === `${type},${left === 112} ${right === 112}`;
    if (isWrong && depth > 400) c[c.length - 1]++;
  };
  return { cblas_sgemm: gemm("float32"), cblas_dgemm: gemm("float64") };
}

/** What `startBlas` gives or throws on a system where only these libraries are installed. */
async function startWith(libraries: Record<string, Symbols | Error>, os = "linux") {
  const { build, dlopen } = Deno;
  Object.defineProperty(Deno, "build", { value: { ...build, os }, configurable: true });
  const tried: string[] = [];
  Deno.dlopen = ((name: string) => {
    tried.push(name);
    const reason = os === "windows"
      ? "The specified module could not be found. (os error 126)"
      : `${name}: cannot open shared object file: No such file or directory`;
    const found = libraries[name] ?? new Error(`Could not open library: ${reason}`);
    if (found instanceof Error) throw found;
    return { symbols: found };
  }) as unknown as typeof dlopen;
  try {
    // The module anew, which has opened nothing yet.
    const again = `../lib/blas.ts?${crypto.randomUUID()}`;
    const { startBlas }: typeof import("../lib/blas.ts") = await import(again);
    const { library, hints } = startBlas();
    return { tried, library, hints };
  } catch (error) {
    const { message, worthAHint } = error as Error & { worthAHint?: boolean };
    return { tried, message, worthAHint };
  } finally {
    Deno.dlopen = dlopen;
    Object.defineProperty(Deno, "build", { value: build, configurable: true });
  }
}

const canFind = permitted("the tests of how BLAS is found", "ffi");

// deno-fmt-ignore
const NAMES = [
  "libopenblasp.so.0", "libopenblaso.so.0", "libopenblas.so.0", "libopenblas.so.3",
  "libblisp.so.4", "libbliso.so.4", "libblis.so.4", "libmkl_rt.so.3", "libmkl_rt.so.2",
];
const REMEDY = "install OpenBLAS (apt install libopenblas0, dnf install openblas-threads)";

testIf(canFind, "startBlas() finds each tuned library, not the reference one", async () => {
  assert.deepEqual(await startWith({ "libblas.so.3": library() }), {
    tried: NAMES,
    message: `Cannot use BLAS: no fast library was found, ${REMEDY}`,
    worthAHint: true,
  });
  for (const [i, name] of NAMES.entries()) {
    const found = { tried: NAMES.slice(0, i + 1), library: name, hints: [] };
    assert.deepEqual(await startWith({ [name]: library() }), found);
  }
});

testIf(canFind, "startBlas() passes over libraries that multiply wrongly", async () => {
  const [first, second, third] = [NAMES[1], NAMES[2], NAMES[6]];
  const wrong = "it multiplies wrongly on this machine";
  for (const type of ["float32", "float64"]) {
    for (const transposes of ["false false", "true false", "false true", "true true"]) {
      const libraries = { [first]: library([type, transposes]), [third]: library() };
      const { library: used, hints } = await startWith(libraries);
      assert.deepEqual([used, hints], [third, [`Passed over ${first}: ${wrong}`]]);
    }
  }
  const twice = { [first]: library(["float64", "true true"]), [second]: new Error("broken") };
  const { hints } = await startWith({ ...twice, [third]: library() });
  assert.deepEqual(hints, [`Passed over ${first}: ${wrong}`, `Passed over ${second}: broken`]);
  const missing = "libgfortran.so.5: cannot open shared object file: No such file or directory";
  const { message } = await startWith({
    [first]: library(["float32", "false false"]),
    [second]: new Error(`Could not open library: Could not open library: ${missing}`),
  });
  const reasons = `${first}: ${wrong}; ${second}: ${missing}; no fast library was found`;
  assert.equal(message, `Cannot use BLAS: ${reasons}, ${REMEDY}`);
});

testIf(canFind, "startBlas() gives OpenBLAS a thread a processor at most", async () => {
  const set: number[] = [];
  for (const threads of [1, 1000]) {
    await startWith({
      [NAMES[2]]: {
        ...library(),
        openblas_get_num_threads: () => threads,
        openblas_set_num_threads: (threads) => set.push(threads),
      },
    });
  }
  assert.deepEqual(set, [1, navigator.hardwareConcurrency]);
});

testIf(canFind, "startBlas() looks for the libraries of Windows and macOS", async () => {
  const names = ["libopenblas.dll", "openblas.dll", "mkl_rt.3.dll", "mkl_rt.2.dll"];
  const missing = "Cannot use BLAS: no fast library was found";
  const windows = await startWith({}, "windows");
  const remedy = "put OpenBLAS's libopenblas.dll on the PATH";
  assert.deepEqual([windows.tried, windows.message], [names, `${missing}, ${remedy}`]);
  const accelerate = "/System/Library/Frameworks/Accelerate.framework/Accelerate";
  const darwin = await startWith({}, "darwin");
  assert.deepEqual([darwin.tried, darwin.message], [[accelerate], missing]);
  assert.deepEqual((await startWith({}, "freebsd")).tried, []);
});
