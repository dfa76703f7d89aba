/** What holds for all three networks: NumPy's losses, right gradients, one result. */

import assert from "node:assert/strict";
// @ts-types="@types/ndarray"
import ndarray from "ndarray";
import * as tf from "@tensorflow/tfjs-core";
import { NDARRAY_BACKENDS } from "../lib/backends/ndarrays.ts";
import { TENSOR_BACKENDS } from "../lib/backends/tensors.ts";
import { readLoss } from "../lib/losses.ts";
import { fromRows, type Matrix, toRows } from "../lib/matrices.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import { availableBackends, BLAS, type TensorBackend } from "./available.ts";
import seed0 from "./numpy_losses/seed0_64x1000x100x10.json" with { type: "json" };
import seed11 from "./numpy_losses/seed11_3x5x4x2.json" with { type: "json" };
import seed42 from "./numpy_losses/seed42_64x1000x100x10.json" with { type: "json" };

/** Trains a copy of a network in one way, and gives the losses and the weights at the end. */
type Train = (...given: Parameters<typeof naive.train>) => ReturnType<typeof collect>;

/** Reads the losses of a training, and makes arrays of the weights that it returns. */
async function collect<Weights>(
  training: Generator<{ loss: number | tf.Tensor }, Record<string, Weights>>,
  toArrays: (weights: Weights) => naive.Matrix | Promise<naive.Matrix>,
) {
  const losses: number[] = [];
  let next = training.next();
  while (!next.done) {
    losses.push(await readLoss(next.value.loss));
    next = training.next();
  }
  const weights: Record<string, naive.Matrix> = {};
  for (const name in next.value) weights[name] = await toArrays(next.value[name]);
  return { losses, weights };
}

const arrays: Train = (network, training) =>
  collect(naive.train(network, training), (rows) => rows);

/** The ndarray script on one backend, with data and weights that these functions copy. */
const ndarrays = (
  backend: keyof typeof NDARRAY_BACKENDS,
  copyData = fromRows,
  copyWeights = fromRows,
): Train =>
({ x, y, w1, w2 }, training) => {
  const { dot } = NDARRAY_BACKENDS[backend]();
  const network = { x: copyData(x), y: copyData(y), w1: copyWeights(w1), w2: copyWeights(w2) };
  return collect(nd.train(network, training, dot), toRows);
};

/** The tensor script on one backend, with data of one type. */
const tensors = (backend: TensorBackend, dtype?: "int32"): Train => async (network, training) => {
  await TENSOR_BACKENDS[backend](true);
  const [x, y] = [network.x, network.y].map((rows) => tf.tensor2d(rows, undefined, dtype));
  const variable = (rows: number[][]) => tf.tidy(() => tf.variable(tf.tensor2d(rows)));
  const variables = { w1: variable(network.w1), w2: variable(network.w2) };
  const run = tensor.train({ x, y, ...variables }, training);
  const trained = await collect(run, (weights) => weights.array());
  tf.dispose([x, y, variables]);
  return trained;
};

/** Copies data to bytes, as images have them, and weights to a block that is column by column. */
const bytes = (rows: naive.Matrix) =>
  ndarray(new Uint8Array(rows.flat()), [rows.length, rows[0].length]) as unknown as Matrix;
const columns = (rows: naive.Matrix) => fromRows(naive.transpose(rows)).transpose(1, 0);

/** Every other way to train on this machine, and ways to train on a reader's own data. */
const OTHERS: Record<string, Train> = {};
const OWN: Record<string, Train> = {};
for (const backend of ["blas", "wasm", "typescript"] as const) {
  if (backend === "blas" && !BLAS) continue;
  OTHERS[`ndarray on ${backend}`] = ndarrays(backend);
  OWN[`ndarray on ${backend}, of bytes and columns`] = ndarrays(backend, bytes, columns);
}
for (const backend of await availableBackends()) {
  OTHERS[`tensor on ${backend}`] = tensors(backend);
  OWN[`tensor on ${backend}, of int32`] = tensors(backend, "int32");
}

const isFloat32 = (name: string) => name.startsWith("tensor");

function assertClose(actual: number, expected: number, tolerance: number, what: string) {
  const error = Math.abs(actual - expected) / Math.abs(expected);
  assert.ok(error <= tolerance, `${what}: ${actual} is ${error} from ${expected}`);
}

// lib/README.md invites its readers to change the naive script, and to run the first of these.
const SCRIPTS = { naive: arrays, ndarray: ndarrays("wasm"), tensor: tensors("wasm") };

for (const [script, train] of Object.entries(SCRIPTS)) {
  Deno.test(`${script}: gradients are those of central differences`, async () => {
    const network = naive.draw({ N: 3, D_in: 5, H: 4, D_out: 2 }, 3);
    // With a learning rate of 1, one iteration moves each weight by its gradient.
    const training = { steps: 1, learningRate: 1 };
    const { weights } = await train(network, training);
    // The loss is a parabola in each weight as long as no hidden unit changes its sign, so
    // central differences are exact but for rounding.
    const [delta, tolerance] = isFloat32(script) ? [1e-2, 5e-3] : [1e-4, 1e-7];
    // Of whatever draw returns besides x and y.
    const { x: _x, y: _y, ...matrices } = network;
    for (const [name, rows] of Object.entries(matrices)) {
      for (const [i, row] of rows.entries()) {
        for (const [j, weight] of row.entries()) {
          const lossAt = async (changed: number) => {
            row[j] = changed;
            return (await train(network, training)).losses[0];
          };
          const difference = await lossAt(weight + delta) - await lossAt(weight - delta);
          row[j] = weight;
          const [gradient, expected] = [weight - weights[name][i][j], difference / (2 * delta)];
          const error = Math.abs(gradient - expected) / (1 + Math.abs(expected));
          assert.ok(error < tolerance, `${name}[${i}][${j}]: ${gradient} is not ${expected}`);
        }
      }
    }
  });
}

for (const [name, train] of Object.entries({ naive: arrays, ...OTHERS })) {
  for (const { seed, dims: [N, D_in, H, D_out], learningRate, numpy } of [seed0, seed42, seed11]) {
    // A software GPU needs a second for 20 iterations of the large network.
    const steps = N < 64 ? numpy.length : name.endsWith("webgpu") ? 11 : 51;

    Deno.test(`${name}: NumPy's losses of seed ${seed}, iterations 0 to ${steps - 1}`, async () => {
      const network = naive.draw({ N, D_in, H, D_out }, seed);
      const { losses } = await train(network, { steps, learningRate });
      assert.equal(losses.length, steps);
      for (const [t, loss] of losses.entries()) {
        assertClose(loss, numpy[t], isFloat32(name) ? 1e-4 : 1e-9, `iteration ${t}`);
      }
    });
  }

  Deno.test(`${name}: a gradient passes where h is 0, and not where it is negative`, async () => {
    // Hidden sums of -1, 0 and 1; each unit would add to the output 0, 0 and 1.
    const network = { x: [[1]], y: [[0]], w1: [[-1, 0, 1]], w2: [[1], [1], [1]] };
    const { weights } = await train(network, { steps: 1, learningRate: 0.5 });
    // The gradient of the output is 2, and NumPy's mask is h < 0.
    assert.deepEqual(weights, { w1: [[-1, -1, 0]], w2: [[1], [1], [0]] });
  });
}

for (const [name, train] of Object.entries({ ...OTHERS, ...OWN })) {
  Deno.test(`${name}: trains as the naive script does`, async () => {
    // deno-fmt-ignore
    const sizes = [[1, 1, 1, 1], [1, 7, 5, 3], [5, 3, 1, 2], [7, 13, 11, 5], [3, 2, 9, 1]];
    for (const [N, D_in, H, D_out] of sizes) {
      const drawn = naive.draw({ N, D_in, H, D_out }, 5);
      const whole = (row: number[]) => row.map((number) => Math.ceil(9 * Math.abs(number)));
      const network = { ...drawn, x: drawn.x.map(whole), y: drawn.y.map(whole) };
      const training = { steps: 10, learningRate: 1e-4 };
      const expected = await arrays(network, training);
      const actual = await train(network, training);
      const tolerance = isFloat32(name) ? 1e-4 : 1e-12;
      for (const [t, loss] of actual.losses.entries()) {
        assertClose(loss, expected.losses[t], tolerance, `iteration ${t}`);
      }
      for (const [name, rows] of Object.entries(expected.weights)) {
        const weights = actual.weights[name].flat();
        for (const [i, b] of rows.flat().entries()) {
          assert.ok(Math.abs(weights[i] - b) <= tolerance * (1 + Math.abs(b)), `${name}, ${i}`);
        }
      }
    }
  });
}

Deno.test("draw() and train() have the original's sizes and numbers by default", async () => {
  await TENSOR_BACKENDS.wasm();
  const trainings = {
    naive: naive.train(naive.draw(), { steps: 2 }),
    ndarray: nd.train(nd.draw(), { steps: 2 }),
    tensor: tensor.train(tensor.draw(), { steps: 2 }),
  };
  for (const [name, training] of Object.entries(trainings)) {
    const [first, second] = [...training];
    assertClose(await readLoss(first.loss), seed0.numpy[0], 1e-6, name);
    assertClose(await readLoss(second.loss), seed0.numpy[1], 1e-6, name);
  }
  const { w1 } = naive.draw({ H: 2 });
  const shapes = [[w1.length, w1[0].length], nd.draw({ H: 2 }).w1.shape];
  assert.deepEqual([...shapes, tensor.draw({ H: 2 }).w1.shape], Array(3).fill([1000, 2]));
});
