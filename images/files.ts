/**
 * Files that are written whole or not at all.
 *
 * @module
 */

import { basename } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the files are made, before they take the place of the old ones. */
const FOLDER = fileURLToPath(new URL(".", import.meta.url));

/**
 * Writes files. The old ones stay as they are until all the new ones are on disk.
 *
 * @param texts What to write, by path.
 * @param folder A folder on the same disk, for the new files while they are made.
 * @throws {Deno.errors.InvalidData} If one can't be written.
 */
export function writeFiles(texts: Record<string, string>, folder = FOLDER) {
  const made: string[] = [];
  let file = "";
  try {
    for (file of Object.keys(texts)) {
      made.push(`${folder}/${basename(file)}.new`);
      Deno.writeTextFileSync(made.at(-1)!, texts[file]);
    }
    for (file of Object.keys(texts)) Deno.renameSync(made.shift()!, file);
  } catch (error) {
    throw new Deno.errors.InvalidData(`Cannot write ${file}: ${(error as Error).message}`);
  } finally {
    // Whatever is still there was not renamed.
    for (const left of made) removeFile(left);
  }
}

function removeFile(path: string) {
  try {
    Deno.removeSync(path);
  } catch {
    // It was not made.
  }
}
