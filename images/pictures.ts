/**
 * The README's pictures, drawn from the measurements.
 *
 * @module
 */

import * as echarts from "echarts";
import { iteration, type Measurements, originalOf, timeOf } from "./measurements.ts";
import { inMs, listed, takes } from "./tables.ts";

/** GitHub shows a page in one of these; each picture is drawn for both. */
const THEMES = {
  light: { text: "#1f2328", faint: "#59636e", line: "#d1d9e0" },
  dark: { text: "#f0f6fc", faint: "#9198a1", line: "#3d444d" },
} as const;

type Theme = typeof THEMES[keyof typeof THEMES];

const RED = "#e5534b";
const AMBER = "#c98a00";
const BLUE = "#2f81f7";
const PINK = "#db61a2";

/** The colour of each line and bar; a Python original has that of its counterpart. */
const HUES: Record<string, string> = {
  "arrays": RED,
  "Python lists": RED,
  "ndarrays": AMBER,
  "ndarrays with loops": "#e3b341",
  "ndarrays with BLAS": "#a371f7",
  "NumPy": AMBER,
  "tensors": BLUE,
  "tensors in JavaScript": "#8b949e",
  "tensors in WebAssembly": BLUE,
  "tensors on TensorFlow": "#2da44e",
  "tensors with BLAS": "#0d9aa5",
  "tensors on WebGPU": PINK,
  "PyTorch": BLUE,
  "PyTorch on CUDA": PINK,
};

const WIDTH = 830;
const FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif";

const isOriginal = (name: string) => originalOf(name) === undefined;

/** Draws one chart as SVG. */
function render(height: number, theme: Theme, option: echarts.EChartsOption): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: FONT, color: theme.text, fontSize: 13 },
    ...option,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

/** An axis in the colours of the theme. */
function axis(theme: Theme, name = "") {
  return {
    name,
    nameLocation: "middle" as const,
    nameTextStyle: { color: theme.faint },
    axisLabel: { color: theme.faint },
    axisLine: { lineStyle: { color: theme.line } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: theme.line, opacity: 0.5 } },
    minorSplitLine: { show: false },
  };
}

/** A logarithmic axis of times; ECharts counts in milliseconds, as the measurements do. */
function timeAxis(theme: Theme, name: string, min = 0.1) {
  return {
    ...axis(theme, name),
    type: "log" as const,
    startValue: min,
    min,
    axisLabel: {
      color: theme.faint,
      formatter: (ms: number) => ms < 1000 ? `${ms} ms` : `${ms / 1000} s`,
    },
  };
}

function legend(theme: Theme, names: string[]) {
  return { data: names, top: 0, itemGap: 24, itemWidth: 28, textStyle: { color: theme.text } };
}

/** Losses over the iterations. */
function losses({ losses }: Measurements, theme: Theme): string {
  const names = Object.keys(losses);
  // float64 draws arrays and ndarrays on one line: the wider one shows below.
  const widths = [7, 2.5, 2.5];
  return render(380, theme, {
    legend: legend(theme, names),
    grid: { left: 70, right: 20, top: 40, bottom: 50 },
    xAxis: { ...axis(theme, "iteration"), type: "value", max: 500, nameGap: 28 },
    yAxis: {
      ...axis(theme, "loss"),
      type: "log",
      min: 1e-5,
      max: 1e8,
      nameGap: 50,
      axisLabel: {
        color: theme.faint,
        formatter: (loss: number) => `1e${Math.log10(loss)}`,
        customValues: [1e-4, 1, 1e4, 1e8],
      },
    },
    series: names.map((name, i) => ({
      name,
      type: "line",
      silent: true,
      symbol: "none",
      color: HUES[name],
      lineStyle: { width: widths[i], opacity: i === 0 ? 0.45 : 1 },
      data: losses[name].map((loss, t) => [t, loss]),
    })),
  });
}

/** The time of an iteration as the hidden layer grows. */
function hidden(measured: Measurements, theme: Theme): string {
  const sizes = [25, 50, 100, 200, 400, 800, 1600, 3200, 6400];
  const names = listed(measured, iteration()).map(([name]) => name);
  return render(480, theme, {
    legend: legend(theme, names),
    // The legend takes a line for about five names.
    grid: { left: 75, right: 20, top: 30 + 28 * Math.ceil(names.length / 5), bottom: 50 },
    xAxis: {
      ...axis(theme, "units of the hidden layer"),
      type: "log",
      logBase: 2,
      splitLine: { show: false },
      min: 25,
      max: 6400,
      nameGap: 28,
      axisLabel: {
        color: theme.faint,
        formatter: String,
        customValues: sizes,
      },
      axisTick: { show: false },
    },
    yAxis: { ...timeAxis(theme, "one training iteration"), nameGap: 55 },
    series: names.map((name) => ({
      name,
      type: "line",
      silent: true,
      color: HUES[name],
      symbol: isOriginal(name) ? "diamond" : "circle",
      symbolSize: 7,
      lineStyle: { width: 2, type: isOriginal(name) ? "dashed" : "solid" },
      data: sizes.map((hidden) => [hidden, timeOf(measured, name, iteration(hidden)) ?? "-"]),
    })),
  });
}

/** The title, over the three ways to hold numbers and what each takes. */
function header(measured: Measurements, theme: Theme): string {
  const cell = 15;
  const square = (x: number, y: number, color: string, opacity = 1) =>
    `<rect x="${x}" y="${y}" width="${cell - 3}" height="${
      cell - 3
    }" rx="2" fill="${color}" opacity="${opacity}"/>`;
  const grid = [0, 1, 2, 3, 4];
  // Rows that lie anywhere; one run of numbers; numbers in layers.
  const scattered = grid.map((row) =>
    grid.map((column) => square([0, 26, 8, 34, 14][row] + cell * column, cell * 1.25 * row, RED))
  ).flat().join("");
  const packed = grid.map((row) =>
    grid.map((column) => square(18 + cell * column, 8 + cell * row, AMBER))
  ).flat().join("");
  const layers = [2, 1, 0].map((layer) =>
    grid.map((row) =>
      grid.map((column) =>
        square(
          10 + cell * column + 11 * layer,
          22 + cell * row - 11 * layer,
          BLUE,
          [1, 0.55, 0.3][layer],
        )
      )
    ).flat().join("")
  ).join("");
  const columns = [
    { label: "arrays", picture: scattered, names: ["arrays"] },
    { label: "ndarrays", picture: packed, names: ["ndarrays", "ndarrays with BLAS"] },
    {
      label: "tensors",
      picture: layers,
      names: ["tensors in WebAssembly", "tensors on WebGPU", "tensors with BLAS"],
    },
  ].map(({ label, picture, names }, i) => {
    const x = 175 + 240 * i;
    const line = (y: number, size: number, attributes: string, text: string) =>
      `<text x="${x}" y="${y}" font-size="${size}" ${attributes} text-anchor="middle">${text}</text>`;
    // First what the plain command gives.
    const isFlag = (name: string) => takes(measured, name) === "no flag" ? 0 : 1;
    const own = listed(measured, iteration()).filter(([name]) => names.includes(name))
      .sort(([a], [b]) => isFlag(a) - isFlag(b));
    const shown = own.map(([name, ms]) => {
      const flag = takes(measured, name).replaceAll("`", "");
      return `${inMs(ms)} ${flag === "no flag" ? "an iteration" : `with ${flag}`}`;
    }).slice(0, 2);
    return `<g transform="translate(${x - 55} 95)">${picture}</g>` +
      line(222, 19, `font-weight="600" fill="${theme.text}"`, label) +
      shown.map((time, i) => line(244 + 20 * i, 14, `fill="${theme.faint}"`, time)).join("");
  }).join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="280" viewBox="0 0 ${WIDTH} 280" font-family="${FONT}">` +
    `<text x="${
      WIDTH / 2
    }" y="48" font-size="32" font-weight="700" fill="${theme.text}" text-anchor="middle">Why learn ndarrays and tensors?</text>` +
    `${columns}</svg>\n`;
}

const PICTURES = { header, losses, hidden };

/** Draws every picture for both themes, by file name. */
export function drawPictures(measured: Measurements): Record<string, string> {
  const drawn = Object.entries(PICTURES).flatMap(([name, draw]) =>
    Object.entries(THEMES).map((
      [theme, colors],
    ) => [`${name}_${theme}.svg`, draw(measured, colors)])
  );
  return Object.fromEntries(drawn);
}
