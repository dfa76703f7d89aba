/** What `deno task measure` keeps of small outputs made by hand. */

import assert from "node:assert/strict";
import type { Measurements } from "../images/tables.ts";
import { keepTimes } from "./measure.ts";

Deno.test("keepTimes() keeps the shortest time of a name and group, in six digits", () => {
  const measured: Measurements = { date: "", machine: "", versions: [], memory: {}, times: [] };
  /** What is printed of six runs that take so long each. */
  const line = (name: string, group: string, ms: number) =>
    JSON.stringify({ name, group, ends: [0, 1, 2, 3, 4, 5, 6].map((t) => 1000 + t * ms) });
  keepTimes(measured, `${line("arrays", "sine", 30.45678901)}\n${line("NumPy", "sine", 44)}\n`);
  for (const ms of [50, 25, 35]) keepTimes(measured, `${line("NumPy", "sine", ms)}\n`);
  keepTimes(measured, line("arrays", "creation", 99));
  assert.deepEqual(measured.times, [
    { name: "arrays", group: "sine", ms: 30.4568 },
    { name: "NumPy", group: "sine", ms: 25 },
    { name: "arrays", group: "creation", ms: 99 },
  ]);
});
