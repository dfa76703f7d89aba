/** Draws ladder_light.svg and ladder_dark.svg from measurements.json: `deno task images`. @module */

import measured from "./measurements.json" with { type: "json" };

interface Bar {
  name: string;
  ms: number;
  color: string;
  note?: string;
}

const FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";
const WIDTH = 600; // of the picture, in pixels
const LONGEST = 480; // of the bars
const FIRST_BAR = 76; // from the top
const BAR_TO_BAR = 56;

const THEMES: Record<string, Record<string, string>> = {
  light: { text: "#1f2328", pale: "#59636e", gray: "#6e7781", red: "#cf222e", green: "#1a7f37" },
  dark: { text: "#f0f6fc", pale: "#9198a1", gray: "#8b949e", red: "#f85149", green: "#3fb950" },
};

/** The lines of a bar: what it is and its note above, and its time behind it. */
function drawBar({ name, ms, color, note }: Bar, i: number, colors: Record<string, string>) {
  const top = FIRST_BAR + i * BAR_TO_BAR;
  const longest = Math.max(...measured.bars.map(({ ms }) => ms));
  const width = Math.max(3, LONGEST * ms / longest);
  const fill = colors[color];
  const comment = note ? `<tspan dx="10" fill="${fill}">${note}</tspan>` : "";
  return [
    `<text x="2" y="${top + 16}">${name}${comment}</text>`,
    `<rect x="2" y="${top + 23}" width="${width.toFixed(1)}" height="22" rx="3" fill="${fill}"/>`,
    `<text x="${(width + 10).toFixed(1)}" y="${top + 40}" font-weight="600">${ms} ms</text>`,
  ];
}

for (const [theme, colors] of Object.entries(THEMES)) {
  const height = FIRST_BAR + measured.bars.length * BAR_TO_BAR;
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  const style = `font-family="${FONT}" font-size="16" fill="${colors.text}"`;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${style}>`,
    `<text x="2" y="20" font-size="18" font-weight="600">${measured.title}</text>`,
    `<text x="2" y="46" fill="${colors.pale}">${measured.subtitle}</text>`,
    ...measured.bars.flatMap((bar, i) => drawBar(bar, i, colors)),
    "</svg>",
  ];
  Deno.writeTextFileSync(`images/ladder_${theme}.svg`, lines.join("\n") + "\n");
}
