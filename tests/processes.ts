/** Scripts as a user runs them: as processes of their own. @module */

/** The folder of the project. */
export const ROOT = new URL("..", import.meta.url);

/** A process of Deno's, without colours, with nobody to ask, and with two minutes' time. */
export function command(args: string[]) {
  return new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    // Where nobody is logged in, XDG_RUNTIME_DIR is missing, and Mesa's Vulkan driver complains.
    env: { NO_COLOR: "1", XDG_RUNTIME_DIR: "/tmp" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(120_000),
  });
}

/** Runs a process of Deno's to its end. */
export async function runDeno(args: string[]) {
  const { code, stdout, stderr } = await command(args).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Runs a script with these flags of Deno's to its end. */
export function runScript(script: string, args: string[], denoFlags: string[] = []) {
  return runDeno(["run", "--quiet", ...denoFlags, script, ...args]);
}

/** The losses in the output of a script, by iteration. */
export function lossesOf(output: string): Map<number, number> {
  const lines = output.matchAll(/^Current Iteration: (\d+) - Loss Value: (\S+)$/gm);
  return new Map(Array.from(lines, ([, t, loss]) => [Number(t), Number(loss)]));
}
