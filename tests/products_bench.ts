/** The five matrix products of an iteration, and nothing else of it. */

import * as tf from "@tensorflow/tfjs-core";
import { ORDERS } from "../images/loop_orders.ts";
import { useBackend } from "../lib/backend.ts";
import { linearAlgebra } from "../lib/linear_algebra.ts";
import * as naive from "../naive_neural_network.ts";
import { availableBackends, BLAS } from "./available.ts";
import { toNdarray } from "./networks.ts";

const group = "the matrix products of an iteration";

const { x, y, w1, w2 } = naive.draw();
const [xT, w2T] = [naive.transpose(x), naive.transpose(w2)];
const h = naive.matrixMultiply(x, w1);
const hT = naive.transpose(h);

for (const [order, multiply] of Object.entries(ORDERS).reverse()) {
  const baseline = multiply === naive.matrixMultiply;
  Deno.bench(`naive, loops over ${order}`, { group, baseline }, () => {
    multiply(x, w1);
    multiply(h, w2);
    multiply(hT, y);
    multiply(y, w2T);
    multiply(xT, h);
  });
}

const nd = { x: toNdarray(x), y: toNdarray(y), w1: toNdarray(w1), w2: toNdarray(w2) };
const ndH = toNdarray(h);

for (const blas of BLAS ? [undefined, BLAS] : [undefined]) {
  const { dot } = linearAlgebra(blas);
  Deno.bench(`ndarray with ${blas ? "BLAS" : "loops"}`, { group }, () => {
    dot(nd.x, nd.w1);
    dot(ndH, nd.w2);
    dot(ndH.transpose(1, 0), nd.y);
    dot(nd.y, nd.w2.transpose(1, 0));
    dot(nd.x.transpose(1, 0), ndH);
  });
}

for (const backend of await availableBackends()) {
  await useBackend(backend);
  const [tX, tH, tY] = [x, h, y].map((matrix) => tf.tensor2d(matrix));
  const right = [w1, w2, y, h].map((matrix) => tf.tensor2d(matrix));

  Deno.bench(`tensor on ${backend}`, { group }, async (b) => {
    await useBackend(backend);
    // WebAssembly keeps the right-hand side of a product packed for the next one, but in an
    // iteration no right-hand side comes twice.
    const [tW1, tW2, tGradY, tGradH] = right.map((matrix) => tf.add(matrix, 0));
    b.start();
    const products = [
      tf.matMul(tX, tW1),
      tf.matMul(tH, tW2),
      tf.matMul(tH, tGradY, true, false),
      tf.matMul(tY, tW2, false, true),
      tf.matMul(tX, tGradH, true, false),
    ];
    await products[4].data();
    b.end();
    tf.dispose([products, tW1, tW2, tGradY, tGradH]);
  });
}
