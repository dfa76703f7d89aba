/**
 * Trains the three networks in the reader's browser and compares them. `deno task page` puts this
 * and page.html into one file. The parameters in its address are the scripts' flags.
 *
 * @module
 */

/// <reference lib="dom" />

import { comparison, TRAINERS } from "../images/tables.ts";
import { type Options, readOptions } from "../lib/cli.ts";
import { firstLine, UserError } from "../lib/errors.ts";
import { TENSOR_BACKENDS } from "../lib/tensors.ts";
import { COMPARISON, figures, iterationTime, notes, STARTS } from "./trainings.ts";

const TURN_MS = 25; // how long it trains before the browser may draw and answer the reader
const PERCENT_OF_ARRAYS = 80; // how wide the bar of arrays becomes, so that a longer one has room
const DECADES = 12; // the powers of ten that a bar is high; more if the loss falls further

const find = (selector: string) => document.querySelector(selector) as HTMLElement;

/** Gives the browser a turn. Unlike a timer, this does not wait in a tab that nobody sees. */
const { port1, port2 } = new MessageChannel();
const turn = () => new Promise((resolve) => (port1.onmessage = resolve, port2.postMessage(0)));

/** The browser and its system, in words. */
function browser({ userAgent }: Navigator): string {
  // The last of these names is the browser's own; the others are there for old sites.
  const names = /.*(Chrome|CriOS|Edg|Firefox|FxiOS|OPR|Version)\/(\d+)/;
  const [, name = "A browser", version = ""] = userAgent.match(names) ?? [];
  const [, system = "another system"] = userAgent.match(/\((?:X11; |Linux; )*(\w+)/) ?? [];
  const better: Record<string, string> = { Edg: "Edge", OPR: "Opera", Version: "Safari" };
  return `${better[name] ?? name} ${version} on ${system}`;
}

/** Trains, shows in a row how far it is and below it a bar, and gives the time of an iteration. */
async function fill(
  [, row, picture]: Iterable<HTMLTableRowElement>,
  { backend, losses: training }: Awaited<ReturnType<typeof STARTS.naive>>,
  options: Options,
  msOfArrays?: number,
): Promise<number> {
  const [bar, line] = picture.querySelectorAll<SVGElement>("svg, polyline");
  const losses: number[] = [];
  const times = [performance.now()];
  let [ms, points, turned, paused] = [NaN, "", times[0], 0];
  for await (const { t, loss } of training) {
    const now = performance.now();
    times.push(now - paused);
    losses.push(loss);
    if (t > 0 && t < options.steps - 1 && now - turned < TURN_MS || !isFinite(loss)) continue;

    ms = iterationTime(times);
    const shown = Object.entries(figures(options, losses, ms, msOfArrays ?? ms));
    find("thead").innerHTML ||= `<tr>${shown.map(([head]) => `<th scope="col">${head}`).join("")}`;
    shown.forEach(([, figure], i) => row.cells[i].textContent = figure);
    const width = PERCENT_OF_ARRAYS * (t + 1) * ms / options.steps / (msOfArrays ?? ms);
    bar.style.width = `${Math.min(100, width)}%`;
    bar.style.borderRight = width > 100 ? "0.5rem dotted Canvas" : "";
    const [top, height] = [losses[0], loss || Number.MIN_VALUE].map(Math.log10);
    points += ` ${t},${top - height}`;
    line.setAttribute("points", points);
    bar.setAttribute("viewBox", `0 -1 ${t || 1} ${Math.max(DECADES, top - height) + 2}`);
    await turn();
    turned = performance.now();
    // A GPU goes on computing meanwhile.
    if (!backend.readsBehind) paused += turned - now;
  }
  return ms;
}

/** Answers the page's question by the times of an iteration. */
function answer(times: Record<string, number>): string {
  if (times.arrays === undefined) return "Arrays could not be trained, so nothing can be compared.";
  const parts = Object.entries(times)
    .map(([name, ms]) => `${comparison(ms, times.arrays)} with ${name}`)
    .filter((part) => part.includes(" times as fast "));
  if (parts.length === 0) return "For this network arrays will do: here nothing trains it faster.";
  const list = new Intl.ListFormat("en").format(parts);
  return `Because, compared with arrays, your browser trains this network ${list}: they keep a ` +
    "matrix in one block of memory, as code that was written for matrix products needs it.";
}

try {
  const command = { ...COMPARISON, backends: { webgpu: TENSOR_BACKENDS.webgpu } };
  const options = readOptions(command, Object.fromEntries(new URLSearchParams(location.search)));
  const about = `${browser(navigator)}, ${options.steps} iterations`;
  const digits = "Tensors have numbers of seven digits, and so another last loss than the others.";
  find("small").innerText = [about, ...notes(options), digits].join("\n");
  const times: Record<string, number> = {};
  for (const [name, { needs, script, backend }] of Object.entries(TRAINERS)) {
    if (!script || !["nothing", "a GPU"].includes(needs)) continue;
    find("[role=status]").textContent = `Training ${name}`;
    const body = find("table").appendChild(document.createElement("tbody"));
    body.innerHTML = `<tr><th scope="rowgroup" colspan="4">${name}<tr>${"<td>".repeat(4)}
      <tr aria-hidden="true"><td colspan="4">
      <svg preserveAspectRatio="none"><polyline vector-effect="non-scaling-stroke" /></svg>`;
    const [head, row, picture] = body.rows;
    await turn();
    try {
      // STARTS would take a slow GPU in software too.
      if (backend === "webgpu") await TENSOR_BACKENDS.webgpu(options.backend === backend);
      const training = await STARTS[script](options, backend);
      const [, adapter] = training.backend.device.split(" on ");
      if (adapter) head.cells[0].textContent += `: ${adapter}`;
      await turn();
      times[name] = await fill(body.rows, training, options, times.arrays);
    } catch (error) {
      if (!(error instanceof UserError)) console.error(error);
      row.remove();
      picture.ariaHidden = null;
      picture.cells[0].textContent = firstLine(error);
    }
  }
  find("[role=status]").textContent = answer(times);
} catch (error) {
  find("main").innerHTML = '<p role="alert">';
  find("[role=alert]").textContent = firstLine(error);
  if (!(error instanceof UserError)) throw error;
}
