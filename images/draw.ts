/**
 * Draws the README's pictures and writes its figures from the measurements:
 * `deno task images`.
 *
 * @module
 */

import { MEASUREMENTS } from "./measurements.ts";
import { drawPictures } from "./pictures.ts";
import { writeFigures } from "./tables.ts";

const url = (file: string) => new URL(`../${file}`, import.meta.url);

for (const [file, svg] of Object.entries(drawPictures(MEASUREMENTS))) {
  Deno.writeTextFileSync(url(`images/${file}`), svg);
}
const readme = Deno.readTextFileSync(url("README.md"));
Deno.writeTextFileSync(url("README.md"), writeFigures(readme, MEASUREMENTS));
