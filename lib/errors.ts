/**
 * Errors that a user is told in one line, `Cannot …: reason`.
 *
 * @module
 */

/** What went wrong is no mistake in the code, and so takes no stack trace. */
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

  /**
   * @param what What can't be used.
   * @param why Why not.
   * @param remedy What to do about it.
   */
  constructor(readonly what: string, readonly why: string, readonly remedy?: string) {
    super(`Cannot use ${what}: ${why}${remedy ? `, ${remedy}` : ""}`);
  }

  /** The advice that follows where something slower is used in its place. */
  get hint(): string {
    return `${this.what} would be faster: ${this.why}${this.remedy ? `, ${this.remedy}` : ""}`;
  }
}
