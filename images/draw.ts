/**
 * Draws the README's pictures and writes its figures: `deno task images`.
 *
 * @module
 */

import { MEASUREMENTS } from "./measurements.ts";
import { drawPictures } from "./pictures.ts";
import { writeFigures } from "./tables.ts";

for (const [file, svg] of Object.entries(drawPictures(MEASUREMENTS))) {
  await Deno.writeTextFile(new URL(file, import.meta.url), svg);
}
const readme = new URL("../README.md", import.meta.url);
await Deno.writeTextFile(readme, writeFigures(await Deno.readTextFile(readme), MEASUREMENTS));
