/** Which BLAS library is used: the first one that is installed and multiplies right. */

import assert from "node:assert/strict";
// @ts-types="@types/ndarray"
import ndarray from "ndarray";
import { NDARRAY_BACKENDS } from "../lib/ndarrays.ts";
import { permitted, testIf } from "./available.ts";

const { dot } = NDARRAY_BACKENDS.typescript();

type Symbols = Record<string, (...args: number[]) => unknown>;

/**
 * The functions of a BLAS library. If a type and two transposes are given as wrong, it adds one to
 * one number of such products, if each number is a sum of more than 400 terms.
 */
function library(wrong = ""): Symbols {
  const gemm = (type: string) => (...args: unknown[]) => {
    const [, left, right, rows, columns, depth] = args as number[];
    const side = (i: number, transpose: number, shape: number[]) => {
      const [data, row] = args.slice(i) as [Float64Array<ArrayBuffer>, number];
      return ndarray(data, shape, transpose === 111 ? [row, 1] : [1, row]);
    };
    const product = dot(side(7, left, [rows, depth]), side(9, right, [depth, columns]));
    const result = args[12] as Float64Array;
    result.set(product.data);
    if (wrong === `${type} ${left} ${right}` && depth > 400) result[result.length - 1]++;
  };
  return { cblas_sgemm: gemm("float32"), cblas_dgemm: gemm("float64") };
}

const NOT_FOUND = "cannot open shared object file: No such file or directory";

/** What `startBlas` tries, and gives or throws, where only these libraries are installed. */
async function startWith(libraries: Record<string, Symbols | Error>, os = "linux") {
  const { build, dlopen } = Deno;
  Object.defineProperty(Deno, "build", { value: { ...build, os }, configurable: true });
  const tried: string[] = [];
  Deno.dlopen = ((name: string) => {
    tried.push(name);
    const onWindows = "The specified module could not be found. (os error 126)";
    const reason = os === "windows" ? onWindows : `${name}: ${NOT_FOUND}`;
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
const test = (name: string, fn: () => Promise<void>) => testIf(canFind, name, fn);

const LINUX = [
  ...["libopenblasp.so.0", "libopenblaso.so.0", "libopenblas.so.0", "libopenblas.so.3"],
  ...["libblisp.so.4", "libbliso.so.4", "libblis.so.4", "libmkl_rt.so.3", "libmkl_rt.so.2"],
];
const REMEDY = ", install OpenBLAS (apt install libopenblas0, dnf install openblas-threads)";
const WINDOWS = ["libopenblas.dll", "openblas.dll", "mkl_rt.3.dll", "mkl_rt.2.dll"];

test("startBlas() finds each tuned library of a system, and not the reference one", async () => {
  const systems: [os: string, names: string[], remedy: string][] = [
    ["linux", LINUX, REMEDY],
    ["windows", WINDOWS, ", put OpenBLAS's libopenblas.dll on the PATH"],
    ["darwin", ["/System/Library/Frameworks/Accelerate.framework/Accelerate"], ""],
    ["freebsd", [], ""],
  ];
  for (const [os, tried, remedy] of systems) {
    const message = `Cannot use BLAS: no fast library was found${remedy}`;
    const without = await startWith({ "libblas.so.3": library() }, os);
    assert.deepEqual(without, { tried, message, worthAHint: true });
    for (const [i, name] of tried.entries()) {
      const found = await startWith({ [name]: library() }, os);
      assert.deepEqual(found, { tried: tried.slice(0, i + 1), library: name, hints: [] });
    }
  }
});

test("startBlas() passes over libraries that multiply wrongly, and says so", async () => {
  const [first, second, , , , , third] = LINUX;
  const wrong = "it multiplies wrongly on this machine";
  for (const type of ["float32", "float64"]) {
    for (const transposes of ["111 111", "112 111", "111 112", "112 112"]) {
      const libraries = { [first]: library(`${type} ${transposes}`), [third]: library() };
      const { library: used, hints } = await startWith(libraries);
      assert.deepEqual([used, hints], [third, [`Passed over ${first}: ${wrong}`]]);
    }
  }
  const missing = `libgfortran.so.5: ${NOT_FOUND}`;
  const { message } = await startWith({
    [first]: library("float32 111 111"),
    [second]: new Error(`Could not open library: Could not open library: ${missing}`),
  });
  const reasons = `${first}: ${wrong}; ${second}: ${missing}; no fast library was found`;
  assert.equal(message, `Cannot use BLAS: ${reasons}${REMEDY}`);
});

test("startBlas() gives OpenBLAS a thread a processor at most", async () => {
  const set: number[] = [];
  for (const threads of [1, 1000]) {
    const functions = {
      openblas_get_num_threads: () => threads,
      openblas_set_num_threads: (threads: number) => set.push(threads),
    };
    await startWith({ "libopenblas.so.0": { ...library(), ...functions } });
  }
  assert.deepEqual(set, [1, navigator.hardwareConcurrency]);
});
