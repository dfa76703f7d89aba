/** BLAS: the compiled matrix arithmetic that makes NumPy's `dot` fast, by Deno's FFI. @module */

import { firstLine, NotAvailable } from "../errors.ts";

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

type Symbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

const ROW_MAJOR = 101;
const NO_TRANSPOSE = 111;
const TRANSPOSE = 112;
const MKL_LP64 = 0;

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
      if (library.includes("mkl_rt")) checkPartsOfMkl(library, dlopen);
      checkIntegers(symbols);
      limitThreads(symbols);
      const multiply = multiplyBy(symbols);
      checkProducts(multiply);
      const hints = failures.map((failure) => `Passed over ${failure}`);
      return { library, hints, multiply };
    } catch (error) {
      const reason = reasonOf(error);
      if (!saysMissing(reason, library)) failures.push(`${library}: ${reason}`);
    }
  }
  const why = [...failures, `no fast library was found${remedy}`].join("; ");
  return new NotAvailable("BLAS", why, true);
}

/** Why a library was not used. */
function reasonOf(error: unknown): string {
  return firstLine(error).replaceAll("Could not open library: ", "");
}

/** Whether that is because there is no such file. */
function saysMissing(reason: string, file: string): boolean {
  // Windows names no file. Another system may name one that the file needs.
  return reason.includes(file) ? /no such file/i.test(reason) : /not be found/i.test(reason);
}

/** Fails if a file of MKL is missing. MKL would look for it at the first product, and then exit. */
function checkPartsOfMkl(library: string, dlopen: typeof Deno.dlopen) {
  const parts = [
    library.replace("mkl_rt", "mkl_core"),
    library.replace("mkl_rt", "mkl_intel_thread"),
    library.endsWith(".dll") ? "libiomp5md.dll" : "libiomp5.so",
  ];
  for (const part of parts) {
    try {
      dlopen(part, {});
    } catch (error) {
      // Alone, a part that is there can't be opened either: it needs the others.
      if (saysMissing(reasonOf(error), part)) throw new Error(`${part} is missing`);
    }
  }
}

/** Fails if the library takes 64-bit integers, for it would read 32-bit ones wrongly, or crash. */
function checkIntegers(symbols: Symbols) {
  symbols.MKL_Set_Interface_Layer?.(MKL_LP64);
  const config = symbols.openblas_get_config?.() ?? null;
  const isLong = config !== null &&
    Deno.UnsafePointerView.getCString(config).includes("USE64BITINT");
  if (isLong || symbols.bli_info_get_blas_int_type_size?.() === 64) {
    throw new Error("it takes 64-bit integers");
  }
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

/**
 * Fails unless products of about the network's sizes are right: those of some builds of OpenBLAS
 * are wrong on processors that are newer than they are. Both factors are a column times a row, so
 * their product is too. All numbers are whole, and so small that float32 adds them up exactly.
 */
function checkProducts(multiply: Blas["multiply"]) {
  const u = smallNumbers(64);
  const v = smallNumbers(500);
  const w = smallNumbers(100);
  const sum = v.reduce((sum, number) => sum + number * number, 0);
  const expected = outerProduct(u, w.map((number) => sum * number));

  for (const type of [Float32Array, Float64Array]) {
    const factors = (column: Int32Array, row: Int32Array): Factor[] => {
      const size = { rows: column.length, columns: row.length };
      return [
        { data: new type(outerProduct(column, row)), ...size, transposed: false },
        { data: new type(outerProduct(row, column)), ...size, transposed: true },
      ];
    };
    for (const a of factors(u, v)) {
      for (const b of factors(v, w)) {
        const product = new type(expected.length);
        multiply(a, b, product);
        const isWrong = new Int32Array(product).some((number, i) => number !== expected[i]);
        if (isWrong) throw new Error("it multiplies wrongly on this machine");
      }
    }
  }
}

/** The numbers 1, 2 and 3 in turn, with some left out. */
function smallNumbers(length: number): Int32Array {
  return new Int32Array(length).map((_, i) => 1 + (i + (i >> 2)) % 3);
}

/** The matrix of `column`, whose numbers are 1, 2 or 3, times `row`. */
function outerProduct(column: Int32Array, row: Int32Array): Int32Array {
  const multiples = [0, 1, 2, 3].map((factor) => row.map((number) => factor * number));
  const product = new Int32Array(column.length * row.length);
  for (let i = 0; i < column.length; i++) product.set(multiples[column[i]], i * row.length);
  return product;
}
