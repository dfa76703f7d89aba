/**
 * Draws the pictures that show times, and writes the pages' tables: `deno task images`. The other
 * pictures never change, and are kept as they are: the diagrams, and the losses of seed 0.
 *
 * @module
 */

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import sittings from "./measurements.json" with { type: "json" };
import { comparison, inMs, iteration, type Measurements, timeOf, writeTables } from "./tables.ts";

/** GitHub shows a page in one of these; each picture is drawn for both. */
const THEMES = {
  light: { text: "#1f2328", background: "#ffffff" },
  dark: { text: "#f0f6fc", background: "#0d1117" },
};

type Theme = typeof THEMES.light;

const PYTHON = "#57606a";

/** What the pictures show, each in one colour in all of them. */
const COLORS: Record<string, string> = {
  "Python lists": PYTHON,
  "arrays": "#c93c37",
  "ndarrays in WebAssembly": "#c98a00",
  "ndarrays with BLAS": "#a371f7",
  "tensors in WebAssembly": "#2f81f7",
  "tensors with BLAS": "#0d9aa5",
  "NumPy": PYTHON,
  "PyTorch": PYTHON,
};

const FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";

/** A chart as SVG, its coordinates rounded. */
function chart(theme: Theme, options: Plot.PlotOptions): string {
  const style = { fontFamily: FONT, fontSize: "17px", color: theme.text, background: "none" };
  const { document } = parseHTML("<body>") as unknown as Required<Plot.PlotOptions>;
  const { outerHTML } = Plot.plot({ document, style, width: 650, ...options });
  return outerHTML.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
    .replaceAll(/\d+\.\d{4,}(?=[^<>]*>)/g, (number: string) => Number(number).toFixed(1)) + "\n";
}

/** What an iteration takes, by what computes it. */
function header(measured: Measurements, theme: Theme): string {
  const arrays = timeOf(measured, "arrays");
  const cut = 1.35 * arrays;
  const bars = Object.entries(COLORS).map(([name, fill]) => {
    const ms = timeOf(measured, name);
    const compared = name === "arrays" ? "" : `, ${comparison(ms, arrays)}`;
    return { name, ms: Math.min(ms, cut), fill, label: `${inMs(ms)}${compared}` };
  });
  const inside = bars.filter(({ ms }) => ms > arrays / 2);
  const outside = bars.filter(({ ms }) => ms <= arrays / 2);
  const label = { x: 0, y: "name", text: "label", textAnchor: "start", dx: 8 } as const;
  const broken = bars.filter(({ ms }) => ms === cut);
  const { background } = theme;
  return chart(theme, {
    height: 310,
    margin: 5,
    marginLeft: 236,
    x: { axis: null, domain: [0, cut] },
    y: { label: null, domain: bars.map(({ name }) => name), tickSize: 0, padding: 0.2 },
    marks: [
      Plot.barX(bars, { x: "ms", y: "name", fill: "fill", rx: 3 }),
      // A bar that is too long for the picture has a gap.
      Plot.text(broken, { x: 0.9 * cut, y: "name", text: ["//"], fill: background, fontSize: 40 }),
      Plot.text(inside, { ...label, fill: "white", fontWeight: 600 }),
      Plot.text(outside, { ...label, x: "ms" }),
    ],
  });
}

/** The time of an iteration as the hidden layer grows. */
function hidden(measured: Measurements, theme: Theme): string {
  const sizes = [25, 50, 100, 200, 400, 800, 1600, 3200, 6400];
  const points = Object.entries(COLORS).filter(([, color]) => color !== PYTHON)
    .flatMap(([name, color]) =>
      sizes.map((x) => ({ x, y: timeOf(measured, name, iteration(x)), name, color }))
    );
  const place = { x: "x", y: "y", z: "name" };
  return chart(theme, {
    height: 420,
    marginTop: 40,
    marginRight: 210,
    marginBottom: 50,
    marginLeft: 100,
    // Each size is twice the one before, so that equal steps make a logarithmic scale.
    x: { type: "point", label: "hidden units", domain: sizes, ticks: [25, 100, 400, 1600, 6400] },
    y: {
      type: "log",
      label: "an iteration",
      grid: true,
      ticks: [1, 10, 100, 1000],
      tickFormat: (ms) => `${ms} ms`,
    },
    marks: [
      Plot.line(points, { ...place, stroke: "color", strokeWidth: 2.5 }),
      Plot.text(points, Plot.selectLast({ ...place, text: "name", textAnchor: "start", dx: 8 })),
    ],
  });
}

/** Every picture of measurements for both themes, by file name. */
export function drawPictures(measured: Measurements): Record<string, string> {
  const drawn = Object.entries(THEMES).flatMap(([name, theme]) => [
    [`header_${name}.svg`, header(measured, theme)],
    [`hidden_${name}.svg`, hidden(measured, theme)],
  ]);
  return Object.fromEntries(drawn);
}

if (import.meta.main) {
  const url = (file: string) => new URL(file, import.meta.url);
  for (const [file, svg] of Object.entries(drawPictures(sittings[0]))) {
    Deno.writeTextFileSync(url(file), svg);
  }
  for (const page of ["../README.md", "README.md"]) {
    const text = Deno.readTextFileSync(url(page));
    Deno.writeTextFileSync(url(page), writeTables(text, sittings[0]));
  }
}
