/** What is timed computes what it should. */

import assert from "node:assert/strict";
import { useBackend } from "./available.ts";
import { OPERATIONS, type Operations, tensorOperations } from "./operations_bench.ts";
import { PRODUCTS } from "./products_bench.ts";

Deno.test("the five products of an iteration are the same, whatever multiplies them", () => {
  const [expected, ...others] = Object.values(PRODUCTS).map((start) =>
    start()().flatMap((product) => "data" in product ? [...product.data] : product.flat())
  );
  for (const other of others) {
    assert.equal(other.length, expected.length);
    for (const [i, value] of expected.entries()) assert.ok(Math.abs(other[i] - value) < 1e-9);
  }
});

Deno.test("the operations compute what they are called", async () => {
  await useBackend("wasm");
  const last = 999_999.5;
  const results = { creation: last, squaring: last ** 2, sine: Math.sin(last), summation: 5e11 };
  for (const [operation, expected] of Object.entries(results)) {
    for (const kind of [...Object.values(OPERATIONS), tensorOperations()]) {
      const result = await kind[operation as keyof Operations]();
      const actual = typeof result === "number" ? result : (result as number[]).at(-1)!;
      assert.ok(Math.abs(actual / expected - 1) < 1e-6, `${operation}: ${actual}`);
    }
  }
});
