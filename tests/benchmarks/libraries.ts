/**
 * What a reader's own project would install: the five products and the four operations by numpy-ts,
 * and a training step by TensorFlow.js with the gradients that it derives.
 *
 *     deno task bench:libraries
 *
 * These packages are only for comparison. So they are not in deno.lock, whose packages every task
 * downloads, and a bare `deno bench` leaves this file out.
 */

import { draw, type Matrix, matrixMultiply, transpose } from "../../naive_neural_network.ts";

// Deno would put packages whose names it sees in an import into the lock file.
const PACKAGES = {
  numpy: "npm:numpy-ts@1.7.0",
  tensorflow: "npm:@tensorflow/tfjs@4.22.0",
  wasm: "npm:@tensorflow/tfjs-backend-wasm@4.22.0",
};
const np = await import(PACKAGES.numpy);
const tf = await import(PACKAGES.tensorflow);
await import(PACKAGES.wasm);

/** An ndarray of numpy-ts. Its memory is WebAssembly's, and freed by `dispose`. */
interface NumpyArray {
  data: Float64Array;
  tolist(): Matrix;
  dispose(): void;
}

/** The factors of the products of an iteration: of h, yPred, gradW2, gradHRelu and gradW1. */
const { x, y, w1, w2 } = draw();
const h = matrixMultiply(x, w1);
const ARRAYS = [[x, w1], [h, w2], [transpose(h), y], [y, transpose(w2)], [transpose(x), h]];

/** Copies rows into an ndarray, faster than `np.array` does. */
function copyIn(rows: Matrix): NumpyArray {
  const columns = rows[0].length;
  const array: NumpyArray = np.zeros([rows.length, columns]);
  const { data } = array;
  rows.forEach((row, i) => data.set(row, i * columns));
  return array;
}

/** Copies the numbers of an ndarray into rows, faster than its `tolist` does. */
function copyOut(data: Float64Array, rows: number, columns: number): Matrix {
  const matrix: Matrix = [];
  for (let i = 0; i < rows; i++) {
    const row = new Array<number>(columns);
    for (let j = 0; j < columns; j++) row[j] = data[i * columns + j];
    matrix.push(row);
  }
  return matrix;
}

/** Multiplies two ndarrays that are not needed afterwards. */
function multiplyAndDispose(a: NumpyArray, b: NumpyArray): NumpyArray {
  const product = np.matmul(a, b);
  a.dispose();
  b.dispose();
  return product;
}

const products = { group: "the five products of an iteration", warmup: 20 };
let kept: NumpyArray[][] | undefined; // made when its turn comes: they slow the others down
Deno.bench("products, ndarrays that are kept", products, () => {
  kept ??= ARRAYS.map((pair) => pair.map((rows) => np.array(rows)));
  for (const [a, b] of kept) np.matmul(a, b).dispose();
});
Deno.bench("products, rows converted and back", products, () => {
  for (const [a, b] of ARRAYS) {
    const product = multiplyAndDispose(np.array(a), np.array(b));
    product.tolist();
    product.dispose();
  }
});
Deno.bench("products, rows copied by hand and back", products, () => {
  for (const [a, b] of ARRAYS) {
    const product = multiplyAndDispose(copyIn(a), copyIn(b));
    copyOut(product.data, a.length, b[0].length);
    product.dispose();
  }
});

// The small products of products_bench.ts.
for (const size of [4, 8, 16, 32, 64]) {
  let square: NumpyArray | undefined;
  const options = { group: "a product of square matrices", warmup: 1000 };
  Deno.bench(`${size} × ${size} numbers`, options, () => {
    square ??= np.array(draw({ N: size, D_in: size, H: 1, D_out: 1 }).x);
    np.matmul(square, square).dispose();
  });
}

// The numbers of operations_bench.ts.
const LENGTH = 1_000_000;
const numbers = Array.from({ length: LENGTH }, (_, i) => i + 0.5);
const vector = np.array(numbers);

Deno.bench("arange of a million numbers", () => np.arange(0.5, LENGTH + 0.5).dispose());
for (const operation of ["square", "sin", "sum"]) {
  const group = `${operation} of a million numbers`;
  Deno.bench(`${operation}, an ndarray that is kept`, { group }, () => {
    np[operation](vector).dispose?.();
  });
  Deno.bench(`${operation}, an array converted and back`, { group }, () => {
    const converted = np.array(numbers);
    const result = np[operation](converted);
    result.tolist?.();
    result.dispose?.();
    converted.dispose();
  });
  Deno.bench(`${operation}, an array copied by hand and back`, { group }, () => {
    const copy = np.zeros([LENGTH]);
    copy.data.set(numbers);
    const result = np[operation](copy);
    if (operation !== "sum") copyOut(result.data, 1, LENGTH);
    result.dispose?.();
    copy.dispose();
  });
}

/** Registers a benchmark of training steps whose gradients TensorFlow.js derives. */
function benchMinimize(backend: "cpu" | "wasm") {
  let step: (() => void) | undefined;
  const name = `minimize, backend ${backend}`;
  Deno.bench(name, { group: "a training step of TensorFlow.js", warmup: 20 }, async () => {
    if (tf.getBackend() !== backend) {
      step = undefined;
      await tf.setBackend(backend);
    }
    step ??= prepareStep();
    step();
  });
}

/** Draws data and weights, and gives the function that trains the weights once. */
function prepareStep(): () => void {
  const inputs = tf.randomNormal([64, 1000]);
  const targets = tf.randomNormal([64, 10]);
  const first = tf.variable(tf.randomNormal([1000, 100]));
  const second = tf.variable(tf.randomNormal([100, 10]));
  const loss = () => {
    const predictions = tf.matMul(tf.relu(tf.matMul(inputs, first)), second);
    return tf.sum(tf.square(tf.sub(predictions, targets)));
  };
  const optimizer = tf.train.sgd(1e-9); // so small a rate that the losses stay as they are
  return () => optimizer.minimize(loss);
}

benchMinimize("cpu");
benchMinimize("wasm");
