/** What a script computes on, chosen by the flag `--backend`. @module */

import { NotAvailable } from "./errors.ts";

/** What a script computes on. */
export interface Backend {
  device: string; // what it is, in words
  readsBehind?: number; // how many iterations may begin before a loss is read; 0 if left out
  hint?: string | undefined; // how to compute faster, in one line
}

/**
 * How to start each backend, by its name, the fastest first. Each fails with {@linkcode
 * NotAvailable} if it can't be used; and if it would be slow, unless `mayBeSlow`.
 */
export type Backends<Opened extends Backend = Backend> = Record<
  string,
  (mayBeSlow: boolean) => Opened | Promise<Opened>
>;

/**
 * Starts the backend of that name; or, for `auto`, the first one that is available and fast.
 *
 * @throws {NotAvailable} If it is not available, or none is.
 */
export async function openBackend<Opened extends Backend>(
  name: string,
  backends: Backends<Opened>,
): Promise<Opened & Backend> {
  if (name !== "auto") return await backends[name](true);
  let hint: string | undefined;
  for (const start of Object.values(backends)) {
    try {
      return { ...await start(false), hint };
    } catch (error) {
      if (!(error instanceof NotAvailable)) throw error;
      if (error.worthAHint) hint = `${error.what} would be faster: ${error.why}`;
    }
  }
  throw new NotAvailable("any backend", "none is available");
}
