/**
 * Tables in Markdown, code in their cells, and places in a text to write to.
 *
 * @module
 */

/** A table of two columns, which `deno fmt` is to leave as narrow as it is. */
export function narrowTable(rows: [string, string][]): string {
  const [head, ...body] = rows.map((row) => `| ${row.join(" | ")} |`);
  return ["<!-- deno-fmt-ignore -->", head, "| --- | --- |", ...body].join("\n");
}

/** A table, as `deno fmt` lays it out: the first `left` columns to the left, the others right. */
export function table(rows: string[][], left = 1): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) =>
    row.map((cell, column) =>
      column < left ? cell.padEnd(widths[column]) : cell.padStart(widths[column])
    )
  );
  const rule = widths.map((width, column) =>
    column < left ? "-".repeat(width) : `${"-".repeat(width - 1)}:`
  );
  return [lines[0], rule, ...lines.slice(1)].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** Characters of code that half of a phone's width has room for. */
const PHONE = 16;

/** A word of code as HTML, which a narrow page may break after a bracket, or inside a name. */
function breakable(word: string): string {
  const pieces = word.length <= PHONE ? [word] : word.split(/(?<=\()/);
  const parts = pieces.flatMap((piece) =>
    piece.length <= PHONE ? [piece] : piece.split(/(?<=_)|(?<=[a-z])(?=[A-Z])|(?=\.[a-z])/)
  );
  return parts.map((part) => part.replaceAll("&", "&amp;").replaceAll("<", "&lt;")).join("<wbr>");
}

/** Statements in a cell, each on a line of its own. */
export function codeCell(statements: string[]): string {
  const lines = statements.map((statement) => {
    const html = statement.split(" ").map(breakable).join(" ");
    return html.includes("<wbr>") ? `<code>${html}</code>` : `\`${statement}\``;
  });
  return lines.join("<br>").replaceAll("|", "\\|");
}

/**
 * Writes to the places in a text that are marked `<!-- KIND NAME -->…<!-- / -->`.
 *
 * @param contents Gives what to write, by name.
 * @throws {Deno.errors.InvalidData} If a place does not end.
 */
export function writePlaces(
  text: string,
  kind: string,
  contents: (name: string) => string,
): string {
  const places = new RegExp(
    `(<!-- ${kind} (\\S+) -->)(.*?)(<!-- / -->|<!-- \\w+ \\S+ -->|$)`,
    "gs",
  );
  return text.replaceAll(places, (_, start, name, _old, end) => {
    if (end !== "<!-- / -->") {
      throw new Deno.errors.InvalidData(`Cannot write ${kind} ${name}: its place does not end`);
    }
    return `${start}${contents(name)}${end}`;
  });
}
