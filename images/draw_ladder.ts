/** Draws ladder_light.svg and ladder_dark.svg from measurements.json: `deno task images`. @module */

import measured from "./measurements.json" with { type: "json" };

interface Bar {
  name: string;
  ms: number;
  color: string;
  note?: string;
}

const FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";
const FIRST_BAR = 76; // from the top, in pixels
const BAR_TO_BAR = 38;
const BARS_LEFT = 338;
const LONGEST = 330;

const THEMES: Record<string, Record<string, string>> = {
  light: { text: "#1f2328", pale: "#59636e", gray: "#6e7781", red: "#cf222e", green: "#1a7f37" },
  dark: { text: "#f0f6fc", pale: "#9198a1", gray: "#8b949e", red: "#f85149", green: "#3fb950" },
};

/** The lines of a bar: what it is, the bar itself, its time and its note. */
function drawBar({ name, ms, color, note }: Bar, i: number, colors: Record<string, string>) {
  const top = FIRST_BAR + i * BAR_TO_BAR;
  const baseline = top + 19;
  const longest = Math.max(...measured.bars.map(({ ms }) => ms));
  const width = Math.max(3, LONGEST * ms / longest);
  const right = BARS_LEFT + width + 10;
  const comment = note
    ? `<tspan dx="12" font-size="14" font-weight="400" fill="${colors[color]}">${note}</tspan>`
    : "";
  return [
    `<text x="${BARS_LEFT - 12}" y="${baseline}" font-size="15" text-anchor="end">${name}</text>`,
    `<rect x="${BARS_LEFT}" y="${top}" width="${width.toFixed(1)}" height="26" rx="3" fill="${
      colors[color]
    }"/>`,
    `<text x="${right.toFixed(1)}" y="${baseline}" font-weight="600">${ms} ms${comment}</text>`,
  ];
}

for (const [theme, colors] of Object.entries(THEMES)) {
  const height = FIRST_BAR + measured.bars.length * BAR_TO_BAR;
  const size = `width="830" height="${height}" viewBox="0 0 830 ${height}"`;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="${FONT}" fill="${colors.text}">`,
    `<text x="2" y="20" font-size="18" font-weight="600">${measured.title}</text>`,
    `<text x="2" y="46" font-size="15" fill="${colors.pale}">${measured.subtitle}</text>`,
    ...measured.bars.flatMap((bar, i) => drawBar(bar, i, colors)),
    "</svg>",
  ];
  Deno.writeTextFileSync(`images/ladder_${theme}.svg`, lines.join("\n") + "\n");
}
