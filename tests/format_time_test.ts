import assert from "node:assert/strict";
import { formatTime } from "../lib/format_time.ts";

for (
  const [milliseconds, text] of [
    [0, "0.00 µs"],
    [0.0123, "12.3 µs"],
    [0.9999, "1000 µs"],
    [1, "1.00 ms"],
    [18.84, "18.8 ms"],
    [123.4, "123 ms"],
    [9420, "9.42 s"],
    [1234567, "1235 s"],
  ] as const
) {
  Deno.test(`${milliseconds} ms is written ${text}`, () => {
    assert.equal(formatTime(milliseconds), text);
  });
}
