/** Errors that are printed as one line, `Cannot …: reason`. @module */

/** Something that the user can change: it is printed without a stack trace. */
export class UserError extends Error {
  /** @param exitCode The code to end the process with: 2 for a mistake in the flags. */
  constructor(message: string, readonly exitCode = 1) {
    super(message);
  }
}

/** Something that this machine does not have, or that Deno may not use. */
export class NotAvailable extends UserError {
  /** @param worthAHint Whether to tell the user, since training would be faster with it. */
  constructor(readonly what: string, readonly why: string, readonly worthAHint = false) {
    super(`Cannot use ${what}: ${why}`);
  }
}

/** The first line of what was thrown, without a full stop at its end. */
export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0].replace(/\.?\s*$/, "");
}
