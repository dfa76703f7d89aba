/**
 * Draws the pictures of the pages and writes their tables from the measurements:
 * `deno task images`.
 *
 * @module
 */

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { inMs } from "../lib/times.ts";
import { comparison, iteration, type Measurements, timeOf, writeFigures } from "./figures.ts";
import measured from "./measurements.json" with { type: "json" };

/** GitHub shows a page in one of these; each picture is drawn for both. */
const THEMES = {
  light: { text: "#1f2328", faint: "#59636e", line: "#d1d9e0", row: "#fbe3c0", other: "#cfe4fa" },
  dark: { text: "#f0f6fc", faint: "#9198a1", line: "#3d444d", row: "#6b4a15", other: "#1f4a78" },
} as const;

type Theme = typeof THEMES[keyof typeof THEMES];

const RED = "#e5534b";
const AMBER = "#c98a00";
const BLUE = "#2f81f7";
const GREY = "#8b949e";
const FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";

/** A chart as SVG, its coordinates rounded. */
function chart(theme: Theme, options: Plot.PlotOptions): string {
  const style = { fontFamily: FONT, fontSize: "14px", color: theme.text, background: "none" };
  const { document } = parseHTML("<body>") as unknown as Plot.PlotOptions;
  const { outerHTML } = Plot.plot({ document, style, width: 680, ...options });
  return outerHTML.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
    .replaceAll(/\d+\.\d{4,}(?=[^<>]*>)/g, (number: string) => Number(number).toFixed(1)) + "\n";
}

/** What an iteration takes, by what computes it. */
function header(measured: Measurements, theme: Theme): string {
  const arrays = timeOf(measured, "arrays");
  const cut = 1.25 * arrays;
  const bars = Object.entries({
    "Python lists": GREY,
    "arrays": RED,
    "ndarrays": AMBER,
    "ndarrays with BLAS": AMBER,
    "tensors in WebAssembly": BLUE,
    "tensors with BLAS": BLUE,
    "NumPy": GREY,
    "PyTorch": GREY,
  }).map(([name, fill]) => {
    const ms = timeOf(measured, name);
    const compared = name === "arrays" ? "" : `, ${comparison(ms, arrays)}`;
    const shown = name === "ndarrays" ? "ndarrays in WebAssembly" : name;
    const end = ms > cut ? " (the bar is cut off)" : "";
    return { name: shown, ms: Math.min(ms, cut), fill, label: `${inMs(ms)}${compared}${end}` };
  });
  const inside = bars.filter(({ ms }) => ms === cut);
  const outside = bars.filter(({ ms }) => ms < cut);
  return chart(theme, {
    height: 330,
    marginLeft: 200,
    marginRight: 10,
    marginTop: 45,
    marginBottom: 10,
    x: { axis: null, domain: [0, cut] },
    y: { label: null, domain: bars.map(({ name }) => name), tickSize: 0, padding: 0.25 },
    marks: [
      Plot.barX(bars, { x: "ms", y: "name", fill: "fill", rx: 3 }),
      Plot.text(inside, {
        x: 0,
        y: "name",
        text: "label",
        textAnchor: "start",
        dx: 8,
        fill: "white",
      }),
      Plot.text(outside, { x: "ms", y: "name", text: "label", textAnchor: "start", dx: 8 }),
      Plot.text(["One training iteration: arrays work, and compiled code is faster"], {
        frameAnchor: "top-left",
        dx: -190,
        dy: -38,
        fontSize: 18,
        fontWeight: 600,
      }),
    ],
  });
}

/** Lines with their names at their ends; both axes say what they count. */
function lines(
  theme: Theme,
  points: { x: number; y: number; name: string; color: string }[],
  options: Plot.PlotOptions,
): string {
  return chart(theme, {
    height: 420,
    marginLeft: 110,
    marginBottom: 45,
    marginTop: 40,
    ...options,
    marks: [
      Plot.line(points, { x: "x", y: "y", z: "name", stroke: "color", strokeWidth: 2.5 }),
      Plot.text(
        points,
        Plot.selectLast({ x: "x", y: "y", z: "name", text: "name", textAnchor: "start", dx: 8 }),
      ),
    ],
  });
}

/** Losses over the iterations. */
function losses({ losses }: Measurements, theme: Theme): string {
  const kinds = {
    float64: ["float64: arrays, ndarrays", RED],
    float32: ["float32: tensors", BLUE],
  };
  const points = Object.entries(kinds).flatMap(([kind, [name, color]]) =>
    losses[kind].map((y, x) => ({ x, y, name, color })).filter(({ x }) => x % 10 === 0 || x === 499)
  );
  return lines(theme, points, {
    marginRight: 190,
    x: { label: "iteration" },
    y: {
      type: "log",
      label: "loss",
      grid: true,
      domain: [1e-5, 1e8],
      ticks: [1e-4, 1, 1e4, 1e8],
      tickFormat: (loss) => loss.toLocaleString("en", { maximumFractionDigits: 4 }),
    },
  });
}

/** The time of an iteration as the hidden layer grows. */
function hidden(measured: Measurements, theme: Theme): string {
  const sizes = [25, 50, 100, 200, 400, 800, 1600, 3200, 6400];
  const colors = {
    "arrays": RED,
    "ndarrays": AMBER,
    "ndarrays with BLAS": "#a371f7",
    "tensors in WebAssembly": BLUE,
    "tensors with BLAS": "#0d9aa5",
  };
  const points = Object.entries(colors).flatMap(([name, color]) =>
    sizes.map((x) => ({ x, y: timeOf(measured, name, iteration(x)), name, color }))
  );
  return lines(theme, points, {
    marginRight: 180,
    // Each size is twice the one before, so that equal steps make a logarithmic scale.
    x: { type: "point", label: "hidden units", domain: sizes },
    y: {
      type: "log",
      label: "an iteration",
      grid: true,
      ticks: [0.1, 1, 10, 100, 1000],
      tickFormat: (ms) => `${ms} ms`,
    },
  });
}

/** A drawing as SVG, of shapes made by the functions below. */
const drawing = (width: number, height: number, shapes: string[]) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
  `viewBox="0 0 ${width} ${height}" font-family="${FONT}">${shapes.join("")}</svg>\n`;

const text = (x: number, y: number, words: string, color: string, anchor = "middle", size = 16) =>
  `<text x="${x}" y="${y}" fill="${color}" font-size="${size}" text-anchor="${anchor}">${words}</text>`;

const box = (x: number, y: number, width: number, height: number, fill: string, stroke: string) =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}" stroke="${stroke}"/>`;

/** A line along `path`, with a head where it ends, which points to the angle `turn`. */
function arrow(path: string, [x, y]: number[], turn: number, color: string, dashes = ""): string {
  return `<path d="${path}" fill="none" stroke="${color}" stroke-width="2" stroke-dasharray="${dashes}"/>` +
    `<path d="M0 0L-11 -6L-11 6Z" transform="translate(${x} ${y}) rotate(${turn})" fill="${color}"/>`;
}

/** The matrices of an iteration, and what follows from what. */
function network(_: Measurements, theme: Theme): string {
  const [width, height] = [116, 56];
  const node = (x: number, y: number, name: string, shape: string, fill = "none") =>
    box(x, y, width, height, fill, theme.faint) +
    text(x + width / 2, y + 24, name, theme.text, "middle", 18) +
    text(x + width / 2, y + 45, shape, theme.faint, "middle", 14);
  const xs = [2, 165, 328, 491, 654];
  const names = [["x", "(64, 1000)"], ["h", "(64, 100)"], ["hRelu", "(64, 100)"]];
  names.push(["yPred", "(64, 10)"], ["loss", "one number"]);
  const shapes = names.map(([name, shape], i) => node(xs[i], 120, name, shape));
  for (const x of xs.slice(1)) {
    shapes.push(arrow(`M${x - 46} 148H${x - 8}`, [x, 148], 0, theme.text));
  }
  const above = [["w1", "(1000, 100)"], ["w2", "(100, 10)"], ["y", "(64, 10)"]];
  for (const [i, [name, shape]] of above.entries()) {
    const x = xs[[1, 3, 4][i]];
    shapes.push(node(x, 8, name, shape, name === "y" ? "none" : theme.row));
    shapes.push(arrow(`M${x + 35} 65V112`, [x + 35, 120], 90, theme.text));
    if (name === "y") continue;
    shapes.push(arrow(`M${x + 80} 120V73`, [x + 80, 65], -90, RED, "5 4"));
    shapes.push(text(x + 90, 98, `grad${name.toUpperCase()}`, RED, "start"));
  }
  for (const [i, name] of ["gradH", "gradHRelu", "gradYPred"].entries()) {
    const [from, to] = [xs[i + 2] + 45, xs[i + 1] + 71];
    const path = `M${from} 177C${from} 205 ${to} 205 ${to} 185`;
    shapes.push(arrow(path, [to, 177], -90, RED, "5 4"));
    shapes.push(text((from + to) / 2, 222, name, RED));
  }
  shapes.push(text(2, 256, "solid: forward", theme.text, "start"));
  shapes.push(text(165, 256, "dashed: backward, the gradients", RED, "start"));
  return drawing(772, 266, shapes);
}

/** Six numbers in a block, a matrix of them and its transpose. */
function strides(_: Measurements, theme: Theme): string {
  const cell = (x: number, y: number, side: number, number: number) =>
    box(x, y, side, side, number < 4 ? theme.row : theme.other, theme.faint) +
    text(x + side / 2, y + side / 2 + 6, `${number}`, theme.text, "middle", 18);
  const matrix = (x: number, y: number, rows: number[][], title: string, words: string[]) => [
    text(x, y - 12, title, theme.text, "start", 18),
    ...rows.flatMap((row, i) => row.map((number, j) => cell(x + 42 * j, y + 42 * i, 42, number))),
    ...words.map((line, i) => text(x + 145, y + 24 + 26 * i, line, theme.faint, "start")),
  ];
  return drawing(740, 360, [
    text(190, 20, "data: six numbers in one block", theme.text, "start", 18),
    ...[1, 2, 3, 4, 5, 6].map((number, i) => cell(190 + 60 * i, 76, 60, number)),
    arrow("M220 72C250 40 350 40 392 66", [400, 72], 40, theme.text),
    text(310, 44, "3 steps: the stride from row to row of a", theme.faint, "start"),
    arrow("M220 140C232 160 256 162 272 148", [280, 140], -45, theme.text),
    text(295, 162, "1 step: the stride from column to column of a", theme.faint, "start"),
    ...matrix(20, 220, [[1, 2, 3], [4, 5, 6]], "a", ["shape [2, 3]", "strides [3, 1]"]),
    ...matrix(390, 220, [[1, 4], [2, 5], [3, 6]], "a.transpose(1, 0)", [
      "shape [3, 2]",
      "strides [1, 3]",
      "the same six numbers",
    ]),
  ]);
}

/** Every picture for both themes, by file name. */
export function drawPictures(measured: Measurements): Record<string, string> {
  const pictures = Object.entries({ header, network, strides, losses, hidden });
  const drawn = pictures.flatMap(([name, draw]) =>
    Object.entries(THEMES).map(([theme, colors]) => [
      `${name}_${theme}.svg`,
      draw(measured, colors),
    ])
  );
  return Object.fromEntries(drawn);
}

if (import.meta.main) {
  const url = (file: string) => new URL(file, import.meta.url);
  for (const [file, svg] of Object.entries(drawPictures(measured))) {
    Deno.writeTextFileSync(url(file), svg);
  }
  for (const page of ["../README.md", "README.md"]) {
    Deno.writeTextFileSync(url(page), writeFigures(Deno.readTextFileSync(url(page)), measured));
  }
}
