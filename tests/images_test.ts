/** That the benchmarks time what they say, and the pictures and figures show it. */

import assert from "node:assert/strict";
import {
  benchTimes,
  extrapolate,
  iteration,
  MEASUREMENTS,
  p75,
  WHOLE,
} from "../images/measurements.ts";
import { comparison, figure, times, writeFigures } from "../images/tables.ts";
import { draw, matrixMultiply, transpose } from "../naive_neural_network.ts";
import { permitted, useBackend } from "./available.ts";
import seed11 from "./numpy_losses/seed11_3x5x4x2.json" with { type: "json" };
import {
  arrayOperations,
  loopOperations,
  ndarrayOperations,
  type Operations,
  tensorOperations,
} from "./operations.ts";
import { ORDERS } from "./products.ts";
import { ROOT } from "./run_script.ts";

Deno.test("each operation computes what it is called", async () => {
  const expected: [keyof Operations, first: number, last: number][] = [
    ["creation", 0.5, 999_999.5],
    ["squaring", 0.25, 999_999.5 ** 2],
    ["sine", Math.sin(0.5), Math.sin(999_999.5)],
  ];
  const close = (actual: number, value: number) =>
    assert.ok(Math.abs(actual - value) <= 1e-6 * Math.abs(value), `${actual} is not ${value}`);
  for (const operations of [arrayOperations(), loopOperations(), ndarrayOperations()]) {
    for (const [name, first, last] of expected) {
      const result = operations[name]() as number[] | { data: Float64Array };
      const numbers = "data" in result ? result.data : result;
      assert.equal(numbers.length, 1e6);
      close(numbers[0], first);
      close(numbers[1e6 - 1], last);
    }
    close(operations.summation() as number, 5e11);
  }
  await useBackend("cpu");
  const tensors = tensorOperations();
  for (const [name, first] of expected) close(await tensors[name]() as number, first);
  close(await tensors.summation() as number, 5e11);
});

Deno.test("the five products of an iteration, whatever the order of the loops", () => {
  const network = draw({ N: 3, D_in: 5, H: 4, D_out: 2 });
  const { x, y, w1, w2 } = network;
  const h = matrixMultiply(x, w1);
  const expected = [
    h,
    matrixMultiply(h, w2),
    matrixMultiply(transpose(h), y),
    matrixMultiply(y, transpose(w2)),
    matrixMultiply(transpose(x), h),
  ].map((matrix) => matrix.flat());
  for (const [order, productsOf] of Object.entries(ORDERS)) {
    const products = productsOf(network)() as (number[][] | { data: Float64Array })[];
    const numbers = products.map((product) =>
      "data" in product ? [...product.data] : product.flat()
    );
    assert.deepEqual(numbers, expected, order);
  }
});

Deno.test("what is kept of many times: p75, and of ten iterations fifty times as many", () => {
  assert.equal(p75([5, 1, 8, 3, 2, 7, 4, 6]), 6);
  assert.equal(extrapolate(20, 120), 5020);
  const ok = { min: 1e6, avg: 2e6, p75: 3e6, p99: 4e6, max: 5e6 };
  const json = JSON.stringify({ benches: [{ name: "arrays", group: "x", results: [{ ok }] }] });
  assert.deepEqual(benchTimes(json), [{ name: "arrays", of: "x", ms: 3 }]);
});

Deno.test("a benchmark times its calls and nothing else, and stops before the next", async () => {
  const { bench } = await import("./bench.ts");
  const log: string[] = [];
  const benchmarks: ((b: Deno.BenchContext) => Promise<void>)[] = [];
  const { bench: original } = Deno;
  Deno.bench = ((...args: unknown[]) => benchmarks.push(args[2] as never)) as typeof original;
  try {
    for (const name of ["a", "b"]) {
      const note = (what: string) => () => log.push(`${what} ${name}`);
      bench("group", name, () => {
        note("make")();
        return { call: note("call"), stop: note("stop") };
      });
    }
  } finally {
    Deno.bench = original;
  }
  const context = { start: () => log.push("start"), end: () => log.push("end") };
  for (const i of [0, 0, 1]) await benchmarks[i](context as unknown as Deno.BenchContext);
  assert.deepEqual(log, [
    ...["make a", "start", "call a", "end", "start", "call a", "end"],
    ...["stop a", "make b", "start", "call b", "end"],
  ]);
});

Deno.test("figures: a time, a ratio, a table, and none of what was not measured", () => {
  const time = (name: string, ms: number, of = iteration()) => ({ name, of, ms });
  const measured = {
    ...MEASUREMENTS,
    versions: { Python: "3.11", NumPy: "2.0", PyTorch: "2.1+cu1" },
    times: [
      time("arrays", 10),
      time("ndarrays with BLAS", 0.5),
      time("NumPy", 0.4),
      time("arrays", 5000, WHOLE),
      time("ndarrays with BLAS", 250, WHOLE),
      time("NumPy", 500, WHOLE),
      time("arrays", 640, iteration(6400)),
      time("ndarrays with BLAS", 16, iteration(6400)),
      time("NumPy", 8, iteration(6400)),
    ],
  };
  assert.equal(figure(measured, "arrays"), "10.0 ms");
  assert.equal(figure(measured, "arrays/blas"), "20");
  assert.equal(figure(measured, "fastest/6400"), "ndarrays with BLAS");
  assert.equal(figure(measured, "gain/6400"), "40");
  const rows = (name: string) =>
    figure(measured, name).trim().split("\n").slice(2).map((row) =>
      row.split("|").map((cell) => cell.trim()).slice(1, -1)
    );
  assert.deepEqual(rows("iterations"), [
    ["arrays", "no flag", "10.0 ms", ""],
    ["ndarrays with BLAS", "`--allow-ffi`", "500 µs", "20 times as fast"],
    ["NumPy", "NumPy 2.0", "400 µs", "25 times as fast"],
  ]);
  assert.deepEqual(rows("whole"), [
    ["arrays", "5.00 s", ""],
    ["ndarrays with BLAS", "250 ms", "2.0 times as fast"],
    ["NumPy", "500 ms", ""],
  ]);
  for (const name of ["wasm", "arrays/wasm", "nothing"]) {
    assert.throws(() => figure(measured, name), { message: /: it was not measured$/ }, name);
  }
  const text = "It takes <!-- figure blas -->2<!-- / -->, not <!-- figure arrays -->3<!-- / -->.";
  assert.equal(
    writeFigures(text, measured),
    "It takes <!-- figure blas -->500 µs<!-- / -->, not <!-- figure arrays -->10.0 ms<!-- / -->.",
  );
});

Deno.test("ratios have two digits, and are told as fast or slow", () => {
  const ratios = [[12, 10], [99.4, 10], [123, 1], [1234, 1]].map(([a, b]) => times(a, b));
  assert.deepEqual(ratios, ["1.2", "9.9", "120", "1200"]);
  assert.equal(comparison(1, 1.84), "1.8 times as fast");
  assert.equal(comparison(13, 1), "13 times as slow");
  assert.equal(comparison(1.04, 1), "as fast");
});

Deno.test({
  name: "the pictures are drawn from the measurements, and the README shows them",
  ignore: !permitted("the test of the pictures", "env", "read"),
  async fn() {
    // Only here is the charting library fetched.
    const { drawPictures } = await import("../images/pictures.ts");
    const read = (file: string) => Deno.readTextFile(new URL(file, ROOT));
    const readme = await read("README.md");
    for (const [file, svg] of Object.entries(drawPictures(MEASUREMENTS))) {
      assert.ok(await read(`images/${file}`) === svg, `run deno task images: ${file}`);
      assert.ok(readme.includes(`images/${file}`), file);
    }
    const slower = structuredClone(MEASUREMENTS);
    for (const time of slower.times) time.ms *= 3;
    assert.notDeepEqual(drawPictures(slower), drawPictures(MEASUREMENTS));
  },
});

const runs = permitted("the test of the originals' statements", "run", "read");

Deno.test({
  name: "the originals that are timed print NumPy's losses",
  ignore: !runs,
  async fn() {
    const [N, D_in, H, D_out] = seed11.dims;
    const { x, y, w1, w2 } = draw({ N, D_in, H, D_out }, seed11.seed);
    for (const [name, tolerance] of [["lists", 1e-9], ["numpy", 1e-9], ["torch", 1e-4]] as const) {
      const child = new Deno.Command("python3", {
        args: ["images/originals.py", "losses", name, "50"],
        cwd: ROOT,
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(JSON.stringify([x, y, w1, w2])));
      await writer.close();
      const { stdout, stderr } = await child.output();
      const decoder = new TextDecoder();
      const [module] = decoder.decode(stderr).match(/(?<=No module named ')\w+/) ?? [];
      if (module) {
        console.error(`Skipping ${name}: python3 has no ${module}`);
        continue;
      }
      const losses = [...decoder.decode(stdout).matchAll(/Loss Value: (.+)/g)];
      assert.equal(losses.length, 50, decoder.decode(stderr));
      // The lists' original lets every gradient pass, so that only its first loss is NumPy's.
      for (const [t, [, loss]] of losses.slice(0, name === "lists" ? 1 : 50).entries()) {
        assert.ok(
          Math.abs(Number(loss) / seed11.numpy[t] - 1) < tolerance,
          `${name}, ${t}: ${loss}`,
        );
      }
    }
  },
});
