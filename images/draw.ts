/**
 * Draws the README's pictures and writes its figures: `deno task images`.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { fail } from "../lib/cli.ts";
import { readArguments } from "./arguments.ts";
import { writeFiles } from "./files.ts";
import { SCRIPTS, writeLines } from "./lines.ts";
import { MEASUREMENTS } from "./measurements.ts";
import { drawPictures } from "./pictures.ts";
import { writeFigures } from "./tables.ts";

readArguments(`Draws the README's pictures, and writes its tables, figures and lines of code.

Usage: deno task images

Takes the measurements from images/measurements.json, which deno task measure writes,
and the code from the three scripts. It takes a few seconds, and writes README.md and
images/*.svg, or nothing where a figure is missing.

  -h, --help  print this text`);

const path = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url));

function read(file: string): string {
  try {
    return Deno.readTextFileSync(path(file));
  } catch (error) {
    throw new Deno.errors.InvalidData(`Cannot read ${file}: ${(error as Error).message}`);
  }
}

try {
  const sources = SCRIPTS.map((name) => [name, read(`${name}_neural_network.ts`)]);
  const figures = writeFigures(read("README.md"), MEASUREMENTS);
  const files = [
    ...Object.entries(drawPictures(MEASUREMENTS)).map(([file, svg]) => [`images/${file}`, svg]),
    ["README.md", writeLines(figures, Object.fromEntries(sources))],
  ];
  writeFiles(Object.fromEntries(files.map(([file, text]) => [path(file), text])));
} catch (error) {
  if (!(error instanceof Deno.errors.InvalidData)) throw error;
  fail(error.message, 1);
}
