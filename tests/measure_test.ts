/** What `deno task measure` keeps of small outputs made by hand. */

import assert from "node:assert/strict";
import type { Measurements } from "../images/tables.ts";
import { NotAvailable } from "../lib/errors.ts";
import {
  extrapolate,
  keep,
  keepBenches,
  keepPython,
  keepVersions,
  p75,
  scriptOf,
} from "./measure.ts";

const nothing = (): Measurements => ({
  date: "",
  machine: "",
  versions: {},
  skipped: [],
  losses: {},
  memory: {},
  times: [],
});

Deno.test("keep() keeps the shortest time of a name and group, in six digits", () => {
  const measured = nothing();
  keep(measured, "arrays", "an iteration", 12.345678901);
  keep(measured, "arrays", "a product", 3);
  keep(measured, "arrays", "an iteration", 13);
  keep(measured, "ndarrays", "an iteration", 2);
  keep(measured, "ndarrays", "an iteration", 1.5);
  assert.deepEqual(measured.times, [
    { name: "arrays", group: "an iteration", ms: 12.3457 },
    { name: "arrays", group: "a product", ms: 3 },
    { name: "ndarrays", group: "an iteration", ms: 1.5 },
  ]);
});

Deno.test("keepBenches() keeps the p75 of deno bench, from nanoseconds", () => {
  const measured = nothing();
  const ok = { n: 9, min: 1e6, max: 9e6, avg: 4e6, p75: 5_000_000, p99: 8e6, p995: 8e6, p999: 8e6 };
  const benches = [{ name: "arrays", group: "products", results: [{ ok }] }];
  keepBenches(measured, JSON.stringify({ benches }));
  assert.deepEqual(measured.times, [{ name: "arrays", group: "products", ms: 5 }]);
});

Deno.test("keepPython() keeps the p75 of the times of each line, in milliseconds", () => {
  const measured = nothing();
  const lines = ["Python lists", "NumPy"].map((name, i) =>
    JSON.stringify({ name, group: "sine", times: [4, 2, 3, 1].map((ms) => ms * (i + 1)) })
  );
  keepPython(measured, `${lines.join("\n")}\n`);
  assert.deepEqual(measured.times, [
    { name: "Python lists", group: "sine", ms: 3 },
    { name: "NumPy", group: "sine", ms: 6 },
  ]);
});

Deno.test("p75() is the time that three quarters do not exceed", () => {
  assert.equal(p75([8, 1, 7, 2, 6, 3, 5, 4]), 6);
  assert.equal(p75([5]), 5);
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

Deno.test("extrapolate() counts the start once, and ten iterations fifty times", () => {
  assert.equal(extrapolate(1000, 7000), 301_000);
});

Deno.test("scriptOf() runs what the pages name, with its permissions", () => {
  const ours = (name: string) => scriptOf(name).slice(1).join(" ");
  assert.equal(ours("arrays"), "run naive_neural_network.ts");
  assert.equal(ours("ndarrays in WebAssembly"), "run ndarray_neural_network.ts --backend wasm");
  const blas = "run --allow-ffi tensor_neural_network.ts --backend blas";
  assert.equal(ours("tensors with BLAS"), blas);
  const python = ["python3", "tests/originals.py", "script", "NumPy", "500"];
  assert.deepEqual(scriptOf("NumPy"), python);
});
