/**
 * The scripts beside their Python originals, statement by statement. Our column is
 * taken from the scripts.
 *
 * @module
 */

import { codeCell, narrowTable, writePlaces } from "./markdown.ts";

/** A row: what Python calls, how our statements begin, and what comes out. */
type Row = [python: string[], beginnings: string[], result?: string];

const SIZES: Row = [["N, D_in, H, D_out = 64, 1000, 100, 10"], ["SIZES = "]];

/** The rows up to the loop; `randn` is how the original draws a matrix of that shape. */
const start = (randn: (shape: string) => string, wrap = ""): Row[] => [
  SIZES,
  [[randn("N, D_in")], ["const x = "], "(N, D_in)"],
  [[randn("N, D_out")], ["const y = "], "(N, D_out)"],
  [[randn("D_in, H")], [`const w1 = ${wrap}`], "(D_in, H)"],
  [[randn("H, D_out")], [`const w2 = ${wrap}`], "(H, D_out)"],
  [["learning_rate = 1e-6", "range(500)"], ["TRAINING = ", "for (let t = 0"]],
];

const NAIVE: Row[] = [
  ...start(() => "random.gauss(0, 1)"),
  [["matrix_multiply(x, w1)"], ["const h = "], "(N, H)"],
  [["inplace_relu(h)"], ["const hRelu = "], "(N, H)"],
  [["matrix_multiply(h_relu, w2)"], ["const yPred = "], "(N, D_out)"],
  [
    ["sum_2d_list(square_2d_list(subtract_matrices(y_pred, y)))"],
    ["const loss = "],
    "a number",
  ],
  [["print(…)"], ["yield "]],
  [
    ["multiply_with_constant(subtract_matrices(y_pred, y), 2.0)"],
    ["const gradYPred = "],
    "(N, D_out)",
  ],
  [["matrix_multiply(transpose(h_relu), grad_y_pred)"], ["const gradW2 = "], "(H, D_out)"],
  [["matrix_multiply(grad_y_pred, transpose(w2))"], ["const gradHRelu = "], "(N, H)"],
  [
    ["copy_2d_list(grad_h_relu)", "grad_h[i][j] if h_relu[i][j] >= 0 else 0.0"],
    ["const gradH = "],
    "(N, H)",
  ],
  [["matrix_multiply(transpose(x), grad_h)"], ["const gradW1 = "], "(D_in, H)"],
  [["grad_b2[j] += grad_y_pred[i][j]", "grad_b1[j] += grad_h[i][j]"], []],
  [
    ["subtract_matrices(w1, multiply_with_constant(grad_w1, learning_rate))"],
    ["w1 = "],
    "(D_in, H)",
  ],
  [
    ["subtract_matrices(w2, multiply_with_constant(grad_w2, learning_rate))"],
    ["w2 = "],
    "(H, D_out)",
  ],
];

const NDARRAY: Row[] = [
  ...start((shape) => `np.random.randn(${shape})`),
  [["x.dot(w1)"], ["const h = "], "(N, H)"],
  [["np.maximum(h, 0)"], ["const hRelu = ", "ops.maxs(hRelu, "], "(N, H)"],
  [["h_relu.dot(w2)"], ["const yPred = "], "(N, D_out)"],
  [
    ["np.square(y_pred - y).sum()"],
    ["const difference = ", "ops.sub(difference, ", "const loss = "],
    "a number",
  ],
  [["print(…)"], ["yield "]],
  [["2.0 * (y_pred - y)"], ["const gradYPred = ", "ops.muls(gradYPred, "], "(N, D_out)"],
  [["h_relu.T.dot(grad_y_pred)"], ["const gradW2 = "], "(H, D_out)"],
  [["grad_y_pred.dot(w2.T)"], ["const gradHRelu = "], "(N, H)"],
  [
    ["grad_h_relu.copy()", "grad_h[h < 0] = 0"],
    ["const mask = ", "ops.geqs(mask, ", "const gradH = ", "ops.mul(gradH, "],
    "(N, H)",
  ],
  [["x.T.dot(grad_h)"], ["const gradW1 = "], "(D_in, H)"],
  [["w1 -= learning_rate * grad_w1"], ["subtractScaled(w1, "], "(D_in, H)"],
  [["w2 -= learning_rate * grad_w2"], ["subtractScaled(w2, "], "(H, D_out)"],
];

const TENSOR: Row[] = [
  ...start((shape) => `torch.randn(${shape}, device=device)`, "tf.tidy("),
  [[], ["tf.engine().startScope("]],
  [["x.mm(w1)"], ["const h = "], "(N, H)"],
  [["h.clamp(min=0)"], ["const hRelu = "], "(N, H)"],
  [["h_relu.mm(w2)"], ["const yPred = "], "(N, D_out)"],
  [["(y_pred - y).pow(2).sum()"], ["const loss = "], "()"],
  [["2.0 * (y_pred - y)"], ["const gradYPred = "], "(N, D_out)"],
  [["h_relu.t().mm(grad_y_pred)"], ["const gradW2 = "], "(H, D_out)"],
  [["grad_y_pred.mm(w2.t())"], ["const gradHRelu = "], "(N, H)"],
  [
    ["grad_h_relu.clone()", "grad_h[h < 0] = 0"],
    ["const mask = ", "const gradH = "],
    "(N, H)",
  ],
  [["x.t().mm(grad_h)"], ["const gradW1 = "], "(D_in, H)"],
  [["w1 -= learning_rate * grad_w1"], ["w1.assign("], "(D_in, H)"],
  [["w2 -= learning_rate * grad_w2"], ["w2.assign("], "(H, D_out)"],
  [[], ["tf.engine().endScope("]],
  [["print(… loss.item() …)"], ["yield "]],
];

const ROWS: Record<string, Row[]> = { naive: NAIVE, ndarray: NDARRAY, tensor: TENSOR };

/** The scripts that have such a table, by name. */
export const SCRIPTS = Object.keys(ROWS);

/** Stands beside what the other language has no statement for. */
const NOTHING = "no counterpart";

/** What stands in the braces that open at the end of what `head` finds. */
function block(code: string, head: RegExp): string {
  const found = code.match(head);
  if (!found) throw new Deno.errors.InvalidData(`there is no ${head.source}`);
  const start = found.index! + found[0].length;
  let depth = 1;
  let end = start;
  while (depth > 0 && end < code.length) {
    if (code[end] === "{") depth++;
    if (code[end] === "}") depth--;
    end++;
  }
  return code.slice(start, end - 1);
}

/** The statements of code without comments, each on one line. */
function statementsOf(code: string): string[] {
  const statements = [""];
  let depth = 0;
  for (const char of code) {
    if ("([{".includes(char)) depth++;
    if (")]}".includes(char)) depth--;
    if (char === ";" && depth === 0) statements.push("");
    else statements[statements.length - 1] += char;
  }
  return statements.map(onOneLine).filter((statement) => statement !== "");
}

function onOneLine(code: string): string {
  return code.replaceAll(/\s+/g, " ").replaceAll(/(?<=[([]) |,? (?=[)\]])|,(?= })/g, "").trim();
}

/**
 * The statements of a script that the table shows: its sizes, the data and weights
 * that `draw` makes, how it trains, and what the loop of `train` does.
 *
 * @throws {Deno.errors.InvalidData} If the script is built another way.
 */
function scriptStatements(source: string): string[] {
  const code = source.replaceAll(/\/\*.*?\*\//gs, "").replaceAll(/\/\/.*$/gm, "");
  const constant = (name: string) =>
    onOneLine(`${name} = {${block(code, new RegExp(`const ${name} = \\{`))}}`);
  const drawn = statementsOf(block(code, /function draw\([^)]*\) \{/));
  const randn = drawn.findIndex((statement) => statement.startsWith("const randn = "));
  const end = drawn.findIndex((statement) => statement.startsWith("return "));
  return [
    constant("SIZES"),
    ...drawn.slice(randn + 1, end),
    constant("TRAINING"),
    "for (let t = 0; t < steps; t++)",
    ...statementsOf(block(code, /for \(let t = 0; t < steps; t\+\+\) \{/)),
  ];
}

/** The table of one script. */
function linesTable(rows: Row[], statements: string[]): string {
  const rest = [...statements];
  const cells = rows.map(([python, beginnings, result]): [string, string] => {
    const ours = beginnings.map((beginning) => {
      const statement = rest.shift();
      if (statement?.startsWith(beginning)) return statement.replace(/^const /, "");
      throw new Deno.errors.InvalidData(
        `expected ${beginning.trimEnd()} …, found ${statement ?? "the end"}`,
      );
    });
    const shape = result ? ` →\u00a0${result.replaceAll(" ", "\u00a0")}` : "";
    return [codeCell(python) || NOTHING, (codeCell(ours) || NOTHING) + shape];
  });
  if (rest.length > 0) {
    throw new Deno.errors.InvalidData(`expected the end, found ${rest[0]}`);
  }
  return narrowTable([["Python", "TypeScript"], ...cells]);
}

/**
 * Writes the tables to their places in a text, which are marked
 * `<!-- lines NAME -->…<!-- / -->`.
 *
 * @param sources The scripts, by name.
 * @throws {Deno.errors.InvalidData} If there is no script of that name, or one whose
 *   statements are not those that the rows expect, in their order.
 */
export function writeLines(text: string, sources: Record<string, string>): string {
  return writePlaces(text, "lines", (name) => {
    try {
      if (!Object.hasOwn(ROWS, name)) throw new Deno.errors.InvalidData("there is no such script");
      return `\n\n${linesTable(ROWS[name], scriptStatements(sources[name]))}\n\n`;
    } catch (error) {
      if (!(error instanceof Deno.errors.InvalidData)) throw error;
      throw new Deno.errors.InvalidData(`Cannot write the lines of ${name}: ${error.message}`);
    }
  });
}
