/** BLAS: the compiled matrix arithmetic that makes NumPy's `dot` fast, by Deno's FFI. @module */

import { NotAvailable } from "../errors.ts";
import { checkIntegers, checkMkl, checkProducts, isMissing, reasonOf } from "./blas_checks.ts";

/** The libraries of a system that are tuned for its processors, and how to get one. */
const SYSTEMS: Partial<Record<typeof Deno.build.os, { libraries: string[]; remedy: string }>> = {
  darwin: {
    libraries: ["/System/Library/Frameworks/Accelerate.framework/Accelerate"],
    remedy: "",
  },
  linux: {
    libraries: [
      "libopenblasp.so.0", // Fedora's, with threads
      "libopenblaso.so.0", // Fedora's, with OpenMP
      "libopenblas.so.0",
      "libopenblas.so.3", // Alpine's
      "libblisp.so.4", // Fedora's, with threads
      "libbliso.so.4", // Fedora's, with OpenMP
      "libblis.so.4",
      "libmkl_rt.so.3",
      "libmkl_rt.so.2",
    ],
    remedy: ", install OpenBLAS (apt install libopenblas0, dnf install openblas-threads)",
  },
  windows: {
    libraries: ["libopenblas.dll", "openblas.dll", "mkl_rt.3.dll", "mkl_rt.2.dll"],
    remedy: ", put OpenBLAS's libopenblas.dll on the PATH",
  },
};

/** The parameters of `result = alpha a b + beta result`, for numbers of one type. */
const gemm = <Float extends "f32" | "f64">(float: Float) => ({
  // deno-fmt-ignore
  parameters: [
    "i32", "i32", "i32", // order, transpose a, transpose b
    "i32", "i32", "i32", // rows of the result, its columns, numbers to a sum
    float, "buffer", "i32", "buffer", "i32", // alpha, a, b, each with its leading dimension
    float, "buffer", "i32", // beta, result with its leading dimension
  ],
  result: "void",
} as const);

const SYMBOLS = {
  cblas_sgemm: gemm("f32"),
  cblas_dgemm: gemm("f64"),
  openblas_get_config: { parameters: [], result: "pointer", optional: true },
  openblas_get_num_threads: { parameters: [], result: "i32", optional: true },
  openblas_set_num_threads: { parameters: ["i32"], result: "void", optional: true },
  bli_info_get_blas_int_type_size: { parameters: [], result: "i32", optional: true },
  MKL_Set_Interface_Layer: { parameters: ["i32"], result: "i32", optional: true },
} as const satisfies Deno.ForeignLibraryInterface;

/** The functions of a library. */
export type Symbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

const ROW_MAJOR = 101;
const NO_TRANSPOSE = 111;
const TRANSPOSE = 112;

/** The numbers of a product. */
type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** A factor: the numbers of a matrix row by row, or of its transpose. */
export interface Factor {
  data: Floats;
  rows: number;
  columns: number;
  transposed: boolean;
}

/** An open library. */
export interface Blas {
  library: string; // the name that it was found by
  hints: string[]; // which libraries were passed over, and why, a line each
  /**
   * Sets `result`, row by row, to the matrix product of `a` and `b`. C checks nothing: the caller
   * does, that the shapes fit, the arrays are long enough, and all three are of one type.
   */
  multiply(a: Factor, b: Factor, result: Floats): void;
}

let found: Blas | NotAvailable | undefined; // a library that failed is not tried again

/**
 * Opens the first of the libraries that is installed and multiplies right. Never prompts.
 *
 * @throws {NotAvailable} If FFI is not permitted, or there is no such library.
 */
export function startBlas(): Blas {
  const { state, partial } = Deno.permissions.querySync({ name: "ffi" });
  if (state !== "granted") {
    throw new NotAvailable("BLAS", "it needs --allow-ffi (without a path)", true);
  }
  // Where some paths are denied, Deno looks no library up by its name.
  if (partial) throw new NotAvailable("BLAS", "--deny-ffi keeps Deno from finding it", true);
  found ??= findBlas(Deno.dlopen, Deno.build.os);
  if (found instanceof NotAvailable) throw found;
  return found;
}

/** Finds the library that {@linkcode startBlas} opens, on that system, or says why none will do. */
export function findBlas(
  dlopen: typeof Deno.dlopen,
  os: typeof Deno.build.os,
): Blas | NotAvailable {
  const { libraries, remedy } = SYSTEMS[os] ?? { libraries: [], remedy: "" };
  const failures: string[] = [];
  for (const library of libraries) {
    try {
      const { symbols } = dlopen(library, SYMBOLS);
      if (library.includes("mkl_rt")) checkMkl(library, dlopen);
      checkIntegers(symbols);
      limitThreads(symbols);
      const multiply = multiplyBy(symbols);
      checkProducts(multiply);
      const hints = failures.map((failure) => `Passed over ${failure}`);
      return { library, hints, multiply };
    } catch (error) {
      const reason = reasonOf(error);
      if (!isMissing(reason, library)) failures.push(`${library}: ${reason}`);
    }
  }
  const why = [...failures, `no fast library was found${remedy}`].join("; ");
  return new NotAvailable("BLAS", why, true);
}

/** Gives OpenBLAS no more threads than Deno has processors, of which a container may have few. */
function limitThreads(symbols: Symbols) {
  const threads = symbols.openblas_get_num_threads?.() ?? 1;
  symbols.openblas_set_num_threads?.(Math.min(threads, navigator.hardwareConcurrency));
}

function multiplyBy(symbols: Symbols): Blas["multiply"] {
  return (a, b, result) => {
    const isFloat32 = result instanceof Float32Array;
    const multiply = isFloat32 ? symbols.cblas_sgemm : symbols.cblas_dgemm;
    // deno-fmt-ignore
    multiply(
      ROW_MAJOR, a.transposed ? TRANSPOSE : NO_TRANSPOSE, b.transposed ? TRANSPOSE : NO_TRANSPOSE,
      a.rows, b.columns, a.columns,
      1, a.data, a.transposed ? a.rows : a.columns, b.data, b.transposed ? b.rows : b.columns,
      0, result, b.columns,
    );
  };
}
