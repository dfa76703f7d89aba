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
  linux: [
    "libopenblas.so.0",
    "libopenblas.so",
    "libblis.so.4",
    "libblis.so",
    "libmkl_rt.so.2",
    "libmkl_rt.so",
    "libcblas.so.3",
    "libblas.so.3",
  ],
  windows: ["libopenblas.dll", "openblas.dll", "mkl_rt.2.dll"],
};

/** How to get one. */
const INSTALL: Partial<Record<typeof Deno.build.os, string>> = {
  darwin: "brew install openblas",
  linux: "apt install libopenblas0",
  windows: "putting libopenblas.dll on the PATH",
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
  // result = alpha a b + beta result, in float32 and in float64
  cblas_sgemm: gemm("f32"),
  cblas_dgemm: gemm("f64"),
} as const satisfies Deno.ForeignLibraryInterface;

const ROW_MAJOR = 101;
const NO_TRANSPOSE = 111;
const TRANSPOSE = 112;
const MAX_INT32 = 2 ** 31 - 1;

type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

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
   * `b` (depth, columns), all three in float32 or all three in float64.
   *
   * @throws {RangeError} If an array is of another type or too short, if a size is
   *   not from 1 to 2^31 - 1, or if `result` shares memory with `a` or `b`.
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

/** Every library that was opened. None is closed: threads of its own may still run in it. */
const opened = new Map<string, Blas>();

/**
 * Opens the first of the libraries that is installed. Never prompts.
 *
 * @param names The libraries to try; those of this system, if left out.
 * @throws {Deno.errors.NotSupported} If FFI is not permitted, or none is found.
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
  const advice = INSTALL[Deno.build.os] ?? "installing OpenBLAS";
  throw new NotAvailable("BLAS", "no library found", `try ${advice}`);
}

/** Puts the checks that keep native code inside its arrays before a library. */
function wrap(library: string, { symbols }: Deno.DynamicLibrary<typeof SYMBOLS>): Blas {
  return {
    library,
    gemm({ rows, depth, columns }, a, b, result) {
      const type = typeOf(result);
      const out = { data: result, leadingDimension: columns, transposed: false };
      const left = checkOperand(a, rows, depth, type);
      const right = checkOperand(b, depth, columns, type);
      checkOperand(out, rows, columns, type);
      if (overlaps(result, left.data) || overlaps(result, right.data)) {
        throw new RangeError("Cannot multiply matrices: the result shares memory with them");
      }
      // deno-fmt-ignore
      symbols[type === "Float32Array" ? "cblas_sgemm" : "cblas_dgemm"](
        ROW_MAJOR, left.transpose, right.transpose,
        rows, columns, depth,
        1, left.data, left.leadingDimension, right.data, right.leadingDimension,
        0, result, columns,
      );
    },
    axpy(alpha, x, y) {
      const areFloat64 = typeOf(x) === "Float64Array" && typeOf(y) === "Float64Array";
      const length = areFloat64 && lengthOf(x) === lengthOf(y) ? lengthOf(x) : Infinity;
      if (length > MAX_INT32) {
        throw new RangeError("Cannot add matrices: they are not two of float64 and one length");
      }
      symbols.cblas_daxpy(length, alpha, x, 1, y, 1);
    },
  };
}

/** What the language itself knows of a typed array, whatever properties it was given. */
const builtIn = (name: PropertyKey) => {
  const prototype = Object.getPrototypeOf(Float64Array.prototype);
  const { get } = Object.getOwnPropertyDescriptor(prototype, name)!;
  return (value: unknown) => get!.call(value);
};

const typeOf: (value: unknown) => string | undefined = builtIn(Symbol.toStringTag);
const lengthOf: (array: Floats) => number = builtIn("length");
const byteLengthOf: (array: Floats) => number = builtIn("byteLength");
const byteOffsetOf: (array: Floats) => number = builtIn("byteOffset");
const bufferOf: (array: Floats) => ArrayBuffer = builtIn("buffer");

/** Whether BLAS can take a number as a size. */
function isSize(size: number): boolean {
  return Number.isInteger(size) && size >= 1 && size <= MAX_INT32;
}

/**
 * Fails if BLAS would read a matrix of shape (rows, columns) outside its array.
 *
 * @returns What was checked: each field is read once.
 */
function checkOperand(
  { data, leadingDimension, transposed }: Operand<Floats>,
  rows: number,
  columns: number,
  type: string | undefined,
) {
  const [lines, length] = transposed ? [columns, rows] : [rows, columns];
  const areSizes = isSize(lines) && isSize(length) && isSize(leadingDimension);
  const end = (lines - 1) * leadingDimension + length;
  const isFloats = typeOf(data) === type && (type === "Float32Array" || type === "Float64Array");
  if (!isFloats || !areSizes || leadingDimension < length || end > lengthOf(data)) {
    throw new RangeError(
      `Cannot multiply matrices: one is not ${rows} by ${columns} numbers of ${type}`,
    );
  }
  return { data, leadingDimension, transpose: transposed ? TRANSPOSE : NO_TRANSPOSE };
}

/** Whether two arrays have bytes in common. */
function overlaps(a: Floats, b: Floats): boolean {
  return bufferOf(a) === bufferOf(b) &&
    byteOffsetOf(a) < byteOffsetOf(b) + byteLengthOf(b) &&
    byteOffsetOf(b) < byteOffsetOf(a) + byteLengthOf(a);
}
