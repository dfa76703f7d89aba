/** BLAS: the compiled matrix arithmetic that makes NumPy's `dot` fast, by Deno's FFI. @module */

import { firstLine, NotAvailable } from "./errors.ts";

/** The libraries of a system that are tuned for its processors, and how to get one. */
// deno-fmt-ignore
const SYSTEMS: Partial<Record<typeof Deno.build.os, { libraries: string[]; remedy: string }>> = {
  darwin: { libraries: ["/System/Library/Frameworks/Accelerate.framework/Accelerate"], remedy: "" },
  linux: {
    // Fedora has OpenBLAS and BLIS with threads under names of their own, which come before the
    // name without threads. The last name of OpenBLAS is Alpine's.
    libraries: [
      "libopenblasp.so.0", "libopenblaso.so.0", "libopenblas.so.0", "libopenblas.so.3",
      "libblisp.so.4", "libbliso.so.4", "libblis.so.4", "libmkl_rt.so.3", "libmkl_rt.so.2",
    ],
    remedy: ", install OpenBLAS (apt install libopenblas0, dnf install openblas-threads)",
  },
  windows: {
    libraries: ["libopenblas.dll", "openblas.dll", "mkl_rt.3.dll", "mkl_rt.2.dll"],
    remedy: ", put OpenBLAS's libopenblas.dll on the PATH",
  },
};

/** The parameters of a matrix product of such numbers. */
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
  cblas_sgemm: gemm("f32"), // result = alpha a b + beta result
  cblas_dgemm: gemm("f64"),
  // Only OpenBLAS has these.
  openblas_get_num_threads: { parameters: [], result: "i32", optional: true },
  openblas_set_num_threads: { parameters: ["i32"], result: "void", optional: true },
} as const satisfies Deno.ForeignLibraryInterface;

const [ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE] = [101, 111, 112];

type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** One side of a matrix product: the numbers of a matrix row by row, or of its transpose. */
export type Operand = { data: Floats; shape: number[]; transposed: boolean };

/** An open library. */
export interface Blas {
  library: string; // the name that it was found by
  hints: string[]; // which libraries were passed over, and why; a line each
  /**
   * Sets `result`, row by row, to the matrix product of `a` (rows, depth) and `b` (depth,
   * columns). C checks nothing: the caller does, that the shapes fit, that the arrays are as long
   * as they say, and that all three are of one type.
   */
  multiply(a: Operand, b: Operand, result: Floats): void;
}

let opened: Blas | undefined;

/**
 * Opens the first of the libraries that is installed and multiplies right. Never prompts.
 * @throws {NotAvailable} If FFI is not permitted, or there is no such library.
 */
export function startBlas(): Blas {
  // Where only some paths are permitted, Deno looks no library up by its name.
  const { state, partial } = Deno.permissions.querySync({ name: "ffi" });
  if (state !== "granted" || partial) {
    throw new NotAvailable("BLAS", "it needs --allow-ffi (without a path)", true);
  }
  if (opened) return opened;
  const { libraries = [], remedy = "" } = SYSTEMS[Deno.build.os] ?? {};
  const failures: string[] = [];
  for (const library of libraries) {
    try {
      const multiply = multiplyBy(Deno.dlopen(library, SYMBOLS).symbols);
      checkProducts(multiply);
      const hints = failures.map((failure) => `Passed over ${failure}`);
      return opened = { library, hints, multiply };
    } catch (error) {
      const reason = firstLine(error).replaceAll("Could not open library: ", "");
      // Windows names no file. Another system may name one that the library needs.
      const missing = reason.includes(library) ? /no such file/i : /not be found/i;
      if (!missing.test(reason)) failures.push(`${library}: ${reason}`);
    }
  }
  const reasons = [...failures, `no fast library was found${remedy}`].join("; ");
  throw new NotAvailable("BLAS", reasons, true);
}

/** The numbers 1, 2 and 3 in turn, with some left out. */
const vector = (length: number) => new Int32Array(length).map((_, i) => 1 + (i + (i >> 2)) % 3);

/** The matrix of `column`, whose numbers are 1, 2 or 3, times `row`. */
function outerProduct(column: Int32Array, row: Int32Array): Int32Array {
  const multiples = [0, 1, 2, 3].map((factor) => row.map((number) => factor * number));
  const product = new Int32Array(column.length * row.length);
  for (let i = 0; i < column.length; i++) product.set(multiples[column[i]], i * row.length);
  return product;
}

/**
 * Fails unless products of about the network's sizes are right: those of some builds of OpenBLAS
 * are wrong on processors that are newer than they are. Both factors are a column times a row, so
 * their product is too. All numbers are whole, and so small that float32 adds them up exactly.
 */
function checkProducts(multiply: Blas["multiply"]) {
  const [u, v, w] = [64, 500, 100].map(vector);
  const sum = v.reduce((sum, number) => sum + number * number, 0);
  const expected = outerProduct(u, w.map((number) => sum * number));
  for (const type of [Float32Array, Float64Array]) {
    const operand = (column: Int32Array, row: Int32Array, transposed: boolean) => {
      const data = new type(outerProduct(column, row));
      return { data, shape: [column.length, row.length], transposed };
    };
    const right = [operand(v, w, false), operand(w, v, true)];
    for (const a of [operand(u, v, false), operand(v, u, true)]) {
      for (const b of right) {
        const product = new type(expected.length);
        multiply(a, b, product);
        const isWrong = new Int32Array(product).some((number, i) => number !== expected[i]);
        if (isWrong) throw new Error("it multiplies wrongly on this machine");
      }
    }
  }
}

function multiplyBy(symbols: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"]): Blas["multiply"] {
  // OpenBLAS counts the host's processors, of which a container may have few.
  const threads = symbols.openblas_get_num_threads?.() ?? 1;
  symbols.openblas_set_num_threads?.(Math.min(threads, navigator.hardwareConcurrency));
  return (a, b, result) => {
    const [rows, depth] = a.transposed ? a.shape.toReversed() : a.shape;
    const columns = b.shape[b.transposed ? 0 : 1];
    // deno-fmt-ignore
    symbols[result instanceof Float32Array ? "cblas_sgemm" : "cblas_dgemm"](
      ROW_MAJOR, a.transposed ? TRANSPOSE : NO_TRANSPOSE, b.transposed ? TRANSPOSE : NO_TRANSPOSE,
      rows, columns, depth,
      1, a.data, a.shape[1], b.data, b.shape[1],
      0, result, columns,
    );
  };
}
