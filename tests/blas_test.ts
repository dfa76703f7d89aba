/** That BLAS computes what it should, and that nothing makes it read outside an array. */

import assert from "node:assert/strict";
// @ts-types="@types/ndarray"
import ndarray, { type NdArray } from "ndarray";
import { addScaled, closeBlas, multiply, openBlas } from "../lib/blas.ts";
import { zeros } from "../ndarray_neural_network.ts";
import { BLAS } from "./available.ts";

const counted = (rows: number, columns: number) =>
  ndarray(Float64Array.from({ length: rows * columns }, (_, i) => i), [rows, columns]);

/** A test that runs with BLAS open, and only where there is one. */
function test(name: string, body: () => void) {
  Deno.test({
    name,
    ignore: !BLAS,
    fn() {
      openBlas();
      try {
        body();
      } finally {
        closeBlas();
      }
    },
  });
}

test("multiply takes rows, columns and slices, without a copy", () => {
  const [a, b] = [counted(2, 3), counted(3, 2)];
  const tall = counted(4, 4).lo(1, 1).hi(3, 2); // 5 6, 9 10, 13 14
  const result = new Float64Array(4);
  assert.equal(multiply(a, b, result), true);
  assert.deepEqual([...result], [10, 13, 28, 40]);
  assert.equal(multiply(b.transpose(1, 0), b, result), true);
  assert.deepEqual([...result], [20, 26, 26, 35]);
  assert.equal(multiply(a, tall, result), true);
  assert.deepEqual([...result], [35, 38, 116, 128]);
  assert.equal(multiply(tall.transpose(1, 0), tall, result), true);
  assert.deepEqual([...result], [275, 302, 302, 332]);
});

test("multiply leaves other views to the caller, and the result as it is", () => {
  const a = counted(2, 2);
  const float32 = ndarray(new Float32Array(4), [2, 2]) as unknown as NdArray<Float64Array>;
  const others = [
    counted(2, 4).step(1, 2),
    a.step(-1, 1),
    a.step(1, -1),
    ndarray(new Float64Array(2), [2, 2], [0, 1]),
    zeros(0, 2),
    zeros(2, 0),
    float32,
    ndarray(new Float64Array(9), [2, 2], [1.5, 1]),
    Object.assign(counted(2, 2), { offset: 0.5 }),
    ndarray(new Float64Array(9), [2, 2], [2 ** 40, 1]),
    ndarray(new Float64Array(9), [2, 2], [NaN, 1]),
  ];
  for (const [i, other] of others.entries()) {
    const result = Float64Array.of(7, 7, 7, 7);
    assert.equal(multiply(other, a, result), false, `view ${i}`);
    assert.equal(multiply(a, other, result), false, `view ${i}`);
    assert.deepEqual([...result], [7, 7, 7, 7]);
  }
});

test("multiply refuses a view that reaches outside its data", () => {
  const whole = counted(2, 2);
  const outside = [
    ndarray(new Float64Array(3), [2, 2]),
    ndarray(new Float64Array(4), [2, 2], [2, 1], 1),
    ndarray(new Float64Array(4), [2, 2], [2, 1], -1),
    ndarray(new Float64Array(4), [2, 2], [3, 1]),
    ndarray(new Float64Array(4), [2, 2], [1, 3]),
    ndarray(new Float64Array(0), [2, 2]),
  ];
  for (const view of outside) {
    for (const [a, b] of [[view, whole], [whole, view]] as const) {
      assert.throws(() => multiply(a, b, new Float64Array(4)), {
        name: "RangeError",
        message: "Cannot multiply matrices: a view reaches outside its data",
      });
    }
  }
  // A buffer that was given away leaves an array of no length behind.
  const gone = counted(2, 2);
  structuredClone(gone.data, { transfer: [gone.data.buffer] });
  assert.throws(() => multiply(gone, whole, new Float64Array(4)), { name: "RangeError" });
});

test("multiply refuses shapes that do not fit, and a result of another size", () => {
  const message = "Cannot multiply matrices: the shapes do not fit";
  for (const [rows, columns, size] of [[2, 3, 6], [3, 3, 5], [3, 3, 7], [3, 3, 0]] as const) {
    assert.throws(() => multiply(counted(2, 3), counted(rows, columns), new Float64Array(size)), {
      name: "RangeError",
      message,
    });
  }
});

test("addScaled adds in place", () => {
  const [a, b] = [counted(2, 3), counted(2, 3)];
  assert.equal(addScaled(a, -0.5, b), true);
  assert.deepEqual([...a.data], [0, 0.5, 1, 1.5, 2, 2.5]);
  assert.deepEqual([...b.data], [0, 1, 2, 3, 4, 5]);
});

test("addScaled leaves views with gaps, or in another order, to the caller", () => {
  const whole = counted(2, 2);
  for (const view of [counted(2, 4).step(1, 2), counted(2, 4).hi(2, 2), whole.transpose(1, 0)]) {
    const a = counted(2, 2);
    assert.equal(addScaled(a, 2, view), false);
    assert.equal(addScaled(view, 2, a), false);
    assert.deepEqual([...a.data], [0, 1, 2, 3]);
  }
});

test("addScaled refuses shapes that differ, and views that reach outside", () => {
  assert.throws(() => addScaled(counted(2, 3), 1, counted(3, 2)), {
    name: "RangeError",
    message: "Cannot add matrices: the shapes differ",
  });
  const outside = ndarray(new Float64Array(3), [2, 2]);
  for (const [a, b] of [[outside, zeros(2, 2)], [zeros(2, 2), outside]] as const) {
    assert.throws(() => addScaled(a, 1, b), { name: "RangeError" });
  }
});

Deno.test("without a library, nothing is computed, and the error says what to install", () => {
  assert.throws(() => openBlas(["libnot_there.so.0"]), {
    name: "NotSupported",
    message: /^Cannot use BLAS: no library found, \S/,
  });
  const result = new Float64Array(4);
  assert.equal(multiply(counted(2, 2), counted(2, 2), result), false);
  assert.equal(addScaled(zeros(2, 2), 1, counted(2, 2)), false);
  assert.deepEqual([...result], [0, 0, 0, 0]);
});

Deno.test({
  name: "a library without CBLAS is passed over",
  ignore: Deno.build.os !== "linux",
  fn() {
    assert.throws(() => openBlas(["libm.so.6"]), { name: "NotSupported" });
  },
});
