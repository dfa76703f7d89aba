/** Scripts as a user runs them: as processes of their own. @module */

/** The folder of the project. */
export const ROOT = new URL("..", import.meta.url);

/** Variables that colour what a program prints, or make it or its libraries print more. */
const TALKATIVE =
  /COLOR|DEBUG|VERBOSE|LOG|TRACE|^OMP_DISPLAY|^KMP_|_LAYERS|_HUD|^DENO_(INSPECT|AUDIT)/i;

/** A process of Deno's, with the user's environment, nobody to ask, and two minutes' time. */
export function command(args: string[], env: Record<string, string> = {}, cwd = ROOT) {
  const kept = Object.entries(Deno.env.toObject()).filter(([name]) => !TALKATIVE.test(name));
  return new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    clearEnv: true,
    // Where nobody is logged in, XDG_RUNTIME_DIR is missing, and Mesa's Vulkan driver complains.
    env: { ...Object.fromEntries(kept), NO_COLOR: "1", XDG_RUNTIME_DIR: "/tmp", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(120_000),
  });
}

/** Runs a process of Deno's to its end. */
export async function runDeno(...process: Parameters<typeof command>) {
  const { code, stdout, stderr } = await command(...process).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Runs a script with these flags of Deno's to its end. */
export const runScript = (script: string, args: string[], denoFlags: string[] = []) =>
  runDeno(["run", "--quiet", ...denoFlags, script, ...args]);

/** The flag that runs this code before a script. */
export const preload = (code: string) =>
  `--preload=data:text/javascript,${encodeURIComponent(code)}`;
