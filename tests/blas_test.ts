/** Which BLAS library is used: the first one that is installed and multiplies right. */

import assert from "node:assert/strict";
// @ts-types="@types/ndarray"
import ndarray from "ndarray";
import { type Blas, findBlas } from "../lib/backends/blas.ts";
import { dotByLoops } from "../lib/backends/ndarrays.ts";
import { NotAvailable } from "../lib/errors.ts";
import { permitted } from "./available.ts";

type Symbols = Record<string, (...args: number[]) => unknown>;

/**
 * The functions of a library. If a type and two transposes are given as wrong, it adds one to the
 * last number of such a product, if each number is a sum of more than 400 terms.
 */
function library(wrong = ""): Symbols {
  const gemm = (type: string) => (...args: unknown[]) => {
    const [, transposeA, transposeB, rows, columns, depth] = args as number[];
    const factor = (i: number, transpose: number, shape: number[]) => {
      const [data, row] = args.slice(i) as [Float64Array<ArrayBuffer>, number];
      return ndarray(data, shape, transpose === 111 ? [row, 1] : [1, row]);
    };
    const a = factor(7, transposeA, [rows, depth]);
    const b = factor(9, transposeB, [depth, columns]);
    const result = args[12] as Float64Array;
    result.set(dotByLoops(a, b).data);
    const isWrong = wrong === `${type} ${transposeA} ${transposeB}` && depth > 400;
    if (isWrong) result[result.length - 1]++;
  };
  return { cblas_sgemm: gemm("float32"), cblas_dgemm: gemm("float64") };
}

const NO_FILE = "cannot open shared object file: No such file or directory";
const NO_MODULE = "The specified module could not be found. (os error 126)";

/** Looks for BLAS where only these libraries are installed, of which some can't be opened. */
function findAmong(
  libraries: Record<string, Symbols | Error>,
  os: typeof Deno.build.os = "linux",
): Blas | NotAvailable {
  const dlopen = (name: string) => {
    const reason = os === "windows" ? NO_MODULE : `${name}: ${NO_FILE}`;
    const found = libraries[name] ?? new Error(`Could not open library: ${reason}`);
    if (found instanceof Error) throw found;
    return { symbols: found };
  };
  return findBlas(dlopen as unknown as typeof Deno.dlopen, os);
}

function assertFound(result: Blas | NotAvailable, library: string, hints: string[] = []) {
  assert.ok(!(result instanceof NotAvailable), String(result));
  assert.deepEqual([result.library, result.hints], [library, hints]);
}

function assertNotFound(result: Blas | NotAvailable, why: string) {
  assert.ok(result instanceof NotAvailable);
  assert.deepEqual([result.message, result.worthAHint], [`Cannot use BLAS: ${why}`, true]);
}

const REMEDY = ", install OpenBLAS (apt install libopenblas0, dnf install openblas-threads)";

/** The libraries of a system, in the order in which they are tried, and how to get one. */
const SYSTEMS = {
  linux: {
    names: [
      "libopenblasp.so.0",
      "libopenblaso.so.0",
      "libopenblas.so.0",
      "libopenblas.so.3",
      "libblisp.so.4",
      "libbliso.so.4",
      "libblis.so.4",
      "libmkl_rt.so.3",
      "libmkl_rt.so.2",
    ],
    remedy: REMEDY,
  },
  windows: {
    names: ["libopenblas.dll", "openblas.dll", "mkl_rt.3.dll", "mkl_rt.2.dll"],
    remedy: ", put OpenBLAS's libopenblas.dll on the PATH",
  },
  darwin: { names: ["/System/Library/Frameworks/Accelerate.framework/Accelerate"], remedy: "" },
  freebsd: { names: [], remedy: "" },
};

/** The other files of MKL, of which one can't be opened without the others. */
const PARTS_OF_MKL = {
  "libmkl_core.so.2": {},
  "libmkl_core.so.3": {},
  "libmkl_intel_thread.so.2": new Error("undefined symbol: mkl_blas_cgemm_blk_info_bdz"),
  "libmkl_intel_thread.so.3": new Error("undefined symbol: mkl_blas_cgemm_blk_info_bdz"),
  "libiomp5.so": {},
  "mkl_core.2.dll": {},
  "mkl_core.3.dll": {},
  "mkl_intel_thread.2.dll": {},
  "mkl_intel_thread.3.dll": {},
  "libiomp5md.dll": {},
};

Deno.test("findBlas() takes the first tuned library of a system, and not the reference one", () => {
  for (const [name, { names, remedy }] of Object.entries(SYSTEMS)) {
    const os = name as typeof Deno.build.os;
    const none = findAmong({ "libblas.so.3": library() }, os);
    assertNotFound(none, `no fast library was found${remedy}`);
    for (const [i, first] of names.entries()) {
      const installed = names.slice(i).map((name) => [name, library()]);
      const libraries = { ...Object.fromEntries(installed), ...PARTS_OF_MKL };
      assertFound(findAmong(libraries, os), first);
    }
  }
});

Deno.test("findBlas() passes over libraries that multiply wrongly, and says so", () => {
  const wrong = "it multiplies wrongly on this machine";
  for (const type of ["float32", "float64"]) {
    for (const transposes of ["111 111", "112 111", "111 112", "112 112"]) {
      const broken = { "libopenblas.so.0": library(`${type} ${transposes}`) };
      const hint = `Passed over libopenblas.so.0: ${wrong}`;
      assertFound(findAmong({ ...broken, "libblis.so.4": library() }), "libblis.so.4", [hint]);
    }
  }
  const missing = `libgfortran.so.5: ${NO_FILE}`;
  const result = findAmong({
    "libopenblasp.so.0": library("float32 111 111"),
    "libopenblas.so.0": new Error(`Could not open library: Could not open library: ${missing}`),
  });
  const reasons = [
    `libopenblasp.so.0: ${wrong}`,
    `libopenblas.so.0: ${missing}`,
    `no fast library was found${REMEDY}`,
  ];
  assertNotFound(result, reasons.join("; "));
});

// A pointer needs a permission.
const ignore = !permitted("ffi");

Deno.test({ name: "blas: no library multiplies that would end the process", ignore }, () => {
  const deadly = {
    cblas_sgemm: () => assert.fail("a product"),
    cblas_dgemm: () => assert.fail("a product"),
  };
  const config = new TextEncoder().encode("OpenBLAS 0.3.21 NO_LAPACKE USE64BITINT DYNAMIC_ARCH\0");
  const result = findAmong({
    "libopenblas.so.0": {
      ...deadly,
      openblas_get_config: () => Deno.UnsafePointer.of(config),
    },
    "libblis.so.4": { ...deadly, bli_info_get_blas_int_type_size: () => 64 },
    "libmkl_rt.so.3": deadly,
    "libmkl_core.so.3": {},
    "libmkl_rt.so.2": deadly,
  });
  const reasons = [
    "libopenblas.so.0: it takes 64-bit integers",
    "libblis.so.4: it takes 64-bit integers",
    "libmkl_rt.so.3: libmkl_intel_thread.so.3 is missing",
    "libmkl_rt.so.2: libmkl_core.so.2 is missing",
    `no fast library was found${REMEDY}`,
  ];
  assertNotFound(result, reasons.join("; "));
});

Deno.test("findBlas() gives OpenBLAS a thread a processor at most", () => {
  const set: number[] = [];
  for (const threads of [1, 1000]) {
    const functions = {
      openblas_get_num_threads: () => threads,
      openblas_set_num_threads: (threads: number) => set.push(threads),
    };
    findAmong({ "libopenblas.so.0": { ...library(), ...functions } });
  }
  assert.deepEqual(set, [1, navigator.hardwareConcurrency]);
});
