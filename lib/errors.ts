/**
 * Errors that a user is told in one line, `Cannot …: reason`.
 *
 * @module
 */

/** A failure that is no mistake in the code, and so takes no stack trace. */
export class UserError extends Error {
  override name = "UserError";

  /** @param exitCode The code to end the process with: 2 for a mistake in the command line. */
  constructor(message: string, readonly exitCode: 1 | 2 = 1) {
    super(message);
  }
}

/** Something that this machine lacks, or that a permission or a version of Deno keeps away. */
export class NotAvailable extends UserError {
  override name = "NotAvailable";

  /** What can't be used; why not, and what to do about it if there is anything. */
  constructor(readonly what: string, readonly why: string, readonly remedy = "") {
    super(`Cannot use ${what}: ${why}${remedy && `, ${remedy}`}`);
  }
}

/** The first line of what was thrown. */
export function firstLine(error: unknown): string {
  return `${error instanceof Error ? error.message : error}`.split("\n")[0];
}
