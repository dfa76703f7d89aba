/** What `deno task measure` keeps of small outputs made by hand. */

import assert from "node:assert/strict";
import type { Measurements } from "../images/tables.ts";
import { NotAvailable } from "../lib/errors.ts";
import { keep, keepBenches, keepPython, keepVersions, p75 } from "./measure.ts";

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

Deno.test("keepBenches() and keepPython() keep the p75, in milliseconds", () => {
  const measured = nothing();
  const ok = { n: 9, min: 1e6, max: 9e6, avg: 4e6, p75: 5e6, p99: 8e6, p995: 8e6, p999: 8e6 };
  const benches = [{ name: "arrays", group: "products", results: [{ ok }] }];
  keepBenches(measured, JSON.stringify({ benches }));
  const lines = ["Python lists", "NumPy"].map((name, i) =>
    JSON.stringify({ name, group: "sine", times: [4, 2, 3, 1].map((ms) => ms * (i + 1)) })
  );
  keepPython(measured, `${lines.join("\n")}\n`);
  assert.deepEqual(measured.times, [
    { name: "arrays", group: "products", ms: 5 },
    { name: "Python lists", group: "sine", ms: 3 },
    { name: "NumPy", group: "sine", ms: 6 },
  ]);
  assert.equal(p75([10, 9, 8, 100]), 10);
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
