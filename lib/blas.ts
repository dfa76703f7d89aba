/**
 * The BLAS library of this machine: the compiled matrix arithmetic that makes
 * NumPy's `dot` fast, called through Deno's FFI on the arrays as they are.
 *
 * @module
 */

import { NotAvailable } from "./errors.ts";

/** Libraries that export CBLAS, in the order to try them, by the names to look them up by. */
const LIBRARIES: Partial<Record<typeof Deno.build.os, string[]>> = {
  darwin: [
    "/System/Library/Frameworks/Accelerate.framework/Accelerate",
    "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
    "/usr/local/opt/openblas/lib/libopenblas.dylib",
  ],
  linux: ["libopenblas.so.0", "libblis.so.4", "libmkl_rt.so.2", "libcblas.so.3", "libblas.so.3"],
  windows: ["libopenblas.dll", "openblas.dll", "mkl_rt.2.dll"],
};

/** What to do where there is none; macOS comes with one. */
const REMEDIES: Partial<Record<typeof Deno.build.os, string>> = {
  linux: "try apt install libopenblas0",
  windows: "try putting libopenblas.dll on the PATH",
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
  // y += alpha x, in float64
  cblas_daxpy: {
    parameters: ["i32", "f64", "buffer", "i32", "buffer", "i32"],
    result: "void",
  },
  // C's own, which every library finds
  dlopen: { parameters: ["buffer", "i32"], result: "pointer", optional: true },
  // result = alpha a b + beta result, in float32 and in float64
  cblas_sgemm: gemm("f32"),
  cblas_dgemm: gemm("f64"),
} as const satisfies Deno.ForeignLibraryInterface;

const ROW_MAJOR = 101;
const NO_TRANSPOSE = 111;
const TRANSPOSE = 112;
const MAX_INT32 = 2 ** 31 - 1;

type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
type FloatsConstructor = Float32ArrayConstructor | Float64ArrayConstructor;

/** One side of a matrix product. */
export interface Operand<Numbers extends Floats> {
  /** The matrix, row by row. */
  data: Numbers;
  /** From the start of a row to the start of the next one, in numbers. */
  leadingDimension: number;
  /** Whether the product takes the transpose of the matrix in `data`. */
  transposed: boolean;
}

/** An open library. */
export interface Blas {
  /** The name that it was found by. */
  library: string;
  /**
   * Sets `result`, row by row, to the matrix product of `a` (rows, depth) and
   * `b` (depth, columns), all three in float32 or all three in float64. Where `result`
   * shares memory with them, it is undefined.
   *
   * @throws {RangeError} If an array is of another type or too short, or if a size is
   *   not from 1 to 2^31 - 1.
   */
  gemm<Numbers extends Floats>(
    shape: { rows: number; depth: number; columns: number },
    a: Operand<Numbers>,
    b: Operand<Numbers>,
    result: Numbers,
  ): void;
  /**
   * Adds `alpha` times `x` to `y`, both in float64.
   *
   * @throws {RangeError} If an array is of another type, or the lengths differ.
   */
  axpy(alpha: number, x: Float64Array<ArrayBuffer>, y: Float64Array<ArrayBuffer>): void;
}

/** Every library that was opened. */
const opened = new Map<string, Blas>();

/** The flags RTLD_NODELETE and RTLD_NOW of C's dlopen. */
const NEVER_UNLOAD: Partial<Record<typeof Deno.build.os, number>> = { linux: 0x1002, darwin: 0x82 };

/**
 * Opens the first of the libraries that is installed. Never prompts.
 *
 * @param names The libraries to try; those of this system, if left out.
 * @throws {NotAvailable} If FFI is not permitted, or none is found.
 */
export function openBlas(names: string[] = LIBRARIES[Deno.build.os] ?? []): Blas {
  // Where only some paths are granted, Deno looks no library up by its name.
  const { state, partial } = Deno.permissions.querySync({ name: "ffi" });
  if (state !== "granted" || partial) {
    const without = partial ? ", without --deny-ffi" : "";
    throw new NotAvailable("BLAS", `it needs --allow-ffi${without}`);
  }
  for (const name of names) {
    try {
      const blas = opened.get(name) ?? wrap(name, Deno.dlopen(name, SYMBOLS));
      opened.set(name, blas);
      return blas;
    } catch {
      // Not installed, or without CBLAS: another one may do.
    }
  }
  throw new NotAvailable("BLAS", "no library found", REMEDIES[Deno.build.os]);
}

/** Puts the checks that keep native code inside its arrays before a library. */
function wrap(library: string, { symbols }: Deno.DynamicLibrary<typeof SYMBOLS>): Blas {
  // Deno closes it where a worker ends, a module of tests for example; threads of the
  // library's own may still run in it then.
  const flags = NEVER_UNLOAD[Deno.build.os];
  if (flags) symbols.dlopen?.(new TextEncoder().encode(`${library}\0`), flags);
  return {
    library,
    gemm({ rows, depth, columns }, a, b, result) {
      const type = result instanceof Float32Array ? Float32Array : Float64Array;
      const left = copy(a, type);
      const right = copy(b, type);
      const out = copy({ data: result, leadingDimension: columns, transposed: false }, type);
      // Everything is read by now: no getter runs between these checks and the call.
      check(left, rows, depth);
      check(right, depth, columns);
      check(out, rows, columns);
      // deno-fmt-ignore
      symbols[type === Float32Array ? "cblas_sgemm" : "cblas_dgemm"](
        ROW_MAJOR, left.transpose, right.transpose,
        rows, columns, depth,
        1, left.data, left.leadingDimension, right.data, right.leadingDimension,
        0, out.data, columns,
      );
    },
    axpy(alpha, x, y) {
      const [from, to] = [view(x, Float64Array), view(y, Float64Array)];
      if (from.length !== to.length || from.length > MAX_INT32) {
        throw new RangeError("Cannot add matrices: they are not of one length below 2^31");
      }
      symbols.cblas_daxpy(from.length, alpha, from, 1, to, 1);
    },
  };
}

/**
 * A view of our own of the same numbers: whatever properties the array was given, the
 * length of this one is true.
 */
function view(array: Floats, type: FloatsConstructor): Floats {
  if (!(array instanceof type)) throw new RangeError(`Cannot compute: not a ${type.name}`);
  const { buffer, byteOffset, length } = array;
  return new type(buffer, byteOffset, length);
}

/** An operand with fields of our own, which nobody else can change. */
function copy({ data, leadingDimension, transposed }: Operand<Floats>, type: FloatsConstructor) {
  const transpose = transposed ? TRANSPOSE : NO_TRANSPOSE;
  return { data: view(data, type), leadingDimension, transpose };
}

/** Fails if BLAS would read a matrix of shape (rows, columns) outside its array. */
function check(
  { data, leadingDimension, transpose }: ReturnType<typeof copy>,
  rows: number,
  columns: number,
) {
  const [lines, length] = transpose === TRANSPOSE ? [columns, rows] : [rows, columns];
  const areSizes = [lines, length, leadingDimension].every((size) =>
    Number.isInteger(size) && size >= 1 && size <= MAX_INT32
  );
  const end = (lines - 1) * leadingDimension + length;
  if (!areSizes || leadingDimension < length || end > data.length) {
    throw new RangeError(`Cannot multiply matrices: one is not ${rows} by ${columns} numbers`);
  }
}
