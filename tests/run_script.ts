/**
 * Scripts as a user runs them: as processes of their own.
 *
 * @module
 */

import assert from "node:assert/strict";

/** The folder of the project. */
export const ROOT = new URL("..", import.meta.url);

/** `deno run script …` with these flags of Deno's, and nobody to ask for a permission. */
export function command(
  script: string,
  args: string[],
  denoFlags: string[] = [],
  env: Record<string, string> = {},
) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...denoFlags, script, ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs it to the end. */
export async function runScript(...args: Parameters<typeof command>) {
  const { code, stdout, stderr } = await command(...args).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Fails if a task's script takes anything but `--help`. */
export async function assertOnlyHelp(script: string, task: string, denoFlags: string[] = []) {
  const help = await runScript(script, ["--help"], ["--allow-env", ...denoFlags]);
  assert.equal(help.code, 0, help.stderr);
  assert.match(help.stdout, new RegExp(`^Usage: deno task ${task}$`, "m"));
  assert.equal(help.stderr, "");
  for (const argument of ["--nope", "images", "--help=1"]) {
    assert.deepEqual(await runScript(script, [argument], ["--allow-env", ...denoFlags]), {
      code: 2,
      stdout: "",
      stderr: `error: Cannot use "${argument}": it takes only --help\n`,
    });
  }
}
