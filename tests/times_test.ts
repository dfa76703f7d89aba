/** Times are written with three digits. */

import assert from "node:assert/strict";
import { inMs, inSeconds } from "../images/times.ts";

Deno.test("a time has three digits, however long it is", () => {
  assert.deepEqual([0.4784, 13, 62.25, 999.6].map(inMs), [
    "0.478 ms",
    "13.0 ms",
    "62.3 ms",
    "1000 ms",
  ]);
  assert.deepEqual([5720, 45].map(inSeconds), ["5.72 s", "0.0450 s"]);
});
