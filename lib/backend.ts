/**
 * What a script computes on, chosen by the flag `--backend`.
 *
 * @module
 */

import { firstLine, NotAvailable } from "./errors.ts";

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
 * @throws If it is not available.
 */
export type Open<Opened extends Backend = Backend> = (named: boolean) => Opened | Promise<Opened>;

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
  const isNamed = name !== "auto";
  let hint: string | undefined;
  for (const [candidate, open] of Object.entries(backends)) {
    if (isNamed && candidate !== name) continue;
    try {
      return { ...await open(isNamed), hint };
    } catch (thrown) {
      const error = thrown instanceof NotAvailable
        ? thrown
        : new NotAvailable(candidate, firstLine(thrown));
      if (isNamed) throw error;
      // A flag or a package makes this one available, where others take hardware.
      const { what, why, remedy } = error;
      if (candidate === "blas") hint = `${what} would be faster: ${why}${remedy && `, ${remedy}`}`;
    }
  }
  throw new NotAvailable(isNamed ? name : "any backend", "none is available");
}
