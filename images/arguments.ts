/**
 * The command line of the tasks here, which take no flag but `--help`.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { fail, print, quote } from "../lib/cli.ts";

/** Prints `help` where it is asked for, or refuses any other argument; both end the process. */
export function readArguments(help: string) {
  const { tokens } = parseArgs({
    args: Deno.args,
    options: { help: { type: "boolean", short: "h" } },
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const unknown = tokens.find((token) =>
    token.kind !== "option" || token.name !== "help" || token.value !== undefined
  );
  if (unknown) {
    fail(`Cannot use ${quote(Deno.args[unknown.index])}: it takes only --help`, 2);
  }
  if (tokens.length > 0) {
    print(help);
    Deno.exit(0);
  }
}
