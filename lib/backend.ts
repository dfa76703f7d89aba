/** What a script computes on, chosen by the flag `--backend`. @module */

import { NotAvailable } from "./errors.ts";

/** What a script computes on. */
export interface Backend {
  device: string; // what it is, in words
  readsBehind?: number; // how many iterations may begin before a loss is read; 0 if left out
  hints?: string[]; // what would be faster, and why it is not used; a line each
}

/**
 * How to start each backend, by its name, the fastest first. Each fails with {@linkcode
 * NotAvailable} if it can't be used; and if it would be slow, unless `mayBeSlow`.
 */
export type Backends<B extends Backend = Backend> = Record<
  string,
  (mayBeSlow: boolean) => B | Promise<B>
>;

/** What the naive script computes on: there is nothing to choose. */
export const ARRAYS: Backends = { arrays: () => ({ device: "arrays of arrays" }) };

/**
 * Starts the backend of that name; or, for `auto`, the first one that is available and fast.
 * @throws {NotAvailable} If it is not available, or none is.
 */
export async function openBackend<B extends Backend>(
  name: string,
  backends: Backends<B>,
): Promise<B> {
  if (name !== "auto") return await backends[name](true);
  const [reasons, hints]: string[][] = [[], []];
  for (const start of Object.values(backends)) {
    try {
      const backend = await start(false);
      return { ...backend, hints: [...hints, ...backend.hints ?? []] };
    } catch (error) {
      if (!(error instanceof NotAvailable)) throw error;
      reasons.push(`${error.what}: ${error.why}`);
      if (error.worthAHint) hints.push(`${error.what} would be faster: ${error.why}`);
    }
  }
  throw new NotAvailable("any backend", reasons.join("; "));
}
