/** That nothing makes BLAS read or write outside an array, and that it computes what it should. */

import assert from "node:assert/strict";
import { type Blas, openBlas } from "../lib/blas.ts";
import { BLAS } from "./available.ts";

/** A test that runs only where there is BLAS. */
function test(name: string, body: (blas: Blas) => void) {
  Deno.test({ name, ignore: !BLAS, fn: () => body(BLAS!) });
}

const shape = { rows: 2, depth: 3, columns: 2 };

for (const type of [Float32Array, Float64Array]) {
  /** A whole matrix of 1, 2, 3, … */
  const counted = (length: number, leadingDimension: number, transposed = false) => ({
    data: Float64Array.from({ length }, (_, i) => i + 1),
    leadingDimension,
    transposed,
  });
  const operand = (...args: Parameters<typeof counted>) => {
    const matrix = counted(...args);
    return { ...matrix, data: new type(matrix.data) as Float64Array<ArrayBuffer> };
  };
  const zeros = (length: number) => new type(length) as Float64Array<ArrayBuffer>;

  test(`${type.name}: gemm takes rows, transposes and slices`, ({ gemm }) => {
    const result = zeros(4);
    gemm(shape, operand(6, 3), operand(6, 2), result);
    assert.deepEqual([...result], [22, 28, 49, 64]);
    gemm(shape, operand(6, 2, true), operand(6, 2), result);
    assert.deepEqual([...result], [35, 44, 44, 56]);
    gemm(shape, operand(6, 3), operand(6, 3, true), result);
    assert.deepEqual([...result], [14, 32, 32, 77]);
    // Rows that are 5 numbers apart: 1 2 3 and 6 7 8.
    gemm(shape, operand(8, 5), operand(6, 2), result);
    assert.deepEqual([...result], [22, 28, 67, 88]);
  });

  test(`${type.name}: gemm leaves the neighbours of the result alone`, ({ gemm }) => {
    const memory = zeros(8).fill(7);
    gemm(shape, operand(6, 3), operand(6, 2), memory.subarray(2, 6) as Float64Array<ArrayBuffer>);
    assert.deepEqual([...memory], [7, 7, 22, 28, 49, 64, 7, 7]);
  });

  test(`${type.name}: gemm refuses arrays that are too short, or of another type`, ({ gemm }) => {
    const other = type === Float32Array ? Float64Array : Float32Array;
    const [a, b] = [operand(6, 3), operand(6, 2)];
    const detached = operand(6, 3);
    structuredClone(detached.data, { transfer: [detached.data.buffer] });
    const wrong = (data: unknown) => ({ ...a, data: data as typeof a.data });
    const short = [
      operand(5, 3),
      operand(6, 4),
      operand(6, 2),
      operand(5, 2, true),
      operand(6, 3, true),
      operand(6, 0),
      operand(6, -3),
      operand(6, 2.5),
      operand(6, NaN),
      operand(6, 2 ** 31),
      detached,
      wrong(new other(6)),
      wrong(new Uint8Array(99)),
      wrong(new ArrayBuffer(99)),
      wrong([1, 2, 3, 4, 5, 6]),
      wrong(null),
    ];
    for (const [i, operand] of short.entries()) {
      const result = zeros(4).fill(7);
      assert.throws(() => gemm(shape, operand, b, result), { name: "RangeError" }, `${i}`);
      const turned = { ...operand, transposed: !operand.transposed };
      const flipped = { rows: 2, depth: 2, columns: 3 };
      const left = { ...a, leadingDimension: 2 };
      const wide = zeros(6).fill(7);
      if (i > 4) assert.throws(() => gemm(flipped, left, turned, wide), { name: "RangeError" });
      assert.deepEqual([...result, ...wide], Array(10).fill(7));
    }
    for (const result of [zeros(3), zeros(0), new other(4), new Uint8Array(32), [0, 0, 0, 0]]) {
      assert.throws(() => gemm(shape, a, b, result as typeof a.data), { name: "RangeError" });
    }
    for (const size of [0, -1, 0.5, NaN, 2 ** 31]) {
      for (const name of ["rows", "depth", "columns"]) {
        const wrongShape = { ...shape, [name]: size };
        assert.throws(() => gemm(wrongShape, a, b, zeros(4)), { name: "RangeError" });
      }
    }
  });

  test(`${type.name}: gemm refuses a result in the memory of its arguments`, ({ gemm }) => {
    const message = "Cannot multiply matrices: the result shares memory with them";
    const [a, b] = [operand(10, 3), operand(6, 2)];
    const whole = a.data;
    for (const [start, end] of [[0, 4], [5, 9]]) {
      const result = whole.subarray(start, end) as Float64Array<ArrayBuffer>;
      const left = { ...a, data: whole.subarray(0, 6) as Float64Array<ArrayBuffer> };
      assert.throws(() => gemm(shape, left, b, result), { name: "RangeError", message });
      const asRight = { ...left, leadingDimension: 2 };
      assert.throws(() => gemm(shape, operand(6, 3), asRight, result), {
        name: "RangeError",
        message,
      });
    }
    // Beside them is right.
    const left = { ...a, data: whole.subarray(0, 6) as Float64Array<ArrayBuffer> };
    const beside = whole.subarray(6, 10) as Float64Array<ArrayBuffer>;
    gemm(shape, left, b, beside);
    assert.deepEqual([...beside], [22, 28, 49, 64]);
  });
}

test("axpy adds in place", ({ axpy }) => {
  const [x, y] = [Float64Array.of(0, 1, 2), Float64Array.of(3, 4, 5)];
  axpy(-0.5, x, y);
  assert.deepEqual([[...x], [...y]], [[0, 1, 2], [3, 3.5, 4]]);
  axpy(2, new Float64Array(0), new Float64Array(0));
});

test("axpy refuses other types and lengths", ({ axpy }) => {
  const y = Float64Array.of(1, 2, 3);
  for (const x of [new Float64Array(2), new Float64Array(4), new Float32Array(3), [1, 2, 3]]) {
    for (
      const pair of [[x, y], [y, x]] as [Float64Array<ArrayBuffer>, Float64Array<ArrayBuffer>][]
    ) {
      assert.throws(() => axpy(1, ...pair), { name: "RangeError" });
    }
  }
  assert.deepEqual([...y], [1, 2, 3]);
});

test("nothing that an object says of itself is believed", ({ gemm, axpy }) => {
  const matrix = () => Float64Array.of(1, 2, 3, 4, 5, 6);
  const far = { value: 2 ** 28 };
  const lying = Object.defineProperties(matrix(), { length: far, byteLength: far });
  const one = { data: matrix(), leadingDimension: 3, transposed: false };
  const refused = { name: "RangeError" };
  const large = { rows: 2 ** 14, depth: 3, columns: 2 };
  assert.throws(
    () =>
      gemm(
        large,
        { ...one, data: lying },
        { ...one, leadingDimension: 2 },
        new Float64Array(2 ** 15),
      ),
    refused,
  );
  assert.throws(
    () =>
      gemm(
        shape,
        one,
        { ...one, leadingDimension: 2 },
        Object.defineProperty(new Float64Array(3), "length", far),
      ),
    refused,
  );
  assert.throws(
    () => axpy(1, lying, Object.defineProperty(new Float64Array(9), "length", far)),
    refused,
  );
  assert.throws(
    () =>
      gemm(
        shape,
        { ...one, data: Object.create(Float64Array.prototype) },
        one,
        new Float64Array(4),
      ),
    refused,
  );

  // Another value at every look: the one that was checked is the one that is used.
  let looks = 0;
  const changing = {
    ...one,
    get leadingDimension() {
      return looks++ === 0 ? 3 : 2 ** 30;
    },
  };
  const result = new Float64Array(4);
  gemm(shape, changing, { ...one, leadingDimension: 2 }, result);
  assert.deepEqual([...result, looks], [22, 28, 49, 64, 1]);
});

test("OpenBLAS is tried before the reference, and a library is opened once", (blas) => {
  assert.equal(openBlas(), blas);
  const { dlopen } = Deno;
  const tried: string[] = [];
  Deno.dlopen = ((name: string) => {
    tried.push(name);
    throw new Error("not here");
  }) as typeof dlopen;
  try {
    assert.equal(openBlas(), blas);
    assert.throws(() => openBlas(["libnot_there.so.0", "libnot_there.so.1"]), {
      name: "NotAvailable",
      message: /^Cannot use BLAS: no library found, try \S/,
    });
  } finally {
    Deno.dlopen = dlopen;
  }
  assert.deepEqual(tried, ["libnot_there.so.0", "libnot_there.so.1"]);
  if (Deno.build.os === "linux") {
    assert.equal(blas.library, "libopenblas.so.0");
    // A library without CBLAS is passed over.
    assert.throws(() => openBlas(["libm.so.6"]), { name: "NotAvailable" });
  }
});
