/** What a BLAS library has to pass before it multiplies: some would end the process. @module */

import { firstLine } from "../errors.ts";
import type { Blas, Factor, Symbols } from "./blas.ts";

const MKL_LP64 = 0; // MKL's number for 32-bit integers

/** Why a library can't be used, by what was thrown. */
export function reasonOf(error: unknown): string {
  return firstLine(error).replaceAll("Could not open library: ", "");
}

/** Whether that is because there is no such file. */
export function isMissing(reason: string, file: string): boolean {
  // Windows names no file. Another system may name one that the file needs.
  return reason.includes(file) ? /no such file/i.test(reason) : /not be found/i.test(reason);
}

/** Fails if a file of MKL is missing. MKL would look for it at the first product, and then exit. */
export function checkMkl(library: string, dlopen: typeof Deno.dlopen) {
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
      if (isMissing(reasonOf(error), part)) throw new Error(`${part} is missing`);
    }
  }
}

/** Fails if the library takes 64-bit integers, for it would read 32-bit ones wrongly, or crash. */
export function checkIntegers(symbols: Symbols) {
  symbols.MKL_Set_Interface_Layer?.(MKL_LP64);
  const config = symbols.openblas_get_config?.() ?? null;
  const isLong = config !== null &&
    Deno.UnsafePointerView.getCString(config).includes("USE64BITINT");
  if (isLong || symbols.bli_info_get_blas_int_type_size?.() === 64) {
    throw new Error("it takes 64-bit integers");
  }
}

/**
 * Fails unless products of about the network's sizes are right: those of some builds of OpenBLAS
 * are wrong on processors that are newer than they are. Both factors are a column times a row, so
 * their product is too. All numbers are whole, and so small that float32 adds them up exactly.
 */
export function checkProducts(multiply: Blas["multiply"]) {
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
