/**
 * Trains one of our trainers by its name, with so many hidden units, for 1.5 seconds, and prints
 * when the training began and when each iteration ended: what originals.py does for the others.
 *
 * @module
 */

import { TRAINERS } from "../images/tables.ts";
import { readLosses } from "../lib/run.ts";
import { DEFAULTS, STARTS } from "./trainings.ts";

const [name, hidden] = Deno.args;
const { script, backend } = TRAINERS[name];
// So small a rate that the losses stay as they are.
const options = { ...DEFAULTS, H: Number(hidden), learningRate: 1e-9 };
const [{ readsBehind }, losses] = await STARTS[script!](options, backend!);
const times = [performance.now()];
for await (const _ of readLosses(losses, options, readsBehind)) {
  times.push(performance.now());
  if (times.length > 5 && times.at(-1)! > times[0] + 1500) break;
}
console.log(JSON.stringify(times));
