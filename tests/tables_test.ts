/** The pages' tables, pictures and figures are those of the measurements. */

import assert from "node:assert/strict";
import kept from "../images/measurements.json" with { type: "json" };
import images from "../images/README.md" with { type: "text" };
import {
  comparison,
  inMs,
  inSeconds,
  iteration,
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
  const compared = [[10, 100], [100, 10], [1, 1.04], [1, 1.06], [3, 40], [7, 7]];
  assert.deepEqual(compared.map(([ms, other]) => comparison(ms, other)), [
    "10 times as fast",
    "10 times as slow",
    "as fast",
    "1.1 times as fast",
    "13 times as fast",
    "",
  ]);
});

/** The cells of a table, by their heads, of each row. */
function readTable(page: string, name: string): Record<string, string>[] {
  const [, lines] = page.match(`<!--${name}-->\\s+([^]*?)\\s+<!--/-->`)!;
  const [heads, , ...rows] = lines.split("\n")
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  return rows.map((row) =>
    Object.fromEntries(row.map((cell, i) => [i === 0 ? "" : heads[i], cell]))
  );
}

const OPERATIONS = ["creation", "squaring", "sine", "summation"];

/** The tables of times: how many rows each has, and what its columns show. */
const TABLES: [page: string, name: string, rows: number, groups: Record<string, string>][] = [
  [images, "iterations", 9, { "an iteration": iteration() }],
  [images, "chromium", 3, { "Deno": iteration(), "Chromium": "an iteration in Chromium" }],
  [README, "loops", 3, { "the five products": PRODUCTS }],
  [README, "products", 6, { "the five products": PRODUCTS }],
  [
    README,
    "operations",
    5,
    Object.fromEntries(OPERATIONS.map((name) => [name, `${name} of a million numbers`])),
  ],
];

Deno.test("the pages' tables show the first sitting", () => {
  for (const [page, table, length, groups] of TABLES) {
    const rows = readTable(page, table);
    assert.equal(rows.length, length, table);
    const [head, group] = Object.entries(groups)[0];
    const first = timeOf(shown, rows[0][""], group);
    for (const { "": name, ...cells } of rows) {
      for (const [head, group] of Object.entries(groups)) {
        assert.equal(cells[head], inMs(timeOf(shown, name, group)), name);
      }
      const compared = Object.entries(cells).find(([head]) => head.startsWith("compared with "));
      if (compared) assert.equal(compared[1], comparison(timeOf(shown, name, group), first), name);
      if ("needs" in cells) assert.equal(cells.needs, TRAINERS[name].needs);
      assert.ok(head in cells);
    }
  }
  for (const { "": kind, memory } of readTable(images, "memory")) {
    assert.equal(memory, `${(shown.memory[kind] / 1e6).toFixed(2)} MB`);
  }
  for (const fact of [...shown.versions, shown.machine, shown.date, "tensors on WebGPU, "]) {
    assert.ok(images.includes(fact), fact);
  }
  for (const page of [README, images]) {
    assert.ok(page === writeTables(page, shown), "run deno task images");
  }
  const message = "Cannot write arrays, an iteration with 7 hidden units: it was not measured";
  assert.throws(() => timeOf(shown, "arrays", iteration(7)), { message });
});

/** The texts of a picture, each with its place. */
function readTexts(svg: string) {
  const translated = /<text[^>]*?transform="translate\(([\d.-]+),([\d.-]+)\)"[^>]*>([^<]+)</g;
  const texts = [...svg.matchAll(translated)]
    .map(([, x, y, text]) => [text, { x: Number(x), y: Number(y) }] as const);
  return Object.fromEntries(texts);
}

const canDraw = permitted("the tests of the pictures", "env", "read");

testIf(canDraw, "the header's bars are as long as their times, and labelled", async () => {
  // Only here is the charting library loaded.
  const { drawPictures } = await import("../images/draw.ts");
  const pictures = drawPictures(shown);
  const svg = pictures["header_light.svg"];
  const texts = readTexts(svg);
  const bars = [...svg.matchAll(/<rect [^>]*>/g)].map(([rect]) => {
    const [y, width] = ["y", "width"].map((key) => Number(rect.match(` ${key}="(.*?)"`)![1]));
    return { y, width };
  });
  const widthOf = (name: string) => bars.find(({ y }) => Math.abs(y - texts[name].y) < 8)!.width;
  const arrays = timeOf(shown, "arrays");
  const scale = widthOf("arrays") / arrays;
  const names = Object.keys(texts).filter((text) => text in TRAINERS);
  assert.equal(names.length, 8);
  for (const name of names) {
    const ms = timeOf(shown, name);
    const label = [inMs(ms), comparison(ms, arrays)].filter((text) => text).join(", ");
    assert.ok(Math.abs(texts[name].y - texts[label].y) < 8, `${name} is not beside ${label}`);
    // A label stands at the end of its bar; in long bars it stands inside.
    const end = ms < arrays ? ms * scale : 0;
    assert.ok(Math.abs(texts[label].x - texts[name].x - end) < 20, label);
    if (ms <= arrays) assert.ok(Math.abs(widthOf(name) - ms * scale) < 1, name);
  }
  // The bar that is too long is broken, and no other.
  const [{ x: start }, gap] = [texts.arrays, texts["//"]];
  assert.ok(Math.abs(gap.y - texts["Python lists"].y) < 8);
  assert.ok(gap.x > start + widthOf("arrays") && gap.x < start + widthOf("Python lists"));
  // Each theme has its text's colour.
  assert.ok(svg.includes("color:#1f2328"), svg.slice(0, 300));
  assert.ok(pictures["header_dark.svg"].includes("color:#f0f6fc"));
});

testIf(canDraw, "lines rise as their times do, and have their names at their ends", async () => {
  const { drawPictures } = await import("../images/draw.ts");
  const svg = drawPictures(shown)["hidden_dark.svg"];
  const texts = readTexts(svg);
  const [one, ten] = [texts["1 ms"].y, texts["10 ms"].y];
  const paths = [...svg.matchAll(/<path[^>]* d="M([^"]*)"/g)]
    .map(([, path]) => path.split("L").map((point) => point.split(",").map(Number)))
    .filter(({ length }) => length === 9);
  const ends = Object.entries(texts).filter(([text]) => text in TRAINERS);
  assert.equal(ends.length, 5);
  for (const [name, end] of ends) {
    const path = paths.find((path) => Math.abs(path[8][1] - end.y) < 1)!;
    for (const [i, hidden] of [25, 50, 100, 200, 400, 800, 1600, 3200, 6400].entries()) {
      const y = one + (ten - one) * Math.log10(timeOf(shown, name, iteration(hidden)));
      assert.ok(Math.abs(path[i][1] - y) < 1, `${name}, ${hidden}`);
      const tick = texts[hidden.toLocaleString("en")];
      if (tick) assert.ok(Math.abs(path[i][0] - tick.x) < 1, `${hidden}`);
    }
  }
});

const COLD = ", p75 of a bench that was not warm"; // how iterations were measured before

/** How many times as fast the second one was in a sitting, if that was measured. */
const times = (slow: string, fast: string, group = iteration()) => (sitting: Measurements) => {
  const find = (name: string) =>
    sitting.times.find((time) => time.name === name && time.group.replace(COLD, "") === group)?.ms;
  return find(slow)! / find(fast)!;
};
const LOOPS = "arrays, i, k, j, rows looked up once";
const COPIED = "arrays, copied into WebAssembly and back";
const [SMALL, LARGE] = [25, 6400].map((hidden) => iteration(hidden));

/** The figures of the README's sentences: their ends, and what they round in a sitting. */
// deno-fmt-ignore
const FIGURES: [words: string, low: number, high: number, of: (sitting: Measurements) => number][] = [
  ["50 to 90 times as fast as Python does", 50, 90, times("Python lists", "arrays")],
  ["is 4 to 5.5 times as fast as that loop", 4, 5.5, times(LOOPS, "ndarrays in WebAssembly", PRODUCTS)],
  ["and 20 to 34 times as fast if it is BLAS", 20, 34, times(LOOPS, "ndarrays with BLAS", PRODUCTS)],
  ["| ndarrays in WebAssembly | 4 to 5.5 | 6 to 8 |", 6, 8, times("arrays", "ndarrays in WebAssembly")],
  ["| ndarrays with BLAS | 20 to 34 | 21 to 37 |", 21, 37, times("arrays", "ndarrays with BLAS")],
  ["| tensors in WebAssembly | | 8 to 11 |", 8, 11, times("arrays", "tensors in WebAssembly")],
  ["| tensors with BLAS | | 25 to 53 |", 25, 53, times("arrays", "tensors with BLAS")],
  ["about 4.5 times as fast with ndarrays as", 4.5, 4.5, times("arrays", "ndarrays in WebAssembly", "an iteration in Chromium")],
  ["and about 6 times with tensors", 6, 6, times("arrays", "tensors in WebAssembly", "an iteration in Chromium")],
  ["still 5 to 6 times as fast with ndarrays", 5, 6, times("arrays", "ndarrays in WebAssembly", SMALL)],
  ["and 12 to 21 times with BLAS", 12, 21, times("arrays", "ndarrays with BLAS", SMALL)],
  ["1.2 to 1.7 times as fast, in WebAssembly", 1.2, 1.7, times("ndarrays in WebAssembly", "tensors in WebAssembly")],
  ["1.2 to 1.7 times as fast, in WebAssembly and with BLAS", 1.2, 1.7, times("ndarrays with BLAS", "tensors with BLAS")],
  ["with 6400 they are 2.5 to 3 times as fast", 2.5, 3, times("ndarrays with BLAS", "tensors with BLAS", LARGE)],
  ["copied arrays are 2.7 to 3.9 times as fast as loops", 2.7, 3.9, times(LOOPS, COPIED, PRODUCTS)],
  ["and 6 times as fast if it has to copy your rows first", 6, 6, times(LOOPS, "arrays, copied for BLAS and back", PRODUCTS)],
  ["costs 0.5 to 1.3 ms more", 0.5, 1.3, (sitting) => timeOf(sitting, COPIED, PRODUCTS) - timeOf(sitting, "ndarrays in WebAssembly", PRODUCTS)],
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
