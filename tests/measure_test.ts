/** What `deno task measure` keeps of small outputs made by hand. */

import assert from "node:assert/strict";
import { type Measurements, TRAINERS } from "../images/tables.ts";
import { NotAvailable } from "../lib/errors.ts";
import {
  isHere,
  keep,
  keepBenches,
  keepTimes,
  keepVersions,
  LIBRARIES,
  p75,
  replaceFirst,
} from "./measure.ts";

const nothing = (): Measurements => ({
  date: "",
  machine: "",
  versions: {},
  skipped: [],
  memory: {},
  times: [],
});

Deno.test("keep() keeps the shortest time of a name and group, in six digits", () => {
  const measured = nothing();
  for (const ms of [12.345678901, 13]) keep(measured, "arrays", "an iteration", ms);
  keep(measured, "arrays", "a product", 3);
  for (const ms of [2, 1.5]) keep(measured, "ndarrays", "an iteration", ms);
  assert.deepEqual(measured.times, [
    { name: "arrays", group: "an iteration", ms: 12.3457 },
    { name: "arrays", group: "a product", ms: 3 },
    { name: "ndarrays", group: "an iteration", ms: 1.5 },
  ]);
});

Deno.test("keepBenches() and keepTimes() keep one time of many, in milliseconds", () => {
  const measured = nothing();
  const ok = { n: 9, min: 1e6, max: 9e6, avg: 4e6, p75: 5e6, p99: 8e6, p995: 8e6, p999: 8e6 };
  const benches = [{ name: "arrays", group: "products", results: [{ ok }] }];
  keepBenches(measured, JSON.stringify({ benches }));
  const lines = ["Python lists", "NumPy"].map((name, i) =>
    JSON.stringify({ name, group: "sine", times: [4, 2, 3, 1].map((ms) => ms * (i + 1)) })
  );
  keepTimes(measured, `${lines.join("\n")}\n`, p75);
  assert.deepEqual(measured.times, [
    { name: "arrays", group: "products", ms: 5 },
    { name: "Python lists", group: "sine", ms: 3 },
    { name: "NumPy", group: "sine", ms: 6 },
  ]);
  assert.deepEqual([p75([10, 9, 8, 100]), p75([1, 2, 3, 4, 5])], [10, 4]);
});

Deno.test("keepVersions() keeps what starts, and why the others do not", async () => {
  const measured = nothing();
  await keepVersions(measured, {
    BLAS: () => "libopenblas.so.0",
    TensorFlow: () => Promise.reject(new NotAvailable("tensorflow", "it is not installed")),
  });
  assert.deepEqual(measured.versions, { BLAS: "libopenblas.so.0" });
  assert.deepEqual(measured.skipped, ["tensorflow: it is not installed"]);
});

Deno.test("a GPU in software is not measured", async () => {
  const measured = nothing();
  const { requestAdapter } = navigator.gpu;
  const adapter = { info: { description: "llvmpipe" } } as GPUAdapter;
  navigator.gpu.requestAdapter = () => Promise.resolve(adapter);
  await keepVersions(measured, { WebGPU: LIBRARIES.WebGPU });
  navigator.gpu.requestAdapter = requestAdapter;
  assert.deepEqual(measured.versions, {});
  assert.deepEqual(measured.skipped, ["webgpu: there is only a software adapter, llvmpipe"]);
});

Deno.test("isHere() leaves out what this machine lacks, and replaceFirst() one sitting", () => {
  const here = (versions: Record<string, string>) =>
    Object.keys(TRAINERS).filter((name) => isHere(name, versions));
  const always = ["arrays", "ndarrays in WebAssembly", "ndarrays with loops"];
  always.push("tensors in WebAssembly", "Python lists", "NumPy", "PyTorch");
  assert.deepEqual(here({}), always);
  const all = here({ BLAS: "", TensorFlow: "", WebGPU: "", CUDA: "" });
  assert.deepEqual(all, Object.keys(TRAINERS));
  const [a, b, c] = ["a", "b", "c"].map((date) => ({ ...nothing(), date }));
  assert.deepEqual(replaceFirst([a, b], c), [c, b]);
});
