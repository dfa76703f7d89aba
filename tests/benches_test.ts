/** What is timed computes what it should. */

import assert from "node:assert/strict";
import type * as tf from "@tensorflow/tfjs-core";
import { PRODUCTS } from "../images/tables.ts";
import { BENCHMARKS } from "./bench.ts";
import { toRows } from "./convert.ts";
import { OPERATIONS } from "./operations_bench.ts";
import "./products_bench.ts";

Deno.test("the five products of an iteration are the same, whatever multiplies them", async () => {
  let expected: number[] | undefined;
  for (const { name, start } of BENCHMARKS.filter(({ group }) => group === PRODUCTS)) {
    const products = await (await start())() as Parameters<typeof toRows>[0][] | number[][][];
    const numbers = products.flatMap((product) => "data" in product ? toRows(product) : product)
      .flat();
    expected ??= numbers;
    assert.equal(numbers.length, 64 * 100 + 64 * 10 + 100 * 10 + 64 * 100 + 1000 * 100);
    for (const [i, number] of numbers.entries()) {
      assert.ok(Math.abs(number - expected[i]) < 1e-9, `${name}: ${number} is not ${expected[i]}`);
    }
  }
});

Deno.test("the operations compute what they are called", async () => {
  const last = 999_999.5;
  const results = { creation: last, squaring: last ** 2, sine: Math.sin(last), summation: 5e11 };
  for (const [kind, operations] of Object.entries(OPERATIONS)) {
    for (const [operation, expected] of Object.entries(results)) {
      const result = operations[operation]();
      const numbers = kind.startsWith("tensors") ? await (result as tf.Tensor).data() : result;
      const actual = typeof numbers === "number" ? numbers : (numbers as number[]).at(-1)!;
      assert.ok(Math.abs(actual / expected - 1) < 1e-6, `${kind}, ${operation}: ${actual}`);
    }
  }
});
