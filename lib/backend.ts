/**
 * What a script computes on, chosen by the flag `--backend`.
 *
 * @module
 */

import { NotAvailable } from "./errors.ts";

/** What a script computes on. */
export interface Backend {
  /** What it is, in words. */
  device: string;
  /** What to do to compute faster, in one line. */
  hint?: string | undefined;
}

/**
 * Makes a backend ready.
 *
 * @param named Whether it was asked for by its name; else it may decline to be slow.
 * @throws {NotAvailable} If it is not available.
 */
export type Open<Opened extends Backend = Backend> = (named: boolean) => Opened | Promise<Opened>;

/** Where one of these is not available, a flag, a package or a newer Deno makes it so. */
const WORTH_A_HINT = ["blas", "wasm"];

/**
 * Opens the backend of that name; or, for `auto`, the first one that is available.
 *
 * @param name What `--backend` says.
 * @param backends How to open each, by name, the fastest first.
 * @throws {NotAvailable} If the backend, or for `auto` each of them, is not available.
 */
export async function openBackend<Opened extends Backend>(
  name: string,
  backends: Record<string, Open<Opened>>,
): Promise<Opened> {
  if (name !== "auto") return await open(name, backends[name], true);

  let hint: string | undefined;
  for (const [candidate, openIt] of Object.entries(backends)) {
    try {
      return { ...await open(candidate, openIt, false), hint };
    } catch (error) {
      if (WORTH_A_HINT.includes(candidate)) hint = (error as NotAvailable).hint;
    }
  }
  throw new NotAvailable("any backend", "none is available");
}

/** Opens one backend; whatever fails there, it is not available. */
async function open<Opened extends Backend>(
  name: string,
  openIt: Open<Opened>,
  named: boolean,
): Promise<Opened> {
  try {
    return await openIt(named);
  } catch (error) {
    if (error instanceof NotAvailable) throw error;
    const [reason] = (error instanceof Error ? error.message : `${error}`).split("\n");
    throw new NotAvailable(name, reason);
  }
}
