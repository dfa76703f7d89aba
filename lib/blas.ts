/**
 * The BLAS library of this machine: the compiled matrix arithmetic that makes
 * NumPy's `dot` fast, called through Deno's FFI on the arrays as they are.
 * @module
 */

import { NotAvailable } from "./errors.ts";

/** The libraries of a system that are tuned for its processors, and how to get one. */
const SYSTEMS: Partial<Record<typeof Deno.build.os, [libraries: string[], remedy: string]>> = {
  darwin: [["/System/Library/Frameworks/Accelerate.framework/Accelerate"], ""],
  // Fedora's names for OpenBLAS with threads come before the one that it has without.
  // deno-fmt-ignore
  linux: [
    ["libopenblasp.so.0", "libopenblaso.so.0", "libopenblas.so.0", "libblis.so.4", "libmkl_rt.so.2"],
    ", install OpenBLAS (apt install libopenblas0, dnf install openblas-threads)",
  ],
  windows: [
    ["libopenblas.dll", "openblas.dll", "mkl_rt.2.dll"],
    ", put OpenBLAS's libopenblas.dll on the PATH",
  ],
};

/** The parameters of a matrix product; `float` is the type of its numbers. */
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
  // result = alpha a b + beta result, in float32 and in float64
  cblas_sgemm: gemm("f32"),
  cblas_dgemm: gemm("f64"),
  // OpenBLAS's own
  openblas_get_num_threads: { parameters: [], result: "i32", optional: true },
  openblas_set_num_threads: { parameters: ["i32"], result: "void", optional: true },
  // C's own, which every library finds
  dlopen: { parameters: ["buffer", "i32"], result: "pointer", optional: true },
} as const satisfies Deno.ForeignLibraryInterface;

const [ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE] = [101, 111, 112];

// The flags RTLD_NODELETE and RTLD_NOW of C's dlopen.
const NEVER_UNLOAD: Partial<Record<typeof Deno.build.os, number>> = { linux: 0x1002, darwin: 0x82 };

type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** One side of a matrix product. */
export interface Operand {
  data: Floats; // the numbers of a matrix, row by row
  shape: number[]; // its shape
  transposed: boolean; // whether to multiply by its transpose
}

/** An open library. */
export interface Blas {
  library: string; // the name that it was found by
  /**
   * Sets `result`, row by row, to the matrix product of `a` (rows, depth) and
   * `b` (depth, columns), all three in float32 or all three in float64.
   *
   * @throws {RangeError} If the shapes do not fit, or an array is too short.
   */
  multiply(a: Operand, b: Operand, result: Floats): void;
}

let opened: Blas | undefined;

/**
 * Opens the first of the libraries that is installed. Never prompts.
 *
 * @throws {NotAvailable} If FFI is not permitted, or none is found.
 */
export function startBlas(): Blas {
  // Where only some paths are permitted, Deno looks no library up by its name.
  const { state, partial } = Deno.permissions.querySync({ name: "ffi" });
  if (state !== "granted" || partial) {
    throw new NotAvailable("BLAS", "it needs --allow-ffi (without a path)", true);
  }
  if (opened) return opened;
  const [libraries, remedy] = SYSTEMS[Deno.build.os] ?? [[], ""];
  for (const library of libraries) {
    try {
      return opened = wrap(library, Deno.dlopen(library, SYMBOLS));
    } catch {
      // It is not installed, or has no CBLAS: another one may do.
    }
  }
  throw new NotAvailable("BLAS", `no fast library was found${remedy}`, true);
}

const sizes = ({ shape, transposed }: Operand) => transposed ? shape.toReversed() : shape;

function wrap(library: string, { symbols }: Deno.DynamicLibrary<typeof SYMBOLS>): Blas {
  // Deno closes a library at the end of each file of tests or benchmarks, while threads of
  // the library's own may still run in it.
  const flags = NEVER_UNLOAD[Deno.build.os];
  if (flags) symbols.dlopen?.(new TextEncoder().encode(`${library}\0`), flags);
  // OpenBLAS counts the host's processors, of which a container may have few.
  const threads = symbols.openblas_get_num_threads?.() ?? 1;
  symbols.openblas_set_num_threads?.(Math.min(threads, navigator.hardwareConcurrency));
  return {
    library,
    multiply(a, b, result) {
      const [rows, depth] = sizes(a);
      const [inner, columns] = sizes(b);
      // BLAS would read and write outside the arrays.
      const isInside = depth === inner && a.data.length >= rows * depth &&
        b.data.length >= depth * columns && result.length >= rows * columns;
      if (!isInside) throw new RangeError("Cannot multiply matrices: an array is too short");
      // deno-fmt-ignore
      symbols[result instanceof Float32Array ? "cblas_sgemm" : "cblas_dgemm"](
        ROW_MAJOR, a.transposed ? TRANSPOSE : NO_TRANSPOSE, b.transposed ? TRANSPOSE : NO_TRANSPOSE,
        rows, columns, depth,
        1, a.data, a.shape[1], b.data, b.shape[1],
        0, result, columns,
      );
    },
  };
}
