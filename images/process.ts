/**
 * Runs what measures in a process of its own, and reads what it prints.
 *
 * @module
 */

import type { Row } from "./measurements.ts";

/** The versions of what `python3` has; none of what it has not. */
export type Versions = Record<"python" | "numpy" | "torch", string | null>;

/** Where the originals are. */
export const ORIGINALS = "images/originals.py";

/**
 * Reads a line that the script printed.
 *
 * @throws {Deno.errors.InvalidData} If it is neither versions nor a time.
 */
export function parseLine(line: string): Versions | Row {
  try {
    const read = JSON.parse(line);
    const isRow = typeof read.name === "string" && Number.isFinite(read.ms) &&
      (Number.isFinite(read.hidden) || typeof read.order === "string");
    if (isRow || typeof read.python === "string") return read;
  } catch {
    // Some text: what it is, is said below.
  }
  throw new Deno.errors.InvalidData(`it printed ${JSON.stringify(line.slice(0, 60))}`);
}

/**
 * Measures in another process: the originals, or the orders of loops.
 *
 * @param take Gets each line, as soon as it is there.
 * @param command What to run, with its arguments.
 * @returns Why it was passed over from some line on; nothing, if it was not.
 */
export async function measureInProcess(
  take: (line: Versions | Row) => void,
  [program, ...args]: string[],
): Promise<string | undefined> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, { args, stdin: "null", stdout: "piped" }).spawn();
  } catch (error) {
    return error instanceof Deno.errors.NotFound
      ? `there is no ${program}`
      : `Cannot run ${program}: ${(error as Error).message}`;
  }
  try {
    let rest = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) take(parseLine(line));
    }
    if (rest) take(parseLine(rest));
  } catch (error) {
    if (!(error instanceof Deno.errors.InvalidData)) throw error;
    try {
      child.kill();
    } catch {
      // It has ended.
    }
    await child.status;
    return error.message;
  }
  const { success, code } = await child.status;
  return success ? undefined : `it ended with code ${code}`;
}
