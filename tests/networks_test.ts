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
import { availableBackends, BLAS, type TensorBackend, testIf, useBackend } from "./available.ts";
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

/** Copies rows to a new ndarray. */
const toNdarray = (rows: naive.Matrix): Matrix =>
  ndarray(Float64Array.from(rows.flat()), [rows.length, rows[0].length]);

/** Copies an ndarray of any strides to rows. */
function fromNdarray(matrix: Matrix): naive.Matrix {
  const [rows, columns] = matrix.shape;
  const row = (i: number) => Array.from({ length: columns }, (_, j) => matrix.get(i, j));
  return Array.from({ length: rows }, (_, i) => row(i));
}

/** The ndarray script on one backend. */
const ndarrays = (backend: keyof typeof NDARRAY_BACKENDS): Version => ({
  name: `ndarray on ${backend}`,
  isFloat32: false,
  draw: (sizes, seed) => mapValues(nd.draw(sizes, seed), fromNdarray),
  async train(network, training) {
    const { dot } = await openBackend(backend, NDARRAY_BACKENDS);
    const losses = nd.train(mapValues(network, toNdarray) as nd.Network, training, dot);
    return collect(losses, training, (weights) => mapValues(weights, fromNdarray));
  },
});

/** The numbers of tensors, which are disposed of. */
async function takeArrays(tensors: Record<string, tf.Tensor2D>): Promise<Matrices> {
  const matrices: Matrices = {};
  for (const [name, tensor] of Object.entries(tensors)) matrices[name] = await tensor.array();
  tf.dispose(tensors);
  return matrices;
}

/** The tensor script on one backend. */
const tensors = (backend: TensorBackend): Version => ({
  name: `tensor on ${backend}`,
  isFloat32: true,
  async draw(sizes, seed) {
    await useBackend(backend);
    return takeArrays(tensor.draw(sizes, seed) as Record<string, tf.Tensor2D>);
  },
  async train(network, training) {
    await useBackend(backend);
    const { x, y, ...weights } = mapValues(network, (rows) => tf.tensor2d(rows));
    const variables = mapValues(weights, (tensor) => tf.tidy(() => tf.variable(tensor)));
    tf.dispose(weights);
    const losses = tensor.train({ x, y, ...variables } as tensor.Network, training);
    const trained = await collect(losses, training, takeArrays);
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
  ...(await availableBackends()).map(tensors),
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

  Deno.test(`${version.name}: trains as the naive script does, of odd sizes, whichever losses are read`, async () => {
    // deno-fmt-ignore
    const sizes = [[1, 1, 1, 1], [1, 7, 5, 3], [5, 3, 1, 2], [7, 13, 11, 5], [3, 2, 9, 1]];
    for (const [N, D_in, H, D_out] of sizes) {
      const network: Matrices = naive.draw({ N, D_in, H, D_out }, 5);
      const training = { steps: 10, learningRate: 1e-3, logEvery: 1 };
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

/** Own data: the bytes of images, and targets and weights that float32 holds exactly. */
const bytes = (rows: number, columns: number) =>
  Array.from(
    { length: rows },
    (_, i) => Array.from({ length: columns }, (_, k) => (i * 97 + k * 31) % 256),
  );
const quarters = (matrix: naive.Matrix) =>
  matrix.map((row) => row.map((value) => Math.round(4 * value) / 4));

const OWN_TRAINING = { steps: 10, learningRate: 1e-7, logEvery: 1 };

/** A network of own data for each shape, and what the naive script makes of it. */
async function* ownNetworks() {
  for (const [N, D_in, H, D_out] of [[5, 7, 3, 2], [1, 6, 4, 3], [9, 1, 2, 1]]) {
    const { y, w1, w2 } = mapValues(naive.draw({ N, D_in, H, D_out }, 4), quarters);
    const network = {
      x: bytes(N, D_in),
      y: y.map((row) => row.map((value) => Math.floor(value) + 0)),
      w1,
      w2,
    };
    yield { network, expected: await arrays.train(network, OWN_TRAINING) };
  }
}

function assertTrained(actual: Trained, expected: Trained, tolerance: number) {
  for (const [t, { loss }] of expected.losses.entries()) {
    assertClose(actual.losses[t].loss, loss, tolerance, `iteration ${t}`);
  }
  for (const [name, rows] of Object.entries(expected.weights)) {
    for (const [i, value] of rows.flat().entries()) {
      const error = Math.abs(actual.weights[name].flat()[i] - value);
      assert.ok(error <= tolerance * (1 + Math.abs(value)), `${name}: ${i}`);
    }
  }
}

/** The same matrix in an ndarray of another type, or of other strides. */
const LAYOUTS: Record<string, (rows: naive.Matrix) => Matrix> = {
  "float64": toNdarray,
  "columns one after the other": (rows) => toNdarray(naive.transpose(rows)).transpose(1, 0),
  "backwards": (rows) => toNdarray(rows.toReversed()).step(-1, 1),
  "a part": (rows) =>
    toNdarray([...rows, ...rows].map((row) => [0, ...row])).lo(0, 1).hi(
      rows.length,
      rows[0].length,
    ),
};
for (const type of [Float32Array, Uint8Array, Int16Array]) {
  LAYOUTS[type.name] = (rows) =>
    ndarray(type.from(rows.flat()), [rows.length, rows[0].length]) as unknown as Matrix;
}

for (const backend of ["blas", "wasm", "typescript"] as const) {
  testIf(
    backend !== "blas" || BLAS !== undefined,
    `ndarray on ${backend}: trains on own data of any type and strides`,
    async () => {
      const { dot } = await openBackend(backend, NDARRAY_BACKENDS);
      for await (const { network, expected } of ownNetworks()) {
        for (const [kind, toLayout] of Object.entries(LAYOUTS)) {
          const isWhole = /Uint8|Int16/.test(kind);
          const x = toLayout(network.x);
          const y = kind === "Uint8Array" ? toNdarray(network.y) : toLayout(network.y);
          // Weights are changed in place, for which they need as many digits as float64 has.
          const isNarrow = isWhole || kind === "Float32Array";
          const [w1, w2] = [network.w1, network.w2].map(isNarrow ? toNdarray : toLayout);
          const losses = nd.train({ x, y, w1, w2 }, OWN_TRAINING, dot);
          const toArrays = (weights: Pick<nd.Network, "w1" | "w2">) =>
            mapValues(weights, fromNdarray);
          const actual = await collect(losses, OWN_TRAINING, toArrays);
          assertTrained(actual, expected, 1e-12);
          if (!isWhole) continue;
          const training = nd.train({ x, y, w1: toLayout(network.w1), w2 }, OWN_TRAINING, dot);
          assert.throws(() => [...training], {
            message: /^Cannot subtract matrices in place: .*int/,
          });
        }
      }
    },
  );
}

for (const backend of await availableBackends()) {
  Deno.test(`tensor on ${backend}: trains on own data of any type`, async () => {
    await useBackend(backend);
    for await (const { network, expected } of ownNetworks()) {
      for (const type of ["float32", "int32"] as const) {
        const { x, y } = mapValues(network, (rows) => tf.tensor2d(rows, undefined, type));
        const [w1, w2] = [network.w1, network.w2].map((rows) => tf.variable(tf.tensor2d(rows)));
        const losses = tensor.train({ x, y, w1, w2 } as tensor.Network, OWN_TRAINING);
        assertTrained(await collect(losses, OWN_TRAINING, takeArrays), expected, 1e-4);
        // The data is the caller's, and stays.
        assert.deepEqual(await x.array(), network.x);
        assert.deepEqual(await y.array(), network.y);
        tf.dispose([x, y]);
      }
    }
  });
}

Deno.test("naive: refuses rows that are no arrays, or of several lengths", async () => {
  for await (const { network } of ownNetworks()) {
    for (const name of ["x", "y", "w1", "w2"]) {
      for (
        const change of [(row: number[]) => Float32Array.from(row), (row: number[]) => [...row, 1]]
      ) {
        const [first, ...rest] = network[name as keyof typeof network];
        const changed = { ...network, [name]: [change(first), ...rest] } as naive.Network;
        if (rest.length === 0 && !(changed[name as "x"][0] instanceof Float32Array)) continue;
        assert.throws(() => [...naive.train(changed, OWN_TRAINING)], {
          message: "Cannot use a matrix: its rows are not arrays of one length",
        });
      }
    }
  }
});
