/**
 * Scripts as a user runs them: as processes of their own.
 *
 * @module
 */

/** The folder of the project. */
export const ROOT = new URL("..", import.meta.url);

// What Deno, the system and the drivers need; nothing that colours or adds to an output.
// deno-fmt-ignore
const KEPT = /^(DENO_DIR|HOME|PATH|TMPDIR|TEMP|USERPROFILE|LOCALAPPDATA|SYSTEMROOT|(LD|OPENBLAS|VK)_.*)$/i;

/** `deno run …`, with nobody to ask for a permission, and a minute's time. */
export function command(
  args: string[],
  env: Record<string, string> = {},
  stdin: "null" | "piped" = "null",
) {
  const kept = Object.entries(Deno.env.toObject()).filter(([name]) => KEPT.test(name));
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...args],
    cwd: ROOT,
    clearEnv: true,
    // Mesa's Vulkan driver complains where nobody is logged in, and has no such variable.
    env: { ...Object.fromEntries(kept), NO_COLOR: "1", XDG_RUNTIME_DIR: "/tmp", ...env },
    stdin,
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(60_000),
  });
}

/** Runs a script with these flags of Deno's to its end. */
export async function runScript(
  script: string,
  args: string[],
  denoFlags: string[] = [],
  env: Record<string, string> = {},
) {
  const { code, stdout, stderr } = await command([...denoFlags, script, ...args], env).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
