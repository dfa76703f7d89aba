/**
 * The three networks behind one face, so that a test of one is a test of all.
 *
 * @module
 */

// @ts-types="@types/ndarray"
import ndarray from "ndarray";
import * as tf from "@tensorflow/tfjs-core";
import { type Backend, useBackend } from "../lib/backend.ts";
import { closeBlas, openBlas } from "../lib/blas.ts";
import type { Dimensions, Report, Training } from "../lib/cli.ts";
import * as naive from "../naive_neural_network.ts";
import * as nd from "../ndarray_neural_network.ts";
import * as tensor from "../tensor_neural_network.ts";
import { availableBackends, BLAS } from "./available.ts";

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

/** Collects what a generator yields and returns. */
async function collect<Weights>(
  losses: Iterator<Report, Weights> | AsyncIterator<Report, Weights>,
): Promise<[Report[], Weights]> {
  const reports: Report[] = [];
  while (true) {
    const { done, value } = await losses.next();
    if (done) return [reports, value];
    reports.push(value);
  }
}

const arrays: Version = {
  name: "naive",
  float32: false,
  draw: (dimensions, seed) => Promise.resolve(naive.draw(dimensions, seed)),
  async train(network, training) {
    const [reports, weights] = await collect(naive.train(network, training));
    return { reports, ...weights };
  },
};

/** Copies rows to a new ndarray. */
export function toNdarray(rows: naive.Matrix): nd.Matrix {
  return ndarray(Float64Array.from(rows.flat()), [rows.length, rows[0]!.length]);
}

/** Copies an ndarray of any strides to rows. */
export function fromNdarray(matrix: nd.Matrix): naive.Matrix {
  const [rows, columns] = matrix.shape as [number, number];
  return Array.from(
    { length: rows },
    (_, i) => Array.from({ length: columns }, (_, j) => matrix.get(i, j)),
  );
}

/** The ndarray script, with BLAS or with its own loops. */
function ndarrays(backend: "blas" | "typescript"): Version {
  return {
    name: `ndarray with ${backend}`,
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
      if (backend === "blas") openBlas();
      const [reports, weights] = await collect(nd.train(network, training));
      closeBlas();
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
      const [reports] = await collect(tensor.train(network, training));
      const trained = { reports, w1: await network.w1.array(), w2: await network.w2.array() };
      tf.dispose([network.x, network.y, network.w1, network.w2]);
      return trained;
    },
  };
}

/** Every way to train the network on this machine. */
export const VERSIONS: Version[] = [
  arrays,
  ndarrays("typescript"),
  ...(BLAS ? [ndarrays("blas")] : []),
  ...(await availableBackends()).map(tensors),
];
