/**
 * Times the five products of an iteration by each way to multiply, and prints the times in
 * milliseconds as originals.py does: a JSON object a line.
 *
 * @module
 */

import { PRODUCTS as GROUP } from "../images/tables.ts";
import { PRODUCTS } from "./products_bench.ts";

for (const [name, start] of Object.entries(PRODUCTS)) {
  const multiply = start();
  for (let i = 0; i < 20; i++) multiply();
  const times: number[] = [];
  const end = performance.now() + 1500;
  while (performance.now() < end) {
    const before = performance.now();
    multiply();
    times.push(performance.now() - before);
  }
  console.log(JSON.stringify({ name, group: GROUP, times }));
}
