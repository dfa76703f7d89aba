/** The five matrix products of an iteration, and nothing else of it. */

import * as tf from "@tensorflow/tfjs-core";
import { useBackend } from "../lib/backend.ts";
import { openBlas } from "../lib/blas.ts";
import * as naive from "../naive_neural_network.ts";
import { dot } from "../ndarray_neural_network.ts";
import { availableBackends, BLAS } from "./available.ts";
import { toNdarray } from "./networks.ts";

const group = "the matrix products of an iteration";

const { x, y, w1, w2 } = naive.draw();
const [xT, w2T] = [naive.transpose(x), naive.transpose(w2)];
const h = naive.matrixMultiply(x, w1);
const hT = naive.transpose(h);

Deno.bench("naive", { group, baseline: true }, () => {
  naive.matrixMultiply(x, w1);
  naive.matrixMultiply(h, w2);
  naive.matrixMultiply(hT, y);
  naive.matrixMultiply(y, w2T);
  naive.matrixMultiply(xT, h);
});

const nd = { x: toNdarray(x), y: toNdarray(y), w1: toNdarray(w1), w2: toNdarray(w2) };
const ndH = toNdarray(h);

const dots = () => {
  dot(nd.x, nd.w1);
  dot(ndH, nd.w2);
  dot(ndH.transpose(1, 0), nd.y);
  dot(nd.y, nd.w2.transpose(1, 0));
  dot(nd.x.transpose(1, 0), ndH);
};
Deno.bench("ndarray with loops", { group }, dots);
if (BLAS) {
  let library: string | undefined;
  Deno.bench("ndarray with BLAS", { group }, () => {
    library ??= openBlas();
    dots();
  });
}

for (const backend of await availableBackends()) {
  await useBackend(backend);
  const [tX, tXT, tHT, tY] = [x, xT, hT, y].map((matrix) => tf.tensor2d(matrix));
  const right = [w1, w2, y, w2T, h].map((matrix) => tf.tensor2d(matrix));

  Deno.bench(`tensor on ${backend}`, { group }, async (b) => {
    await tf.setBackend(backend);
    // WebAssembly keeps the right-hand side of a product packed for the next one, but in an
    // iteration no right-hand side comes twice.
    const [tW1, tW2, tGradY, tW2T, tH] = right.map((matrix) => tf.add(matrix, 0));
    b.start();
    const products = [
      tf.matMul(tX!, tW1!),
      tf.matMul(tH!, tW2!),
      tf.matMul(tHT!, tGradY!),
      tf.matMul(tY!, tW2T!),
      tf.matMul(tXT!, tH!),
    ];
    await products[4]!.data();
    b.end();
    tf.dispose([products, tW1!, tW2!, tGradY!, tW2T!, tH!]);
  });
}
