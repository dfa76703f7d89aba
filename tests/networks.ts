/**
 * The three networks behind one face, so that a test of one is a test of all.
 *
 * @module
 */

// @ts-types="@types/ndarray"
import ndarray from "ndarray";
import * as tf from "@tensorflow/tfjs-core";
import { openBackend } from "../lib/backend.ts";
import type { Options } from "../lib/cli.ts";
import type { Matrix } from "../lib/linear_algebra.ts";
import { NDARRAY_BACKENDS } from "../lib/ndarray_backends.ts";
import { type Losses, readLosses, type Report } from "../lib/run.ts";
import type { TensorBackend } from "../lib/tensor_backends.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import { availableBackends, BLAS, useBackend } from "./available.ts";

/** The sizes of a network. */
export type Dimensions = typeof naive.SIZES;

/** How a network is trained, and which of its losses are read. */
export type Training = Pick<Options, "steps" | "learningRate" | "logEvery">;

/** Matrices by name, as plain arrays: x, y and the weights, or the weights alone. */
export type Matrices = Record<string, naive.Matrix>;

/** One way to train the network. */
export interface Version {
  name: string;
  /** Its unit roundoff is that of float32, not of float64. */
  float32: boolean;
  draw(dimensions: Dimensions, seed: number): Promise<Matrices>;
  /** Trains a copy of the network. */
  train(network: Matrices, training: Training): Promise<{ reports: Report[]; weights: Matrices }>;
}

/** The same names, with something made of each value. */
function mapValues<In, Out>(record: Record<string, In>, make: (value: In, name: string) => Out) {
  const entries = Object.entries(record).map(([name, value]) => [name, make(value, name)] as const);
  return Object.fromEntries(entries);
}

/** Reads the losses of a training, and keeps what it returns. */
async function collect<Weights>(
  losses: Iterator<Losses extends Iterable<infer Loss> ? Loss : never, Weights>,
  training: Training,
): Promise<[Report[], Weights]> {
  let weights: Weights;
  function* keepWeights() {
    weights = yield* { [Symbol.iterator]: () => losses };
  }
  const reports = await Array.fromAsync(readLosses(keepWeights(), training));
  return [reports, weights!];
}

const arrays: Version = {
  name: "naive",
  float32: false,
  draw: (dimensions, seed) => Promise.resolve(naive.draw(dimensions, seed)),
  async train(network, training) {
    const [reports, weights] = await collect(
      naive.train(network as naive.Network, training),
      training,
    );
    return { reports, weights };
  },
};

/** Copies rows to a new ndarray. */
export function toNdarray(rows: naive.Matrix): Matrix {
  return ndarray(Float64Array.from(rows.flat()), [rows.length, rows[0].length]);
}

/** Copies an ndarray of any strides to rows. */
export function fromNdarray(matrix: Matrix): naive.Matrix {
  const [rows, columns] = matrix.shape;
  return Array.from(
    { length: rows },
    (_, i) => Array.from({ length: columns }, (_, j) => matrix.get(i, j)),
  );
}

/** The ndarray script on one backend. */
function ndarrays(backend: keyof typeof NDARRAY_BACKENDS): Version {
  return {
    name: `ndarray on ${backend}`,
    float32: false,
    draw: (dimensions, seed) => Promise.resolve(mapValues(nd.draw(dimensions, seed), fromNdarray)),
    async train(network, training) {
      const { algebra } = await openBackend(backend, NDARRAY_BACKENDS);
      const copies = mapValues(network, toNdarray) as nd.Network;
      const [reports, weights] = await collect(nd.train(copies, training, algebra), training);
      return { reports, weights: mapValues(weights, fromNdarray) };
    },
  };
}

/** The numbers of tensors, which are disposed of. */
async function takeArrays(tensors: Record<string, tf.Tensor2D>): Promise<Matrices> {
  const matrices: Matrices = {};
  for (const [name, tensor] of Object.entries(tensors)) matrices[name] = await tensor.array();
  tf.dispose(tensors);
  return matrices;
}

/** The tensor script on one backend. */
function tensors(backend: TensorBackend): Version {
  return {
    name: `tensor on ${backend}`,
    float32: true,
    async draw(dimensions, seed) {
      await useBackend(backend);
      return takeArrays(tensor.draw(dimensions, seed) as Record<string, tf.Tensor2D>);
    },
    async train(network, training) {
      await useBackend(backend);
      const copies = mapValues(network, (rows, name) => {
        const make = () => tf.tensor2d(rows);
        return "xy".includes(name) ? make() : tf.tidy(() => tf.variable(make()));
      });
      const { x, y, ...variables } = copies as tensor.Network;
      const [reports] = await collect(tensor.train(copies as tensor.Network, training), training);
      tf.dispose([x, y]);
      return { reports, weights: await takeArrays(variables as Record<string, tf.Tensor2D>) };
    },
  };
}

/** Every way to train the network on this machine. */
export const VERSIONS: Version[] = [
  arrays,
  ...(BLAS ? [ndarrays("blas")] : []),
  ndarrays("wasm"),
  ndarrays("typescript"),
  ...(await availableBackends()).map(tensors),
];
