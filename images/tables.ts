/**
 * The README's figures, written from the measurements.
 *
 * @module
 */

import { formatTime } from "../lib/timing.ts";
import {
  COMPARED,
  HIDDEN,
  iterationTime,
  type Measurements,
  operationKinds,
  operationTime,
  type Time,
} from "./measurements.ts";

/** How often a shorter time goes into a longer one, in two digits: `12`, or `3.4`. */
export function times(longer: number, shorter: number): string {
  const ratio = longer / shorter;
  return ratio < 9.95 ? ratio.toPrecision(2) : `${Number(ratio.toPrecision(2))}`;
}

/** A table in Markdown, as `deno fmt` lays it out: the first column left, the others right. */
function table(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
    )
  );
  const rule = widths.map((width, column) =>
    column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`
  );
  return [lines[0]!, rule, ...lines.slice(1)].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** The Python original of a way to train. */
export function originalOf(name: string): string | undefined {
  if (name.startsWith("arrays")) return "Python lists";
  if (name.startsWith("ndarrays")) return "NumPy";
  return name.startsWith("tensors") ? "PyTorch" : undefined;
}

/** The names of what trained at the originals' size, in the order of measuring. */
export function trained({ iterations }: Measurements): string[] {
  return iterations.filter(({ hidden }) => hidden === HIDDEN).map(({ name }) => name);
}

function iterationTable(measured: Measurements): string {
  const names = trained(measured);
  const rows = names.map((name) => {
    const ms = iterationTime(measured, name);
    const original = originalOf(name);
    const faster = original && names.includes(original)
      ? `${times(iterationTime(measured, original), ms)}x`
      : "";
    const arrays = iterationTime(measured, "arrays");
    return [name, formatTime(ms), `${times(arrays, ms)}x`, faster];
  });
  return table([["", "an iteration", "speed, arrays = 1", "speed, its original = 1"], ...rows]);
}

function dotTable(measured: Measurements): string {
  const rows = [
    ["arrays", "arrays"],
    ["ndarrays, our loops", "ndarrays"],
    ["ndarrays, BLAS", "ndarrays with BLAS"],
    ["NumPy, BLAS", "NumPy"],
  ].map(([label, name]) => [label!, formatTime(iterationTime(measured, name!))]);
  return table([["matrix products by", "an iteration"], ...rows]);
}

function operationTable(measured: Measurements): string {
  const rows = operationKinds(measured).map((kind) => {
    const arrays = operationTime(measured, kind, "arrays");
    const cells = COMPARED.map((name) => {
      const ms = operationTime(measured, kind, name);
      return name === "arrays" ? formatTime(ms) : `${formatTime(ms)} (${times(arrays, ms)}x)`;
    });
    return [kind, ...cells];
  });
  return table([["a million numbers", ...COMPARED], ...rows]);
}

function float32Table({ losses }: Measurements): string {
  const rows = [0, 100, 200, 300, 400, 499].map((t) => {
    const [float64, float32] = [losses["ndarrays"]![t]!, losses["tensors"]![t]!];
    const error = Math.abs(float32 / float64 - 1);
    return [`${t}`, float64.toPrecision(6), float32.toPrecision(6), error.toExponential(0)];
  });
  return table([["iteration", "float64", "float32", "relative difference"], ...rows]);
}

function machineText({ machine, date, versions, skipped }: Measurements): string {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join("; ");
  const without = skipped.length > 0 ? ` Not measured: ${skipped.join("; ")}.` : "";
  return `Measured on ${date}: ${machine}. ${list}.${without}`;
}

/** The fastest of ours, leaving out the Python originals, with so many hidden units. */
function fastest({ iterations }: Measurements, hidden: number): Time {
  return iterations
    .filter((time) => time.hidden === hidden && originalOf(time.name))
    .reduce((best, time) => time.ms < best.ms ? time : best);
}

/** Every figure that the README shows, by the name of its place there. */
export function figures(measured: Measurements): Record<string, string> {
  const ratio = (slower: string, faster: string) =>
    times(iterationTime(measured, slower), iterationTime(measured, faster));
  const time = (name: string) => formatTime(iterationTime(measured, name));
  return {
    "machine": `\n\n${machineText(measured)}\n\n`,
    "iterations": `\n\n${iterationTable(measured)}\n\n`,
    "dot": `\n\n${dotTable(measured)}\n\n`,
    "operations": `\n\n${operationTable(measured)}\n\n`,
    "float32": `\n\n${float32Table(measured)}\n\n`,
    "lists": time("Python lists"),
    "arrays": time("arrays"),
    "lists/arrays": ratio("Python lists", "arrays"),
    "ndarrays": time("ndarrays"),
    "arrays/ndarrays": ratio("arrays", "ndarrays"),
    "lists/numpy": ratio("Python lists", "NumPy"),
    "arrays/blas": ratio("arrays", "ndarrays with BLAS"),
    "wasm": time("tensors in WebAssembly"),
    "torch": time("PyTorch"),
    "fastest/25": fastest(measured, 25).name,
    "fastest/6400": fastest(measured, 6400).name,
    "gain/6400": times(iterationTime(measured, "arrays", 6400), fastest(measured, 6400).ms),
    "arrays/wasm": ratio("arrays", "tensors in WebAssembly"),
  };
}

/**
 * Writes the figures to their places in a text, which are marked
 * `<!-- figure NAME -->…<!-- / -->`.
 *
 * @throws {Error} If a place has a name that there is no figure for.
 */
export function writeFigures(text: string, measured: Measurements): string {
  const known = figures(measured);
  return text.replaceAll(/(<!-- figure (\S+) -->).*?(<!-- \/ -->)/gs, (_, start, name, end) => {
    if (!(name in known)) throw new Error(`Cannot write figure ${name}: there is none`);
    return `${start}${known[name]}${end}`;
  });
}
