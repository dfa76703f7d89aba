/**
 * The five matrix products of a training iteration: of arrays by loops in either order, of arrays
 * that are copied into one block and back, and of ndarrays.
 */

import { LOOPS, PRODUCTS } from "../images/tables.ts";
import { NDARRAY_BACKENDS } from "../lib/ndarrays.ts";
import { draw, type Matrix, matrixMultiply, transpose } from "../naive_neural_network.ts";
import { AVAILABLE, bench } from "./bench.ts";
import { toNdarray, toRows } from "./convert.ts";

/** The matrix product of `a` and `b` as the original has it: row, column, numbers to add up. */
function multiplyInOriginalOrder(a: Matrix, b: Matrix): Matrix {
  const result: Matrix = a.map(() => b[0].map(() => 0));
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < b[0].length; j++) {
      for (let k = 0; k < b.length; k++) {
        result[i][j] += a[i][k] * b[k][j];
      }
    }
  }
  return result;
}

/** The factors of the products of an iteration: of h, yPred, gradW2, gradHRelu and gradW1. */
function factors(): [Matrix, Matrix][] {
  const { x, y, w1, w2 } = draw();
  const h = matrixMultiply(x, w1);
  return [[x, w1], [h, w2], [transpose(h), y], [y, transpose(w2)], [transpose(x), h]];
}

/** Benchmarks the products, with the factors as `convert` makes them of arrays of arrays. */
function benchProducts<M>(name: string, convert: (rows: Matrix) => M, dot: (a: M, b: M) => M) {
  const start = () => {
    const pairs = factors().map((pair) => pair.map(convert));
    return () => pairs.map(([a, b]) => dot(a, b));
  };
  bench({ group: PRODUCTS, name, baseline: name === LOOPS, start });
}

const itself = (rows: Matrix) => rows;
benchProducts("arrays, i, j, k", itself, multiplyInOriginalOrder);
benchProducts(LOOPS, itself, matrixMultiply);

const COPIED: Record<string, string> = { wasm: "into WebAssembly", blas: "for BLAS" };

for (const [name, { script, backend }] of AVAILABLE) {
  if (script !== "ndarray") continue;
  const { dot } = NDARRAY_BACKENDS[backend as keyof typeof NDARRAY_BACKENDS]();
  benchProducts(name, toNdarray, dot);
  if (!(backend! in COPIED)) continue;
  const how = `copied ${COPIED[backend!]} and back`;
  benchProducts(`arrays, ${how}`, itself, (a, b) => toRows(dot(toNdarray(a), toNdarray(b))));
}
