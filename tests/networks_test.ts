/** What holds for all three networks: NumPy's losses, right gradients, one result. */

import assert from "node:assert/strict";
// @ts-types="@types/ndarray"
import ndarray from "ndarray";
import * as tf from "@tensorflow/tfjs-core";
import { openBackend } from "../lib/backend.ts";
import { type Matrix, NDARRAY_BACKENDS } from "../lib/ndarrays.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import { availableBackends, BLAS, type TensorBackend, useBackend } from "./available.ts";
import { toNdarray, toRows } from "./convert.ts";
import seed0 from "./numpy_losses/seed0_64x1000x100x10.json" with { type: "json" };
import seed11 from "./numpy_losses/seed11_3x5x4x2.json" with { type: "json" };
import seed42 from "./numpy_losses/seed42_64x1000x100x10.json" with { type: "json" };

/** Matrices by name, as plain arrays: x, y and the weights, or the weights alone. */
type Matrices = Record<string, naive.Matrix>;

/** One way to train the network. */
interface Version {
  name: string;
  isFloat32: boolean; // whether its numbers have seven digits; otherwise sixteen
  /** Trains a copy of the network, and gives the losses and the weights at the end. */
  train(
    network: Matrices,
    training: typeof naive.TRAINING,
  ): Promise<{ losses: number[]; weights: Matrices }>;
}

/** A record of the same names, each with what `make` makes of its value. */
function mapValues<In, Out>(record: Record<string, In>, make: (value: In) => Out) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, make(value)]));
}

/** Reads the losses of a training, and makes arrays of the weights that it returns. */
async function collect<Weights>(
  training: Generator<{ loss: number | tf.Tensor }, Weights>,
  toArrays: (weights: Weights) => Matrices | Promise<Matrices>,
) {
  const losses: number[] = [];
  let next = training.next();
  for (; !next.done; next = training.next()) {
    const { loss } = next.value;
    losses.push(typeof loss === "number" ? loss : (await loss.data())[0]);
    tf.dispose(loss as tf.Tensor);
  }
  return { losses, weights: await toArrays(next.value) };
}

const arrays: Version = {
  name: "naive",
  isFloat32: false,
  train: (network, training) =>
    collect(naive.train(network as naive.Network, training), (weights) => weights),
};

/** The ndarray script on one backend, with data and weights that these functions copy. */
const ndarrays = (
  backend: keyof typeof NDARRAY_BACKENDS,
  kind = "",
  copyData = toNdarray,
  copyWeights = toNdarray,
): Version => ({
  name: `ndarray on ${backend}${kind}`,
  isFloat32: false,
  async train({ x, y, ...weights }, training) {
    const { dot } = await openBackend(backend, NDARRAY_BACKENDS);
    const network = { ...mapValues({ x, y }, copyData), ...mapValues(weights, copyWeights) };
    const run = nd.train(network as nd.Network, training, dot);
    return collect(run, (weights) => mapValues(weights, toRows));
  },
});

/** The tensor script on one backend, with data of one type. */
const tensors = (backend: TensorBackend, kind = "", dtype?: "int32"): Version => ({
  name: `tensor on ${backend}${kind}`,
  isFloat32: true,
  async train({ x: rowsOfX, y: rowsOfY, ...weights }, training) {
    await useBackend(backend);
    const [x, y] = [rowsOfX, rowsOfY].map((rows) => tf.tensor2d(rows, undefined, dtype));
    const variables = mapValues(weights, (rows) => tf.tidy(() => tf.variable(tf.tensor2d(rows))));
    const run = tensor.train({ x, y, ...variables } as tensor.Network, training);
    const trained = await collect(run, async (weights) => {
      const matrices: Matrices = {};
      for (const [name, tensor] of Object.entries(weights)) matrices[name] = await tensor.array();
      return matrices;
    });
    tf.dispose([x, y, variables]);
    return trained;
  },
});

const NDARRAYS = (["blas", "wasm", "typescript"] as const).filter((name) =>
  name !== "blas" || BLAS
);
const TENSORS = await availableBackends();

/** Every way to train the network on this machine. */
const VERSIONS = [
  arrays,
  ...NDARRAYS.map((backend) => ndarrays(backend)),
  ...TENSORS.map((backend) => tensors(backend)),
];

function assertClose(actual: number, expected: number, tolerance: number, what: string) {
  const error = Math.abs(actual - expected) / Math.abs(expected);
  assert.ok(error <= tolerance, `${what}: ${actual} is ${error} from ${expected}`);
}

/** The place of every number of the weights: of whatever `draw` returns besides x and y. */
function* places({ x: _x, y: _y, ...weights }: Matrices) {
  for (const [name, matrix] of Object.entries(weights)) {
    for (const [i, row] of matrix.entries()) {
      for (const j of row.keys()) yield { name, i, j };
    }
  }
}

// The other backends are compared with the naive script below.
for (const { name, isFloat32, train } of [arrays, ndarrays("wasm"), tensors("wasm")]) {
  Deno.test(`${name.split(" ")[0]}: gradients are those of central differences`, async () => {
    const network: Matrices = naive.draw({ N: 3, D_in: 5, H: 4, D_out: 2 }, 3);
    // With a learning rate of 1, one iteration moves each weight by its gradient.
    const training = { steps: 1, learningRate: 1 };
    const lossOf = async (changed: Matrices) => (await train(changed, training)).losses[0];
    const { weights } = await train(network, training);
    // The loss is a parabola in each weight as long as no hidden unit changes its sign, so
    // central differences are exact but for rounding.
    const [delta, tolerance] = isFloat32 ? [1e-2, 5e-3] : [1e-4, 1e-7];
    for (const { name, i, j } of places(network)) {
      const gradient = network[name][i][j] - weights[name][i][j];
      const [above, below] = [structuredClone(network), structuredClone(network)];
      above[name][i][j] += delta;
      below[name][i][j] -= delta;
      const difference = (await lossOf(above) - await lossOf(below)) / (2 * delta);
      const error = Math.abs(gradient - difference) / (1 + Math.abs(difference));
      const place = `d loss / d ${name}[${i}][${j}]`;
      assert.ok(error < tolerance, `${place}: ${gradient} is not ${difference}`);
    }
  });
}

for (const { name, isFloat32, train } of VERSIONS) {
  for (const { seed, dims: [N, D_in, H, D_out], learningRate, numpy } of [seed0, seed42, seed11]) {
    // A software GPU needs a second for 20 iterations of the large network.
    const steps = N < 64 ? numpy.length : name.endsWith("webgpu") ? 11 : 51;

    Deno.test(`${name}: NumPy's losses of seed ${seed}, iterations 0 to ${steps - 1}`, async () => {
      const network = naive.draw({ N, D_in, H, D_out }, seed);
      const { losses } = await train(network, { steps, learningRate });
      assert.equal(losses.length, steps);
      for (const [t, loss] of losses.entries()) {
        assertClose(loss, numpy[t], isFloat32 ? 1e-4 : 1e-9, `iteration ${t}`);
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

/** Own data of the bytes of images, and own weights in another order. */
const bytes = (rows: naive.Matrix) =>
  ndarray(new Uint8Array(rows.flat()), [rows.length, rows[0].length]) as unknown as Matrix;
const columns = (rows: naive.Matrix) => toNdarray(naive.transpose(rows)).transpose(1, 0);
const OWN = [
  ...NDARRAYS.map((backend) => ndarrays(backend, ", of bytes and columns", bytes, columns)),
  ...TENSORS.map((backend) => tensors(backend, ", of int32", "int32")),
];

for (const { name, isFloat32, train } of [...VERSIONS.slice(1), ...OWN]) {
  Deno.test(`${name}: trains as the naive script does`, async () => {
    // deno-fmt-ignore
    const sizes = [[1, 1, 1, 1], [1, 7, 5, 3], [5, 3, 1, 2], [7, 13, 11, 5], [3, 2, 9, 1]];
    for (const [N, D_in, H, D_out] of sizes) {
      const drawn = naive.draw({ N, D_in, H, D_out }, 5);
      const whole = (row: number[]) => row.map((number) => Math.ceil(9 * Math.abs(number)));
      const network = { ...drawn, x: drawn.x.map(whole), y: drawn.y.map(whole) };
      const training = { steps: 10, learningRate: 1e-4 };
      const expected = await arrays.train(network, training);
      const actual = await train(network, training);
      const tolerance = isFloat32 ? 1e-4 : 1e-12;
      for (const [t, loss] of actual.losses.entries()) {
        assertClose(loss, expected.losses[t], tolerance, `iteration ${t}`);
      }
      for (const { name, i, j } of places(network)) {
        const [a, b] = [actual.weights[name][i][j], expected.weights[name][i][j]];
        assert.ok(Math.abs(a - b) <= tolerance * (1 + Math.abs(b)), `${name}[${i}][${j}]`);
      }
    }
  });
}

Deno.test("draw() and train() have the original's sizes and numbers by default", async () => {
  await useBackend("wasm");
  const none = () => ({});
  const trainings = {
    naive: await collect(naive.train(naive.draw(), { steps: 2 }), none),
    ndarray: await collect(nd.train(nd.draw(), { steps: 2 }), none),
    tensor: await collect(tensor.train(tensor.draw(), { steps: 2 }), none),
  };
  for (const [name, { losses }] of Object.entries(trainings)) {
    for (const t of [0, 1]) assertClose(losses[t], seed0.numpy[t], 1e-6, `${name}, iteration ${t}`);
  }
  const { w1 } = naive.draw({ H: 2 });
  const shapes = [[w1.length, w1[0].length], nd.draw({ H: 2 }).w1.shape];
  assert.deepEqual([...shapes, tensor.draw({ H: 2 }).w1.shape], Array(3).fill([1000, 2]));
});
