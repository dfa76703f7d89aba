/** The pages' tables and pictures, of a few measurements made by hand. */

import assert from "node:assert/strict";
import sittings from "../images/measurements.json" with { type: "json" };
import images from "../images/README.md" with { type: "text" };
import { comparison, type Measurements, timeOf, writeTables } from "../images/tables.ts";
import README from "../README.md" with { type: "text" };
import { permitted, testIf } from "./available.ts";

const AN_ITERATION = "an iteration with 100 hidden units";
const PRODUCTS = "the products of an iteration";

/** Times in milliseconds, by the group and the name. */
const TIMES: Record<string, Record<string, number>> = {
  [AN_ITERATION]: {
    "PyTorch": 0.2,
    "Python lists": 480,
    "tensors in WebAssembly": 1.5,
    "ndarrays with BLAS": 0.25,
    "arrays": 12,
    "ndarrays in WebAssembly": 2,
    "tensors with BLAS": 0.16,
    "NumPy": 0.24,
  },
  "an iteration in Chromium": { "tensors in WebAssembly": 1.75, "arrays": 13 },
  [PRODUCTS]: {
    "arrays, i, j, k": 30,
    "arrays, i, j, k, rows looked up once": 20,
    "arrays, i, k, j, rows looked up once": 7,
    "arrays, copied into WebAssembly and back": 2,
    "arrays, copied for BLAS and back": 1,
    "ndarrays with loops": 9,
    "ndarrays in WebAssembly": 1.4,
    "ndarrays with BLAS": 0.2,
  },
};
for (const [i, operation] of ["creation", "squaring", "sine", "summation"].entries()) {
  const kinds = ["NumPy", "Python lists", "arrays, loops", "ndarrays", "tensors in WebAssembly"];
  const times = kinds.map((kind, j) => [kind, 10 * (i + 1) + j] as const);
  TIMES[`${operation} of a million numbers`] = Object.fromEntries(times);
}
// The sizes of the picture of larger and smaller networks.
for (const hidden of [25, 50, 200, 400, 800, 1600, 3200, 6400]) {
  const times = Object.entries(TIMES[AN_ITERATION]).map(([name, ms]) => [name, ms * hidden / 100]);
  TIMES[`an iteration with ${hidden} hidden units`] = Object.fromEntries(times);
}

const MEASURED: Measurements = {
  date: "2026-01-02",
  machine: "ACME One with 3 cores, under linux",
  versions: { "Deno": "2.9.9", "NumPy": "2.0" },
  skipped: ["webgpu: there is no adapter", "tensorflow: it is not installed"],
  memory: { "arrays of arrays": 860_400, "NumPy": 800_000 },
  times: Object.entries(TIMES).flatMap(([group, times]) =>
    Object.entries(times).map(([name, ms]) => ({ name, group, ms }))
  ),
};

const EXPECTED: Record<string, string> = {
  iterations: `
| | needs | an iteration | compared with arrays |
| - | - | -: | -: |
| arrays | nothing | 12.0 ms | |
| ndarrays in WebAssembly | nothing | 2.00 ms | 6 times as fast |
| ndarrays with BLAS | \`--allow-ffi\` | 0.250 ms | 48 times as fast |
| tensors in WebAssembly | nothing | 1.50 ms | 8 times as fast |
| tensors with BLAS | \`--allow-ffi\` | 0.160 ms | 75 times as fast |
| Python lists | Python | 480 ms | 40 times as slow |
| NumPy | NumPy | 0.240 ms | 50 times as fast |
| PyTorch | PyTorch | 0.200 ms | 60 times as fast |`,
  chromium: `
| an iteration | Deno | Chromium |
| - | -: | -: |
| arrays | 12.0 ms | 13.0 ms |
| tensors in WebAssembly | 1.50 ms | 1.75 ms |`,
  loops: `
| order of the loops | the five products | compared with the first |
| - | -: | -: |
| i, j, k | 30.0 ms | |
| i, j, k, rows looked up once | 20.0 ms | 1.5 times as fast |
| i, k, j, rows looked up once | 7.00 ms | 4.3 times as fast |`,
  products: `
| what multiplies | the five products | compared with arrays |
| - | -: | -: |
| arrays, loops | 7.00 ms | |
| ndarrays, the same loops | 9.00 ms | 1.3 times as slow |
| arrays, copied into WebAssembly and back | 2.00 ms | 3.5 times as fast |
| arrays, copied for BLAS and back | 1.00 ms | 7 times as fast |
| ndarrays, WebAssembly | 1.40 ms | 5 times as fast |
| ndarrays, BLAS | 0.200 ms | 35 times as fast |`,
  operations: `
| a million numbers | creation | squaring | sine | summation |
| - | -: | -: | -: | -: |
| arrays, loops | 12.0 ms | 22.0 ms | 32.0 ms | 42.0 ms |
| ndarrays | 13.0 ms | 23.0 ms | 33.0 ms | 43.0 ms |
| tensors in WebAssembly | 14.0 ms | 24.0 ms | 34.0 ms | 44.0 ms |
| Python lists | 11.0 ms | 21.0 ms | 31.0 ms | 41.0 ms |
| NumPy | 10.0 ms | 20.0 ms | 30.0 ms | 40.0 ms |`,
  memory: `
| 1000 × 100 random numbers | memory |
| - | -: |
| arrays of arrays | 0.86 MB |
| NumPy | 0.80 MB |`,
  machine: `
The machine was an ACME One with 3 cores, under linux, on 2026-01-02: Deno 2.9.9, NumPy 2.0. This could not be measured: webgpu: there is no adapter; tensorflow: it is not installed.`,
};

/** A table without what pads its cells. */
const unpadded = (table: string) => table.replaceAll(/-+/g, "-").replaceAll(/ +/g, " ");

Deno.test("writeTables() writes each table to its place, and nothing else", () => {
  for (const [name, table] of Object.entries(EXPECTED)) {
    const page = writeTables(`before\n<!--${name}-->old<!--/-->\nafter`, MEASURED);
    assert.equal(
      unpadded(page),
      unpadded(`before\n<!--${name}-->\n${table}\n\n<!--/-->\nafter`),
    );
  }
});

Deno.test("comparison() rounds to two digits, and says which is faster", () => {
  assert.deepEqual(
    [[10, 100], [100, 10], [1, 1.04], [1, 1.06], [3, 40], [7, 7]].map(([ms, other]) =>
      comparison(ms, other)
    ),
    [
      "10 times as fast",
      "10 times as slow",
      "as fast",
      "1.1 times as fast",
      "13 times as fast",
      "",
    ],
  );
});

Deno.test("timeOf() fails on what was not measured", () => {
  assert.equal(timeOf(MEASURED, "NumPy"), 0.24);
  const message = "Cannot write PyTorch, the products of an iteration: it was not measured";
  assert.throws(() => timeOf(MEASURED, "PyTorch", PRODUCTS), { message });
});

/** The texts of a picture, each with its place. */
function textsOf(svg: string): { x: number; y: number; text: string }[] {
  const texts = svg.matchAll(
    /<text[^>]*?transform="translate\(([\d.-]+),([\d.-]+)\)"[^>]*>([^<]+)</g,
  );
  return [...texts].map(([, x, y, text]) => ({ x: Number(x), y: Number(y), text }));
}

const canDraw = permitted("the tests of the pictures", "env", "read");

testIf(canDraw, "the header's bars are as long as their times", async () => {
  // Only here is the charting library loaded.
  const { drawPictures } = await import("../images/draw.ts");
  const svg = drawPictures(MEASURED)["header_light.svg"];
  const bars = [...svg.matchAll(/<rect [^>]*>/g)].map(([rect]) => {
    const [y, width] = ["y", "width"].map((key) => Number(rect.match(` ${key}="(.*?)"`)![1]));
    return { y, width };
  });
  const labels: Record<string, string> = {
    "Python lists": "480 ms, 40 times as slow",
    "arrays": "12.0 ms",
    "ndarrays in WebAssembly": "2.00 ms, 6 times as fast",
    "ndarrays with BLAS": "0.250 ms, 48 times as fast",
    "tensors in WebAssembly": "1.50 ms, 8 times as fast",
    "tensors with BLAS": "0.160 ms, 75 times as fast",
    "NumPy": "0.240 ms, 50 times as fast",
    "PyTorch": "0.200 ms, 60 times as fast",
  };
  const texts = textsOf(svg);
  const at = (text: string) => texts.find((shown) => shown.text === text)!.y;
  const barOf = (y: number) => bars.find((bar) => Math.abs(bar.y - y) < 8)!;
  const msPerPixel = 12 / barOf(at("arrays")).width;
  for (const [name, label] of Object.entries(labels)) {
    assert.ok(Math.abs(at(name) - at(label)) < 8, `${name} is not beside ${label}`);
    if (name === "Python lists") continue;
    const { width } = barOf(at(name));
    // A label stands at the end of its bar; that of arrays stands inside.
    const { x } = texts.find((shown) => shown.text === label)!;
    const end = name === "arrays" ? 0 : width;
    assert.ok(Math.abs(x - texts.find((shown) => shown.text === name)!.x - end) < 20, label);
    assert.ok(Math.abs(width * msPerPixel - TIMES[AN_ITERATION][name]) < 0.05, name);
  }
  // The bar that is too long is broken, and no other.
  assert.ok(barOf(at("Python lists")).width > 1.2 * barOf(at("arrays")).width);
  const gap = texts.find(({ text }) => text === "//")!;
  const start = texts.find(({ text }) => text === "arrays")!.x;
  const [arrays, lists] = ["arrays", "Python lists"].map((name) => barOf(at(name)).width);
  assert.ok(Math.abs(gap.y - at("Python lists")) < 8);
  assert.ok(gap.x > start + arrays && gap.x < start + lists, `${gap.x}`);
  // Each theme has its text's colour.
  assert.ok(svg.includes("color:#1f2328"), svg.slice(0, 300));
  assert.ok(drawPictures(MEASURED)["header_dark.svg"].includes("color:#f0f6fc"));
});

testIf(canDraw, "the lines have their names at their ends, the slower the higher", async () => {
  const { drawPictures } = await import("../images/draw.ts");
  const svg = drawPictures(MEASURED)["hidden_dark.svg"];
  const hidden = textsOf(svg).sort((a, b) => a.y - b.y);
  const names = [
    "arrays",
    "ndarrays in WebAssembly",
    "tensors in WebAssembly",
    "ndarrays with BLAS",
    "tensors with BLAS",
  ];
  assert.deepEqual(hidden.map(({ text }) => text).filter((text) => names.includes(text)), names);
  // Each name stands at the right of its line, which rises by as much as its times do.
  const last = hidden.find(({ text }) => text === "6,400")!;
  for (const { x, text } of hidden) assert.ok(x > last.x - 5 || !names.includes(text), text);
  const paths = [...svg.matchAll(/<path[^>]* d="M([^"]*)"/g)].map(([, path]) => path);
  const path = paths.find((path) => path.split("L").length === 9)!;
  const ys = path.split("L").map((point) => Number(point.split(",")[1]));
  const y = (tick: string) => hidden.find(({ text }) => text === tick)!.y;
  const decades = (ys[0] - ys.at(-1)!) / (y("1 ms") - y("10 ms"));
  assert.ok(Math.abs(decades - Math.log10(6400 / 25)) < 0.05, `${decades}`);
  const ticks = hidden.map(({ text }) => text);
  for (const tick of ["25", "6,400", "0.1 ms", "1000 ms"]) assert.ok(ticks.includes(tick), tick);
});

const COLD = ", p75 of a bench that was not warm"; // how iterations were measured before

/** How many times as fast the second one was in a sitting, if that was measured. */
const times = (slow: string, fast: string, group = AN_ITERATION) => (sitting: Measurements) => {
  const find = (name: string) =>
    sitting.times.find((time) => time.name === name && time.group.replace(COLD, "") === group)?.ms;
  return find(slow)! / find(fast)!;
};
const LOOPS = "arrays, i, k, j, rows looked up once";
const COPIED = "arrays, copied into WebAssembly and back";
const [SMALL, LARGE] = [25, 6400].map((hidden) => AN_ITERATION.replace("100", `${hidden}`));

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

Deno.test("the pages' tables are those of the first sitting", () => {
  for (const page of [README, images]) {
    assert.ok(page === writeTables(page, sittings[0]), "run deno task images");
  }
});
