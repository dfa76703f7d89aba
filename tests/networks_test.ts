/** What holds for all three networks: NumPy's losses, right gradients, one result. */

import assert from "node:assert/strict";
// @ts-types="@types/ndarray"
import ndarray from "ndarray";
import * as tf from "@tensorflow/tfjs-core";
import { openBackend } from "../lib/backend.ts";
import type { Options } from "../lib/cli.ts";
import { type Matrix, NDARRAY_BACKENDS } from "../lib/ndarrays.ts";
import { type Losses, readLosses } from "../lib/run.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import { availableBackends, BLAS, type TensorBackend, useBackend } from "./available.ts";
import { toNdarray, toRows } from "./convert.ts";
import seed0 from "./numpy_losses/seed0_64x1000x100x10.json" with { type: "json" };
import seed11 from "./numpy_losses/seed11_3x5x4x2.json" with { type: "json" };
import seed42 from "./numpy_losses/seed42_64x1000x100x10.json" with { type: "json" };

/** How a network is trained, and which of its losses are read. */
type Training = Pick<Options, "steps" | "learningRate" | "logEvery">;

/** Matrices by name, as plain arrays: x, y and the weights, or the weights alone. */
type Matrices = Record<string, naive.Matrix>;

/** One way to train the network. */
interface Version {
  name: string;
  isFloat32: boolean; // whether its numbers have seven digits; otherwise sixteen
  draw(sizes: typeof naive.SIZES, seed: number): Matrices | Promise<Matrices>;
  /** Trains a copy of the network. */
  train(network: Matrices, training: Training): Promise<Trained>;
}

/** The losses that were read, and the weights at the end. */
interface Trained {
  losses: { t: number; loss: number }[];
  weights: Matrices;
}

/** A record of the same names, each with what `make` makes of its value. */
function mapValues<In, Out>(record: Record<string, In>, make: (value: In) => Out) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, make(value)]));
}

/** Reads the losses of a training, and makes arrays of the weights that it returns. */
async function collect<Weights>(
  trainer: Losses & Iterable<unknown, Weights>,
  training: Training,
  toArrays: (weights: Weights) => Matrices | Promise<Matrices>,
): Promise<Trained> {
  let weights: Weights;
  function* keepWeights() {
    weights = yield* trainer;
  }
  const losses = await Array.fromAsync(readLosses(keepWeights(), training));
  return { losses, weights: await toArrays(weights!) };
}

const arrays: Version = {
  name: "naive",
  isFloat32: false,
  draw: naive.draw,
  train: (network, training) =>
    collect(naive.train(network as naive.Network, training), training, (weights) => weights),
};

/** The ndarray script on one backend, with data and weights that these functions copy. */
const ndarrays = (
  backend: keyof typeof NDARRAY_BACKENDS,
  copyData = toNdarray,
  copyWeights = toNdarray,
  kind = "",
): Version => ({
  name: `ndarray on ${backend}${kind && `, of ${kind}`}`,
  isFloat32: false,
  draw: (sizes, seed) => mapValues(nd.draw(sizes, seed), toRows),
  async train({ x, y, ...weights }, training) {
    const { dot } = await openBackend(backend, NDARRAY_BACKENDS);
    const network = { ...mapValues({ x, y }, copyData), ...mapValues(weights, copyWeights) };
    const losses = nd.train(network as nd.Network, training, dot);
    return collect(losses, training, (weights) => mapValues(weights, toRows));
  },
});

/** The numbers of tensors, which are disposed of. */
async function takeArrays(tensors: Record<string, tf.Tensor2D>): Promise<Matrices> {
  const matrices: Matrices = {};
  for (const [name, tensor] of Object.entries(tensors)) matrices[name] = await tensor.array();
  tf.dispose(tensors);
  return matrices;
}

/** The tensor script on one backend, with data of one type. */
const tensors = (backend: TensorBackend, type: "float32" | "int32" = "float32"): Version => ({
  name: `tensor on ${backend}${type === "int32" ? ", of int32" : ""}`,
  isFloat32: true,
  async draw(sizes, seed) {
    await useBackend(backend);
    return takeArrays(tensor.draw(sizes, seed) as Record<string, tf.Tensor2D>);
  },
  async train(network, training) {
    await useBackend(backend);
    const { x: rowsOfX, y: rowsOfY, ...weights } = network;
    const [x, y] = [rowsOfX, rowsOfY].map((rows) => tf.tensor2d(rows, undefined, type));
    const variables = mapValues(weights, (rows) => tf.tidy(() => tf.variable(tf.tensor2d(rows))));
    const losses = tensor.train({ x, y, ...variables } as tensor.Network, training);
    const trained = await collect(losses, training, takeArrays);
    // The data is the caller's, and stays.
    assert.deepEqual([x.isDisposed, y.isDisposed], [false, false]);
    tf.dispose([x, y]);
    return trained;
  },
});

/** Every way to train the network on this machine. */
const VERSIONS: Version[] = [
  arrays,
  ...(BLAS ? [ndarrays("blas")] : []),
  ndarrays("wasm"),
  ndarrays("typescript"),
  ...(await availableBackends()).map((backend) => tensors(backend)),
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

type Draw = (sizes: typeof naive.SIZES) => Matrices;

/** Registers a test that a version trains as the naive script does. */
function testAsNaive(version: Version, draw: Draw) {
  Deno.test(`${version.name}: trains as the naive script does, whichever losses are read`, async () => {
    // deno-fmt-ignore
    const sizes = [[1, 1, 1, 1], [1, 7, 5, 3], [5, 3, 1, 2], [7, 13, 11, 5], [3, 2, 9, 1]];
    for (const [N, D_in, H, D_out] of sizes) {
      const network = draw({ N, D_in, H, D_out });
      const training = { steps: 10, learningRate: 1e-4, logEvery: 1 };
      const expected = await arrays.train(network, training);
      const actual = await version.train(network, { ...training, logEvery: 4 });
      const tolerance = version.isFloat32 ? 1e-4 : 1e-12;
      assert.deepEqual(actual.losses.map(({ t }) => t), [0, 4, 8, 9]);
      for (const { t, loss } of actual.losses) {
        assertClose(loss, expected.losses[t].loss, tolerance, `iteration ${t}`);
      }
      for (const { name, i, j } of places(network)) {
        const [a, b] = [actual.weights[name][i][j], expected.weights[name][i][j]];
        assert.ok(Math.abs(a - b) <= tolerance * (1 + Math.abs(b)), `${name}[${i}][${j}]`);
      }
    }
  });
}

// The other backends are compared with the naive script below.
for (const version of [arrays, ndarrays("wasm"), tensors("wasm")]) {
  Deno.test(`${version.name.split(" ")[0]}: gradients are those of central differences`, async () => {
    const network: Matrices = naive.draw({ N: 3, D_in: 5, H: 4, D_out: 2 }, 3);
    // With a learning rate of 1, one iteration moves each weight by its gradient.
    const training = { steps: 1, learningRate: 1, logEvery: 1 };
    const lossOf = async (changed: Matrices) =>
      (await version.train(changed, training)).losses[0].loss;
    const { weights } = await version.train(network, training);
    // The loss is a parabola in each weight as long as no hidden unit changes its sign, so
    // central differences are exact but for rounding.
    const [delta, tolerance] = version.isFloat32 ? [1e-2, 5e-3] : [1e-4, 1e-7];
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

for (const version of VERSIONS) {
  for (const golden of [seed0, seed42, seed11]) {
    const [N, D_in, H, D_out] = golden.dims;
    // A software GPU needs a second for 20 iterations of the large network.
    const steps = N < 64 ? golden.numpy.length : version.name.endsWith("webgpu") ? 11 : 51;
    const tolerance = version.isFloat32 ? 1e-4 : 1e-9;

    Deno.test(`${version.name}: NumPy's losses of seed ${golden.seed}, iterations 0 to ${steps - 1}`, async () => {
      const network = await version.draw({ N, D_in, H, D_out }, golden.seed);
      const training = { steps, learningRate: golden.learningRate, logEvery: 1 };
      const { losses } = await version.train(network, training);
      assert.equal(losses.length, steps);
      for (const { t, loss } of losses) {
        assertClose(loss, golden.numpy[t], tolerance, `iteration ${t}`);
      }
    });
  }

  Deno.test(`${version.name}: a gradient passes where h is 0, and not where it is negative`, async () => {
    // Hidden sums of -1, 0 and 1; each unit would add to the output 0, 0 and 1.
    const network = { x: [[1]], y: [[0]], w1: [[-1, 0, 1]], w2: [[1], [1], [1]] };
    const training = { steps: 1, learningRate: 0.5, logEvery: 1 };
    const { weights } = await version.train(network, training);
    // The gradient of the output is 2, and NumPy's mask is h < 0.
    assert.deepEqual(weights, { w1: [[-1, -1, 0]], w2: [[1], [1], [0]] });
  });

  testAsNaive(version, (sizes) => naive.draw(sizes, 5));
}

/** Data as that of images, whole numbers from 1 to 7. */
const OWN: Draw = (sizes) => {
  const { x, y, w1, w2 } = naive.draw(sizes, 5);
  const whole = (matrix: naive.Matrix) =>
    matrix.map((row, i) => row.map((_, j) => 1 + (3 * i + 2 * j) % 7));
  return { x: whole(x), y: whole(y), w1, w2 };
};

Deno.test("draw() and train() have the original's sizes and numbers by default", async () => {
  await useBackend("wasm");
  const trainings = {
    naive: naive.train(naive.draw(), { steps: 2 }),
    ndarray: nd.train(nd.draw(), { steps: 2 }),
    tensor: tensor.train(tensor.draw(), { steps: 2 }),
  };
  for (const [name, losses] of Object.entries(trainings)) {
    const printing = { ...naive.TRAINING, logEvery: 1 };
    for await (const { t, loss } of readLosses(losses, printing)) {
      assertClose(loss, seed0.numpy[t], 1e-6, `${name}, iteration ${t}`);
    }
  }
  const { w1 } = naive.draw({ H: 2 });
  const shapes = [[w1.length, w1[0].length], nd.draw({ H: 2 }).w1.shape];
  assert.deepEqual([...shapes, tensor.draw({ H: 2 }).w1.shape], Array(3).fill([1000, 2]));
});

// What readers may hand to train: numbers of other types, and views.
for (
  const backend of BLAS ? ["blas", "wasm", "typescript"] as const : ["wasm", "typescript"] as const
) {
  for (const type of [Float32Array, Uint8Array, Int16Array]) {
    const data = (rows: naive.Matrix) => {
      return ndarray(new type(rows.flat()), [rows.length, rows[0].length]) as unknown as Matrix;
    };
    testAsNaive(ndarrays(backend, data, toNdarray, `${type.name}s`), OWN);
  }
  const backwards = (rows: naive.Matrix) => toNdarray(rows.toReversed()).step(-1, 1);
  const columns = (rows: naive.Matrix) => toNdarray(naive.transpose(rows)).transpose(1, 0);
  const part = (rows: naive.Matrix) =>
    toNdarray([rows[0], ...rows].map((row) => [0, ...row])).lo(1, 1);
  for (const [name, view] of Object.entries({ backwards, columns, part })) {
    testAsNaive(ndarrays(backend, view, view, `views, ${name}`), OWN);
  }
}
for (const backend of await availableBackends()) testAsNaive(tensors(backend, "int32"), OWN);

Deno.test("naive.train() refuses rows that are no arrays, or of several lengths", () => {
  const network = OWN({ N: 3, D_in: 5, H: 4, D_out: 2 });
  const changes = [(row: number[]) => Float32Array.from(row), (row: number[]) => [...row, 1]];
  for (const [name, [first, ...rest]] of Object.entries(network)) {
    for (const change of changes) {
      const changed = { ...network, [name]: [change(first), ...rest] } as naive.Network;
      assert.throws(() => [...naive.train(changed, { steps: 2 })], {
        message: "Cannot use a matrix: its rows are not arrays of one length",
      });
    }
  }
});
