/** The pages' figures and pictures are those of the measurements, and the benchmarks are right. */

import assert from "node:assert/strict";
import { iteration, PRODUCTS, timeOf, writeFigures } from "../images/figures.ts";
import measured from "../images/measurements.json" with { type: "json" };
import images from "../images/README.md" with { type: "text" };
import README from "../README.md" with { type: "text" };
import { permitted, testIf, useBackend } from "./available.ts";
import { OPERATIONS, type Operations, tensorOperations } from "./operations_bench.ts";
import { PRODUCTS as BENCHES } from "./products_bench.ts";
import { ROOT } from "./run_script.ts";

Deno.test("the tables are those of the measurements", () => {
  for (const page of [README, images]) {
    assert.ok(page === writeFigures(page, measured), "run deno task images");
  }
});

/** How often the second time goes into the first one. */
const ratio = (longer: string, shorter: string, of = iteration()) =>
  timeOf(measured, longer, of) / timeOf(measured, shorter, of);

const [lists, arrays] = ["Python lists", "arrays"].map((kind) =>
  timeOf(measured, `${kind}, i, k, j, rows looked up once`, PRODUCTS)
);

const copied = timeOf(measured, "arrays, copied into WebAssembly and back", PRODUCTS);
const large = iteration(6400);

/** The figures within sentences, and what each rounds. */
const ROUNDED: [words: string, number: number, exact: number][] = [
  ["about 50 times as fast as Python does with lists", 50, ratio("Python lists", "arrays")],
  ["about 8 times as fast as with arrays.", 8, ratio("arrays", "ndarrays")],
  ["about 40 times as fast, and BLAS", 40, ratio("arrays", "ndarrays with BLAS")],
  ["about 11 times as fast as arrays in", 11, ratio("arrays", "tensors in WebAssembly")],
  ["and about 55 times with BLAS. No GPU", 55, ratio("arrays", "tensors with BLAS")],
  ["about 50 times as long as TypeScript", 50, lists / arrays],
  ["about 11 ms an iteration", 11, timeOf(measured, "arrays")],
  ["about 1.4 ms, with", 1.4, timeOf(measured, "ndarrays")],
  ["with BLAS 0.3 ms", 0.3, timeOf(measured, "ndarrays with BLAS")],
  ["about 1 ms, with", 1, timeOf(measured, "tensors in WebAssembly")],
  ["with BLAS 0.2 ms", 0.2, timeOf(measured, "tensors with BLAS")],
  ["0.86 MB", 0.86, measured.memory["arrays of arrays"] / 1e6],
  ["0.80 MB", 0.8, measured.memory["ndarrays, Float64Array"] / 1e6],
  ["0.40 MB", 0.4, measured.memory["tensors, float32"] / 1e6],
  ["3.3 MB", 3.3, measured.memory["Python lists"] / 1e6],
  ["costs about half a millisecond more", 0.5, copied - timeOf(measured, "ndarrays", PRODUCTS)],
  ["a fifth of a millisecond", 0.2, timeOf(measured, "ndarrays with BLAS", PRODUCTS)],
  ["about 60 times as fast as arrays", 60, ratio("arrays", "tensors with BLAS", large)],
  ["about 3 times as fast as ndarrays", 3, ratio("ndarrays with BLAS", "tensors with BLAS", large)],
];

Deno.test("the figures within sentences are at most 15 % from the measurements", () => {
  for (const [words, number, exact] of ROUNDED) {
    assert.ok(README.includes(words), words);
    assert.ok(Math.abs(number / exact - 1) < 0.15, `${words}: ${exact}`);
  }
});

testIf(
  permitted("the test of the pictures", "env", "read"),
  "the pictures are drawn from the measurements",
  async () => {
    // Only here is the charting library loaded.
    const { drawPictures } = await import("../images/draw.ts");
    for (const [file, svg] of Object.entries(drawPictures(measured))) {
      const drawn = await Deno.readTextFile(new URL(`images/${file}`, ROOT));
      assert.ok(drawn === svg, `run deno task images: ${file}`);
    }
  },
);

Deno.test("the five products of an iteration are the same, whatever multiplies", () => {
  const [expected, ...others] = Object.values(BENCHES).map((start) =>
    start()().flatMap((product) => "data" in product ? [...product.data] : product.flat())
  );
  for (const other of others) {
    assert.equal(other.length, expected.length);
    for (const [i, value] of expected.entries()) assert.ok(Math.abs(other[i] - value) < 1e-9);
  }
});

Deno.test("each operation computes what it is called", async () => {
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
