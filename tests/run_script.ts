/**
 * Scripts as a user runs them: as processes of their own.
 *
 * @module
 */

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

/** What Mesa's Vulkan driver writes where nobody is logged in, taken out. */
export const withoutDriver = (stderr: string) =>
  stderr.replaceAll(/^error: XDG_RUNTIME_DIR is invalid.*\n/gm, "");

/** Runs it to the end. */
export async function runScript(...args: Parameters<typeof command>) {
  const { code, stdout, stderr } = await command(...args).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: withoutDriver(decoder.decode(stderr)) };
}
