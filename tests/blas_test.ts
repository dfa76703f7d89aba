/** That nothing makes BLAS read or write outside an array, and that it computes what it should. */

import assert from "node:assert/strict";
import { type Blas, openBlas, type Operand } from "../lib/blas.ts";
import { BLAS } from "./available.ts";

/** A test that runs only where there is BLAS. */
function test(name: string, body: (blas: Blas) => void | Promise<void>) {
  Deno.test({ name, ignore: !BLAS, fn: () => body(BLAS!) });
}

type Numbers = Float64Array<ArrayBuffer>;
const refused = { name: "RangeError", message: /^Cannot (multiply|add|compute)/ };
const shape = { rows: 2, depth: 3, columns: 2 };

for (const type of [Float32Array, Float64Array]) {
  const zeros = (length: number) => new type(length) as Numbers;
  /** So many numbers, 1, 2, 3, …, as one side of a product. */
  const counted = (length: number, leadingDimension: number, transposed = false) => ({
    data: zeros(length).map((_, i) => i + 1) as Numbers,
    leadingDimension,
    transposed,
  });
  const [a, b] = [counted(6, 3), counted(6, 2)];

  test(`${type.name}: gemm takes rows, transposes and slices, and fills its result alone`, ({ gemm }) => {
    const products: [Operand<Numbers>, Operand<Numbers>, number[]][] = [
      [a, b, [22, 28, 49, 64]],
      [counted(6, 2, true), b, [35, 44, 44, 56]],
      [a, counted(6, 3, true), [14, 32, 32, 77]],
      // Rows that are 5 numbers apart: 1 2 3 and 6 7 8.
      [counted(8, 5), b, [22, 28, 67, 88]],
    ];
    for (const [left, right, expected] of products) {
      const memory = zeros(8).fill(7);
      gemm(shape, left, right, memory.subarray(2, 6) as Numbers);
      assert.deepEqual([...memory], [7, 7, ...expected, 7, 7]);
    }
  });

  test(`${type.name}: gemm refuses what is too short, or of another type`, ({ gemm }) => {
    const other = type === Float32Array ? Float64Array : Float32Array;
    const wrong = [new other(6), new Uint8Array(99), new ArrayBuffer(99), [1, 2, 3, 4, 5, 6], null]
      .map((data) => ({ ...a, data: data as unknown as Numbers }));
    const short = [
      ...[counted(5, 3), counted(6, 4), counted(6, 2), counted(5, 2, true), counted(6, 3, true)],
      ...[0, -3, 2.5, NaN, 2 ** 31].map((leadingDimension) => ({ ...a, leadingDimension })),
      ...wrong,
    ];
    const result = zeros(6).fill(7);
    for (const [i, operand] of short.entries()) {
      assert.throws(() => gemm(shape, operand, b, result), refused, `${i}`);
      // As the right-hand side of 2 by 2 times 2 by 3, too, where it has no fewer numbers.
      const right = { ...operand, transposed: !operand.transposed };
      if (i > 4) {
        assert.throws(() => gemm({ ...shape, depth: 2, columns: 3 }, b, right, result), refused);
      }
    }
    for (const data of [zeros(3), zeros(0), ...wrong.map(({ data }) => data)]) {
      assert.throws(() => gemm(shape, a, b, data), refused);
    }
    const one = { rows: 1, depth: 1, columns: 1 };
    assert.throws(() => gemm(one, { ...a, leadingDimension: 2 ** 31 }, b, result), refused);
    for (const size of [0, -1, 0.5, NaN, 2 ** 31]) {
      for (const name of Object.keys(shape)) {
        assert.throws(() => gemm({ ...shape, [name]: size }, a, b, result), refused);
      }
    }
    assert.deepEqual([...result], Array(6).fill(7));
  });
}

test("axpy adds in place, and refuses other types and lengths", ({ axpy }) => {
  const [x, y] = [Float64Array.of(0, 1, 2), Float64Array.of(3, 4, 5)];
  axpy(-0.5, x, y);
  axpy(2, new Float64Array(0), new Float64Array(0));
  for (const other of [new Float64Array(2), new Float64Array(4), new Float32Array(3), [1, 2, 3]]) {
    assert.throws(() => axpy(1, other as Numbers, y), refused);
    assert.throws(() => axpy(1, y, other as Numbers), refused);
  }
  assert.deepEqual([[...x], [...y]], [[0, 1, 2], [3, 3.5, 4]]);
});

test("nothing that an object says of itself is believed", ({ gemm, axpy }) => {
  const far = { value: 2 ** 28 };
  const lying = (length: number) =>
    Object.defineProperties(new Float64Array(length), { length: far, byteLength: far });
  const operand = (data: Numbers, leadingDimension = 2) => ({
    data,
    leadingDimension,
    transposed: false,
  });
  const right = operand(Float64Array.of(1, 2, 3, 4, 5, 6));
  const result = () => new Float64Array(2 ** 15);
  const large = { rows: 2 ** 14, depth: 3, columns: 2 };
  assert.throws(() => gemm(large, operand(lying(6), 3), right, result()), RangeError);
  assert.throws(() => gemm(shape, operand(right.data, 3), right, lying(3)), RangeError);
  assert.throws(() => axpy(1, lying(6), lying(9)), RangeError);
  const fake = Object.create(Float64Array.prototype);
  assert.throws(() => gemm(shape, operand(fake, 3), right, result()), TypeError);

  // Another value at every look: the one that was checked is the one that is used.
  let looks = 0;
  const changing = {
    ...operand(right.data),
    get leadingDimension() {
      return looks++ === 0 ? 3 : 2 ** 30;
    },
  };
  const product = new Float64Array(4);
  gemm(shape, changing, right, product);
  assert.deepEqual([...product, looks], [22, 28, 49, 64, 1]);

  // Memory that goes away while the other side is looked at.
  const gone = operand(new Float64Array(6), 3);
  const thief = {
    ...right,
    get data() {
      structuredClone(gone.data, { transfer: [gone.data.buffer] });
      return right.data;
    },
  };
  assert.throws(() => gemm(shape, gone, thief, product), RangeError);
});

test("OpenBLAS is tried before the reference, and a library is opened once", async (blas) => {
  const { dlopen } = Deno;
  const tried: string[] = [];
  Deno.dlopen = ((name: string) => {
    tried.push(name);
    throw new Error("not here");
  }) as typeof dlopen;
  try {
    assert.equal(openBlas(), blas);
    if (Deno.build.os !== "linux") return;
    // The module anew, which has opened nothing yet.
    const module: typeof import("../lib/blas.ts") = await import("../lib/blas.ts?again");
    const message = "Cannot use BLAS: no library found, try apt install libopenblas0";
    assert.throws(() => module.openBlas(), { name: "NotAvailable", message });
  } finally {
    Deno.dlopen = dlopen;
  }
  const others = ["libblis.so.4", "libmkl_rt.so.2", "libcblas.so.3", "libblas.so.3"];
  assert.deepEqual(tried, ["libopenblas.so.0", ...others]);
  assert.equal(blas.library, "libopenblas.so.0");
  // A library without CBLAS is passed over.
  assert.throws(() => openBlas(["libm.so.6"]), { name: "NotAvailable" });
});
