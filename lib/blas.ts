/**
 * Matrix arithmetic by the BLAS library of this machine: the code that makes
 * NumPy's `dot` fast, called with no copy of the matrices.
 *
 * @module
 */

// @ts-types="@types/ndarray"
import type { NdArray } from "ndarray";

/** Libraries that export CBLAS, the faster ones first, by the names to look them up by. */
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

const SYMBOLS = {
  // y += alpha x, in float64
  cblas_daxpy: {
    // deno-fmt-ignore
    parameters: [
      "i32", "f64", // numbers, alpha
      "buffer", "i32", "buffer", "i32", // x and y, each with the distance of its numbers
    ],
    result: "void",
  },
  // result = alpha a b + beta result, in float64
  cblas_dgemm: {
    // deno-fmt-ignore
    parameters: [
      "i32", "i32", "i32", // order, transpose a, transpose b
      "i32", "i32", "i32", // rows of a, columns of b, columns of a
      "f64", "buffer", "i32", "buffer", "i32", // alpha, a, b, each with its leading dimension
      "f64", "buffer", "i32", // beta, result with its leading dimension
    ],
    result: "void",
  },
} as const satisfies Deno.ForeignLibraryInterface;

const ROW_MAJOR = 101;
const NO_TRANSPOSE = 111;
const TRANSPOSE = 112;
const MAX_INT32 = 2 ** 31 - 1;

type Library = Deno.DynamicLibrary<typeof SYMBOLS>;

/** Every library that was opened. None is closed: threads of its own may still run in it. */
const opened = new Map<string, Library>();

/** The one in use. */
let library: Library | undefined;

/**
 * Opens the first of the libraries that there is, for {@linkcode multiply}. Never prompts.
 *
 * @param names The libraries to try; those of this system, if left out.
 * @returns The name of the library.
 * @throws {Deno.errors.NotSupported} If FFI is not permitted, or none is found;
 *   no library is open then.
 */
export function openBlas(names: string[] = LIBRARIES[Deno.build.os] ?? []): string {
  closeBlas();
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") {
    throw new Deno.errors.NotSupported("Cannot use BLAS: it needs --allow-ffi");
  }
  for (const name of names) {
    try {
      library = opened.get(name) ?? Deno.dlopen(name, SYMBOLS);
      opened.set(name, library);
      return name;
    } catch {
      // Not installed, or without CBLAS: another one may do.
    }
  }
  const advice = INSTALL[Deno.build.os] ?? "installing OpenBLAS";
  throw new Deno.errors.NotSupported(`Cannot use BLAS: no library found, try ${advice}`);
}

/** Leaves the library, if one is open. */
export function closeBlas() {
  library = undefined;
}

/** A view in the terms of CBLAS. */
interface Operand {
  transpose: typeof NO_TRANSPOSE | typeof TRANSPOSE;
  data: Float64Array<ArrayBuffer>;
  leadingDimension: number;
}

/**
 * Describes a view to CBLAS, which takes rows (or, transposed, columns) that lie
 * one after the other at one distance, the leading dimension.
 *
 * @returns Nothing for any other view.
 * @throws {RangeError} If the view reaches outside its data.
 */
function operand({ data, shape, stride, offset }: NdArray<Float64Array>): Operand | undefined {
  const [rows, columns] = shape as [number, number];
  const [rowStride, columnStride] = stride as [number, number];
  const numbers = [rows, columns, rowStride, columnStride, offset];
  if (!(data instanceof Float64Array) || !numbers.every(Number.isInteger)) return undefined;
  if (rows < 1 || columns < 1) return undefined;

  // The stride of a dimension of length 1 is never used.
  const byRows = (columnStride === 1 || columns === 1) && (rowStride >= columns || rows === 1);
  const byColumns = (rowStride === 1 || rows === 1) && (columnStride >= rows || columns === 1);
  if (!byRows && !byColumns) return undefined;
  const [lines, length, distance] = byRows
    ? [rows, columns, rowStride]
    : [columns, rows, columnStride];
  const leadingDimension = lines === 1 ? length : distance;
  if (Math.max(rows, columns, leadingDimension) > MAX_INT32) return undefined;

  const end = offset + (lines - 1) * leadingDimension + length;
  if (offset < 0 || end > data.length) {
    throw new RangeError("Cannot multiply matrices: a view reaches outside its data");
  }
  return {
    transpose: byRows ? NO_TRANSPOSE : TRANSPOSE,
    data: data.subarray(offset, end) as Float64Array<ArrayBuffer>,
    leadingDimension,
  };
}

/**
 * Sets `result` to the matrix product of `a` (n, k) and `b` (k, m): NumPy's `a.dot(b)`.
 *
 * @param result n m numbers, row by row.
 * @returns Whether it did: not if no library is open, or if BLAS does not take
 *   such views (strides of 2 or backwards, float32, nothing to multiply).
 * @throws {RangeError} If the shapes do not fit, or a view reaches outside its data.
 */
export function multiply(
  a: NdArray<Float64Array>,
  b: NdArray<Float64Array>,
  result: Float64Array<ArrayBuffer>,
): boolean {
  if (!library) return false;
  const [left, right] = [operand(a), operand(b)];
  if (!left || !right) return false;
  const [rows, depth] = a.shape as [number, number];
  const columns = b.shape[1]!;
  if (b.shape[0] !== depth || result.length !== rows * columns) {
    throw new RangeError("Cannot multiply matrices: the shapes do not fit");
  }
  // deno-fmt-ignore
  library.symbols.cblas_dgemm(
    ROW_MAJOR, left.transpose, right.transpose, rows, columns, depth,
    1, left.data, left.leadingDimension, right.data, right.leadingDimension,
    0, result, columns,
  );
  return true;
}

/**
 * Adds `factor` times `b` to `a`, which has the same shape: NumPy's `a += factor * b`
 * without the matrix in between.
 *
 * @returns Whether it did: not if no library is open, or if the rows of either do
 *   not lie one right after the other.
 * @throws {RangeError} If the shapes differ, or a view reaches outside its data.
 */
export function addScaled(
  a: NdArray<Float64Array>,
  factor: number,
  b: NdArray<Float64Array>,
): boolean {
  if (!library) return false;
  const [rows, columns] = a.shape as [number, number];
  if (b.shape[0] !== rows || b.shape[1] !== columns) {
    throw new RangeError("Cannot add matrices: the shapes differ");
  }
  const [to, from] = [operand(a), operand(b)];
  const length = rows * columns;
  if (to?.data.length !== length || from?.data.length !== length || length > MAX_INT32) {
    return false;
  }
  if (to.transpose !== from.transpose) return false;
  library.symbols.cblas_daxpy(length, factor, from.data, 1, to.data, 1);
  return true;
}

/** What `--backend` takes where matrices are multiplied, the default first. */
export const DOT_BACKENDS = ["auto", "blas", "typescript"] as const;

/**
 * Opens BLAS if it is asked for by name, or can be had without asking; else leaves
 * all multiplying to the caller.
 *
 * @returns What the matrices are multiplied by, in words, and why not by BLAS.
 * @throws {Deno.errors.NotSupported} If BLAS is asked for and not available.
 */
export function useDotBackend(name: string): { device: string; passedOver: string[] } {
  closeBlas();
  const passedOver: string[] = [];
  if (name !== "typescript") {
    try {
      return { device: `ndarrays, with BLAS from ${openBlas()}`, passedOver };
    } catch (error) {
      if (!(error instanceof Deno.errors.NotSupported) || name === "blas") throw error;
      passedOver.push(error.message);
    }
  }
  return { device: "ndarrays, with loops in TypeScript", passedOver };
}
