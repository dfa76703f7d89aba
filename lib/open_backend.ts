/** What a script computes on, chosen by the flag `--backend`. @module */

import { NotAvailable } from "./errors.ts";

/** What a script computes on. */
export interface Backend {
  device: string; // what it is, in words
  hints?: string[]; // what the user should know about it, a line each
  readsBehind?: number; // how many iterations may begin before a loss is read; 0 if left out
}

/**
 * How to start each backend, by its name, the one first that `auto` tries first. A start fails with
 * {@linkcode NotAvailable} if the backend can't be used, or if it would be slow and the user has
 * not named it.
 */
export type Backends<B extends Backend = Backend> = Record<
  string,
  (isNamed: boolean) => B | Promise<B>
>;

/**
 * Starts the backend of that name; or, for `auto`, the first one that is available and fast.
 *
 * @returns The backend, and hints for the user: what would be faster, and what it lacks.
 * @throws {NotAvailable} If it is not available, or none is.
 */
export async function openBackend<B extends Backend>(
  name: string,
  backends: Backends<B>,
): Promise<{ backend: B; hints: string[] }> {
  if (name !== "auto") {
    const backend = await backends[name](true);
    return { backend, hints: backend.hints ?? [] };
  }
  const hints: string[] = [];
  const reasons: string[] = [];
  for (const start of Object.values(backends)) {
    try {
      const backend = await start(false);
      return { backend, hints: [...hints, ...backend.hints ?? []] };
    } catch (error) {
      if (!(error instanceof NotAvailable)) throw error;
      reasons.push(`${error.what}: ${error.why}`);
      if (error.worthAHint) hints.push(`${error.what} would be faster: ${error.why}`);
    }
  }
  throw new NotAvailable("any backend", reasons.join("; "));
}
