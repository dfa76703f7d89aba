/** What holds for all three networks: NumPy's losses, right gradients, one result. */

import assert from "node:assert/strict";
import seed0 from "./numpy_losses/seed0_64x1000x100x10.json" with { type: "json" };
import seed11 from "./numpy_losses/seed11_3x5x4x2.json" with { type: "json" };
import seed42 from "./numpy_losses/seed42_64x1000x100x10.json" with { type: "json" };
import { type Dimensions, type Matrices, VERSIONS } from "./networks.ts";

/** How far two numbers are apart, relative to the larger one. */
function relativeError(a: number, b: number): number {
  return a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
}

function assertClose(actual: number, expected: number, tolerance: number, what: string) {
  const error = relativeError(actual, expected);
  assert.ok(error <= tolerance, `${what}: ${actual} is ${error} from ${expected}`);
}

const [naive] = VERSIONS;

for (const version of VERSIONS) {
  for (const golden of [seed0, seed42, seed11]) {
    const [N, D_in, H, D_out] = golden.dims;
    // 500 iterations would take a minute in plain JavaScript, or on a software GPU.
    const slow = /webgpu|cpu/.test(version.name) && N === 64;
    const steps = slow ? 51 : golden.numpy.length;
    const upTo = Math.min(steps - 1, version.float32 ? 200 : Infinity);
    // PyTorch's own float32 losses of seed 42 go 1.15e-4 from NumPy's.
    const tolerance = !version.float32 ? 1e-9 : golden.seed === 42 ? 2e-4 : 1e-4;

    Deno.test(`${version.name}: NumPy's losses of seed ${golden.seed}, iterations 0 to ${upTo}`, async () => {
      const network = await version.draw({ N, D_in, H, D_out }, golden.seed);
      const training = { steps, learningRate: golden.learningRate, logEvery: 1 };
      const { reports } = await version.train(network, training);
      assert.equal(reports.length, steps);
      for (const { t, loss } of reports.slice(0, upTo + 1)) {
        assertClose(loss, golden.numpy[t], tolerance, `iteration ${t}`);
      }
    });
  }
}

/** The place of every number of the weights: of whatever `draw` gives beside x and y. */
function* places({ x: _x, y: _y, ...weights }: Matrices) {
  for (const [name, matrix] of Object.entries(weights)) {
    for (const [i, row] of matrix.entries()) {
      for (const j of row.keys()) yield { name, i, j };
    }
  }
}

for (const version of VERSIONS) {
  Deno.test(`${version.name}: gradients by central differences`, async () => {
    const network = await naive.draw({ N: 3, D_in: 5, H: 4, D_out: 2 }, 3);
    // With a learning rate of 1, one iteration moves each weight by its gradient.
    const training = { steps: 1, learningRate: 1, logEvery: 1 };
    const lossOf = async (changed: Matrices) =>
      (await version.train(changed, training)).reports[0].loss;
    const { weights } = await version.train(network, training);
    // The loss is a parabola in each weight as long as no hidden unit changes its sign, so
    // central differences are exact but for rounding.
    const [delta, tolerance] = version.float32 ? [1e-2, 5e-3] : [1e-4, 1e-7];
    for (const { name, i, j } of places(network)) {
      const gradient = network[name][i][j] - weights[name][i][j];
      const [above, below] = [structuredClone(network), structuredClone(network)];
      above[name][i][j] += delta;
      below[name][i][j] -= delta;
      const difference = (await lossOf(above) - await lossOf(below)) / (2 * delta);
      const error = Math.abs(gradient - difference) / (1 + Math.abs(difference));
      assert.ok(
        error < tolerance,
        `d loss / d ${name}[${i}][${j}]: ${gradient} is not ${difference}`,
      );
    }
  });

  Deno.test(`${version.name}: no gradient through a closed unit, but through one at 0`, async () => {
    // Hidden sums of -1, 0 and 1; each unit would add to the output 0, 0 and 1.
    const network = { x: [[1]], y: [[0]], w1: [[-1, 0, 1]], w2: [[1], [1], [1]] };
    const training = { steps: 1, learningRate: 0.5, logEvery: 1 };
    const { weights } = await version.train(network, training);
    // The gradient of the output is 2, and NumPy's mask is h < 0.
    assert.deepEqual(weights, { w1: [[-1, -1, 0]], w2: [[1], [1], [0]] });
  });

  Deno.test(`${version.name}: reports every K-th loss, and the last`, async () => {
    const network = await naive.draw({ N: 2, D_in: 3, H: 2, D_out: 1 }, 0);
    const every = await version.train(network, { steps: 8, learningRate: 1e-3, logEvery: 1 });
    const third = await version.train(network, { steps: 8, learningRate: 1e-3, logEvery: 3 });
    const losses = ({ reports }: typeof every) => reports.map(({ t, loss }) => [t, loss]);
    assert.deepEqual(losses(third), [0, 3, 6, 7].map((t) => losses(every)[t]));
    assert.deepEqual(third.weights, every.weights);
  });
}

const ODD_DIMENSIONS: Dimensions[] = [
  { N: 1, D_in: 1, H: 1, D_out: 1 },
  { N: 1, D_in: 7, H: 5, D_out: 3 },
  { N: 5, D_in: 3, H: 1, D_out: 2 },
  { N: 7, D_in: 13, H: 11, D_out: 5 },
  { N: 3, D_in: 2, H: 9, D_out: 1 },
];

for (const version of VERSIONS.filter((version) => version !== naive)) {
  for (const { N, D_in, H, D_out } of ODD_DIMENSIONS) {
    Deno.test(`${version.name}: as naive for ${N}x${D_in}x${H}x${D_out}`, async () => {
      const network = await naive.draw({ N, D_in, H, D_out }, 5);
      const training = { steps: 10, learningRate: 1e-3, logEvery: 1 };
      const expected = await naive.train(network, training);
      const actual = await version.train(network, training);
      const tolerance = version.float32 ? 1e-4 : 1e-12;
      for (const [t, { loss }] of actual.reports.entries()) {
        assertClose(loss, expected.reports[t].loss, tolerance, `iteration ${t}`);
      }
      for (const { name, i, j } of places(network)) {
        const [a, b] = [actual.weights[name][i][j], expected.weights[name][i][j]];
        assert.ok(Math.abs(a - b) <= tolerance * (1 + Math.abs(b)), `${name}[${i}][${j}]`);
      }
    });
  }
}
