/** Times as the scripts and the pages print them: with three digits. @module */

const threeDigits = new Intl.NumberFormat("en", {
  minimumSignificantDigits: 3,
  maximumSignificantDigits: 3,
  useGrouping: false,
});

/** A time in milliseconds, such as `11.4 ms`. */
export const inMs = (ms: number) => `${threeDigits.format(ms)} ms`;

/** A time in seconds, such as `5.72 s`; it is given in milliseconds. */
export const inSeconds = (ms: number) => `${threeDigits.format(ms / 1000)} s`;
