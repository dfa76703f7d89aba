/** The pages' tables, pictures and figures are those of the measurements. */

import assert from "node:assert/strict";
import kept from "../images/measurements.json" with { type: "json" };
import images from "../images/README.md" with { type: "text" };
import {
  comparison,
  inMs,
  inSeconds,
  iteration,
  LOOPS,
  type Measurements,
  PRODUCTS,
  timeOf,
  TRAINERS,
  writeTables,
} from "../images/tables.ts";
import README from "../README.md" with { type: "text" };
import { permitted, testIf } from "./available.ts";

const sittings: Measurements[] = kept;
const [shown] = sittings;

Deno.test("times have three digits, and comparisons two", () => {
  const ms = ["0.478 ms", "13.0 ms", "62.3 ms", "1000 ms"];
  assert.deepEqual([0.4784, 13, 62.25, 999.6].map(inMs), ms);
  assert.deepEqual([5720, 45].map(inSeconds), ["5.72 s", "0.0450 s"]);
  const pairs = [[10, 100], [100, 10], [1, 1.04], [1, 1.06], [3, 40], [7, 7]];
  const compared = pairs.map(([ms, other]) => comparison(ms, other).replace(" times as ", " "));
  assert.deepEqual(compared, ["10 fast", "10 slow", "as fast", "1.1 fast", "13 fast", ""]);
});

const time = (group: string) => (kind: string) => inMs(timeOf(shown, kind, group));
const comparedWith = (first: string, group: string) => (kind: string) =>
  comparison(timeOf(shown, kind, group), timeOf(shown, first, group));

/** What each column shows, by its head, of what the first cell of a row names. */
const COLUMNS: Record<string, (kind: string) => string> = {
  "needs": (kind) => TRAINERS[kind].needs,
  "an iteration": time(iteration()),
  "compared with arrays": comparedWith("arrays", iteration()),
  "Deno": time(iteration()),
  "Chromium": time("an iteration in Chromium"),
  "the five products": time(PRODUCTS),
  "compared with i, k, j": comparedWith(LOOPS, PRODUCTS),
  "creation": time("creation of a million numbers"),
  "squaring": time("squaring of a million numbers"),
  "sine": time("sine of a million numbers"),
  "summation": time("summation of a million numbers"),
  "memory": (kind) => `${(shown.memory[kind] / 1e6).toFixed(2)} MB`,
};

Deno.test("the pages' tables show the first sitting", () => {
  const tables = [...`${README}${images}`.matchAll(/<!--\w+-->\n\n(\|[^]*?)\n\n<!/g)];
  const numbersOfRows = tables.map(([, table]) => {
    const lines = table.split("\n").map((line) => line.split("|").slice(1, -1));
    const [[, ...heads], , ...rows] = lines.map((cells) => cells.map((cell) => cell.trim()));
    for (const [kind, ...cells] of rows) {
      assert.deepEqual(cells, heads.map((head) => COLUMNS[head](kind)));
    }
    return rows.length;
  });
  assert.deepEqual(numbersOfRows, [7, 5, 9, 3, 5]);
  for (const fact of [...shown.versions, shown.machine, shown.date, "tensors on WebGPU, "]) {
    assert.ok(images.includes(fact), fact);
  }
  for (const page of [README, images]) {
    assert.ok(page === writeTables(page, shown), "run deno task images");
  }
  const message = "Cannot write arrays, an iteration with 7 hidden units: it was not measured";
  assert.throws(() => timeOf(shown, "arrays", iteration(7)), { message });
});

/** The places of a picture's texts. */
function placesIn(svg: string): Record<string, { x: number; y: number }> {
  const texts = svg.matchAll(/<text[^>]*?transform="translate\((.+?),(.+?)\)"[^>]*>([^<]+)</g);
  return Object.fromEntries([...texts].map(([, x, y, text]) => [text, { x: +x, y: +y }]));
}

const canDraw = permitted("the test of the pictures", "env", "read");

testIf(canDraw, "bars are as long as their times, and lines as high", async () => {
  // Only here is the charting library loaded.
  const pictures = (await import("../images/draw.ts")).drawPictures(shown);
  const [header, hidden] = [pictures["header_light.svg"], pictures["hidden_dark.svg"]];
  const isNear = (a: number, b: number, distance = 1) => Math.abs(a - b) < distance;

  const labels = placesIn(header);
  const bars = [...header.matchAll(/<rect .*? y="(.+?)" width="(.+?)"/g)];
  const widthOf = (name: string) => +bars.find(([, y]) => isNear(+y, labels[name].y, 8))![2];
  const arrays = timeOf(shown, "arrays");
  const names = Object.keys(labels).filter((text) => text in TRAINERS);
  assert.equal(names.length, 8);
  for (const name of names) {
    const ms = timeOf(shown, name);
    const label = [inMs(ms), comparison(ms, arrays)].filter((text) => text).join(", ");
    assert.ok(isNear(labels[name].y, labels[label].y, 8), `${name} is not beside ${label}`);
    const expected = ms / arrays * widthOf("arrays");
    if (ms <= arrays) assert.ok(isNear(widthOf(name), expected), `${name}: ${widthOf(name)}`);
  }
  // The bar that is too long is broken.
  assert.ok(isNear(labels["//"].y, labels["Python lists"].y, 8));

  const texts = placesIn(hidden);
  const [one, ten] = [texts["1 ms"].y, texts["10 ms"].y];
  const lines = [...hidden.matchAll(/ d="M([^"]*)"/g)].map(([, d]) => d.split(/[L,]/).map(Number));
  const ends = Object.entries(texts).filter(([text]) => text in TRAINERS);
  assert.equal(ends.length, 5);
  for (const [name, { x, y }] of ends) {
    const line = lines.find((line) => line.length === 18 && isNear(line[17], y))!;
    assert.ok(x > line[16] - 1, name);
    for (const [hidden, at] of [[25, 1], [6400, 17]]) {
      const expected = one + (ten - one) * Math.log10(timeOf(shown, name, iteration(hidden)));
      assert.ok(isNear(line[at], expected), `${name}, ${hidden}`);
    }
  }
});

/** How many times as fast the second one was in a sitting; not a number if it was not measured. */
const times = (slow: string, fast: string, group = iteration()) => ({ times }: Measurements) => {
  const [a, b] = [slow, fast].map((name) =>
    times.find((time) => time.name === name && time.group === group)?.ms
  );
  return a! / b!;
};
const COPIED = "arrays, copied into WebAssembly and back";
const [SMALL, LARGE] = [25, 6400].map((hidden) => iteration(hidden));

/** The figures of the README's sentences: their ends, and what they round in a sitting. */
// deno-fmt-ignore
const FIGURES: [words: string, low: number, high: number, of: (sitting: Measurements) => number][] = [
  ["50 to 90 times as fast as Python does", 50, 90, times("Python lists", "arrays")],
  ["is 4 to 5.5 times as fast as that loop", 4, 5.5, times(LOOPS, "ndarrays in WebAssembly", PRODUCTS)],
  ["and 20 to 34 times as fast if it is BLAS", 20, 34, times(LOOPS, "ndarrays with BLAS", PRODUCTS)],
  ["products of an iteration about 6 times as fast", 6, 6, times("arrays, i, j, k", LOOPS, PRODUCTS)],
  ["| ndarrays in WebAssembly | 4 to 5.5 | 5 to 8 |", 5, 8, times("arrays", "ndarrays in WebAssembly")],
  ["| ndarrays with BLAS | 20 to 34 | 21 to 37 |", 21, 37, times("arrays", "ndarrays with BLAS")],
  ["| tensors in WebAssembly | | 7.5 to 11 |", 7.5, 11, times("arrays", "tensors in WebAssembly")],
  ["| tensors with BLAS | | 25 to 53 |", 25, 53, times("arrays", "tensors with BLAS")],
  ["about 4.5 times as fast with ndarrays as", 4.5, 4.5, times("arrays", "ndarrays in WebAssembly", "an iteration in Chromium")],
  ["and about 7 times with tensors", 7, 7, times("arrays", "tensors in WebAssembly", "an iteration in Chromium")],
  ["still 5 to 6 times as fast with ndarrays", 5, 6, times("arrays", "ndarrays in WebAssembly", SMALL)],
  ["and 12 to 21 times with BLAS", 12, 21, times("arrays", "ndarrays with BLAS", SMALL)],
  ["1.2 to 1.7 times as fast, in WebAssembly", 1.2, 1.7, times("ndarrays in WebAssembly", "tensors in WebAssembly")],
  ["1.2 to 1.7 times as fast, in WebAssembly and with BLAS", 1.2, 1.7, times("ndarrays with BLAS", "tensors with BLAS")],
  ["with 6400 they are 2.5 to 3 times as fast", 2.5, 3, times("ndarrays with BLAS", "tensors with BLAS", LARGE)],
  ["copied arrays are 2.5 to 3.9 times as fast as loops", 2.5, 3.9, times(LOOPS, COPIED, PRODUCTS)],
  ["and 7 times as fast if it has to copy your rows first", 7, 7, times(LOOPS, "arrays, copied for BLAS and back", PRODUCTS)],
  ["costs 0.5 to 2 ms more", 0.5, 2, (sitting) => timeOf(sitting, COPIED, PRODUCTS) - timeOf(sitting, "ndarrays in WebAssembly", PRODUCTS)],
  ["0.85 MB", 0.85, 0.85, ({ memory }) => memory["arrays of arrays"] / 1e6],
  ["0.81 MB", 0.81, 0.81, ({ memory }) => memory["ndarrays, Float64Array"] / 1e6],
  ["0.40 MB", 0.4, 0.4, ({ memory }) => memory["tensors, float32"] / 1e6],
  ["3.3 MB", 3.3, 3.3, ({ memory }) => memory["Python lists"] / 1e6],
];

Deno.test("the figures in the README's sentences hold in every sitting in which they were measured", () => {
  const page = README.replaceAll(/ +/g, " ");
  for (const [words, low, high, of] of FIGURES) {
    assert.ok(page.includes(words), words);
    const figures = sittings.map(of).filter((figure) => !Number.isNaN(figure));
    assert.ok(figures.length > 0, words);
    for (const figure of figures) {
      assert.ok(figure > low * 0.87 && figure < high * 1.15, `${words}: ${figure}`);
    }
  }
});
