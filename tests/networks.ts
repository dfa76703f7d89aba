/**
 * The three networks behind one face, so that a test of one is a test of all.
 *
 * @module
 */

// @ts-types="@types/ndarray"
import ndarray from "ndarray";
import * as tf from "@tensorflow/tfjs-core";
import { type Backend, useBackend } from "../lib/backend.ts";
import type { Blas } from "../lib/blas.ts";
import type { Options } from "../lib/cli.ts";
import type { Matrix } from "../lib/linear_algebra.ts";
import { type Report, report } from "../lib/report.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import { availableBackends, BLAS } from "./available.ts";

/** The sizes of a network. */
export type Dimensions = typeof naive.SIZES;

/** How a network is trained, and what of it is reported. */
export type Training = Pick<Options, "steps" | "learningRate" | "logEvery">;

/** A network as plain arrays, whatever it is trained with. */
export type Network = naive.Network;

/** What a training gave: its reports, and the weights afterwards. */
export interface Trained {
  reports: Report[];
  w1: naive.Matrix;
  w2: naive.Matrix;
}

/** One way to train the network. */
export interface Version {
  name: string;
  /** Its unit roundoff is that of float32, not of float64. */
  float32: boolean;
  draw(dimensions: Dimensions, seed: number): Promise<Network>;
  /** Trains a copy of the network. */
  train(network: Network, training: Training): Promise<Trained>;
}

/** Collects the reports of a training, and what it returns. */
async function collect<Loss extends number | tf.Tensor, Weights>(
  losses: Generator<{ t: number; loss: Loss }, Weights>,
  training: Training,
): Promise<[Report[], Weights]> {
  let weights: Weights;
  function* keepWeights() {
    weights = yield* losses;
  }
  const reports = await Array.fromAsync(report(keepWeights(), training));
  return [reports, weights!];
}

const arrays: Version = {
  name: "naive",
  float32: false,
  draw: (dimensions, seed) => Promise.resolve(naive.draw(dimensions, seed)),
  async train(network, training) {
    const [reports, weights] = await collect(naive.train(network, training), training);
    return { reports, ...weights };
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

/** The ndarray script, with BLAS or with loops. */
function ndarrays(blas?: Blas): Version {
  return {
    name: `ndarray with ${blas ? "blas" : "loops"}`,
    float32: false,
    draw(dimensions, seed) {
      const { x, y, w1, w2 } = nd.draw(dimensions, seed);
      return Promise.resolve({
        x: fromNdarray(x),
        y: fromNdarray(y),
        w1: fromNdarray(w1),
        w2: fromNdarray(w2),
      });
    },
    async train({ x, y, w1, w2 }, training) {
      const network = {
        x: toNdarray(x),
        y: toNdarray(y),
        w1: toNdarray(w1),
        w2: toNdarray(w2),
      };
      const [reports, weights] = await collect(nd.train(network, training, blas), training);
      return { reports, w1: fromNdarray(weights.w1), w2: fromNdarray(weights.w2) };
    },
  };
}

/** The tensor script on one backend. */
export function tensors(backend: Backend): Version {
  return {
    name: `tensor on ${backend}`,
    float32: true,
    async draw(dimensions, seed) {
      await useBackend(backend);
      const { x, y, w1, w2 } = tensor.draw(dimensions, seed);
      const network = {
        x: await x.array(),
        y: await y.array(),
        w1: await w1.array(),
        w2: await w2.array(),
      };
      tf.dispose([x, y, w1, w2]);
      return network;
    },
    async train({ x, y, w1, w2 }, training) {
      await useBackend(backend);
      const network = {
        x: tf.tensor2d(x),
        y: tf.tensor2d(y),
        w1: tf.tidy(() => tf.variable(tf.tensor2d(w1))),
        w2: tf.tidy(() => tf.variable(tf.tensor2d(w2))),
      };
      const [reports] = await collect(tensor.train(network, training), training);
      const trained = { reports, w1: await network.w1.array(), w2: await network.w2.array() };
      tf.dispose([network.x, network.y, network.w1, network.w2]);
      return trained;
    },
  };
}

/** Every way to train the network on this machine. */
export const VERSIONS: Version[] = [
  arrays,
  ndarrays(),
  ...(BLAS ? [ndarrays(BLAS)] : []),
  ...(await availableBackends()).map(tensors),
];
