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
import { comparison, figure, takes, times, writeFigures } from "../images/tables.ts";
import { draw, matrixMultiply, train, transpose } from "../naive_neural_network.ts";
import { permitted, useBackend } from "./available.ts";
import { bench, STARTS, TENSORS } from "./bench.ts";
import seed11 from "./numpy_losses/seed11_3x5x4x2.json" with { type: "json" };
import {
  arrayOperations,
  ndarrayOperations,
  type Operations,
  tensorOperations,
} from "./operations_bench.ts";
import { ORDERS } from "./products_bench.ts";
import { ROOT } from "./run_script.ts";

Deno.test("each operation computes what it is called", async () => {
  const close = (actual: number, value: number) =>
    assert.ok(Math.abs(actual - value) <= 1e-6 * Math.abs(value), `${actual} is not ${value}`);
  const expected: [keyof Operations, of: (value: number) => number][] = [
    ["creation", (value) => value],
    ["squaring", (value) => value ** 2],
    ["sine", Math.sin],
  ];
  await useBackend("cpu");
  const tensors = tensorOperations();
  for (const [name, of] of expected) {
    for (const operations of [arrayOperations(), ndarrayOperations()]) {
      const result = operations[name]() as number[] | { data: Float64Array };
      const numbers = "data" in result ? result.data : result;
      assert.equal(numbers.length, 1e6);
      for (const i of [0, 7, 1e6 - 1]) close(numbers[i], of(i + 0.5));
    }
    close(await tensors[name]() as number, of(0.5));
  }
  for (const { summation } of [arrayOperations(), ndarrayOperations(), tensors]) {
    close(await summation() as number, 5e11);
  }
});

Deno.test("the five products of an iteration, whatever the order of the loops", () => {
  const network = draw({ N: 3, D_in: 5, H: 4, D_out: 2 });
  const { x, y, w1, w2 } = network;
  const h = matrixMultiply(x, w1);
  const pairs = [[x, w1], [h, w2], [transpose(h), y], [y, transpose(w2)], [transpose(x), h]];
  const expected = pairs.map(([a, b]) => matrixMultiply(a, b).flat());
  for (const [order, productsOf] of Object.entries(ORDERS)) {
    const products = productsOf(network)();
    const numbers = products.map((product) =>
      "data" in product ? [...product.data] : product.flat()
    );
    assert.deepEqual(numbers, expected, order);
  }
  // How often a row is looked up: for each product of numbers, or once for all of a row.
  const looks = Object.values(ORDERS).slice(0, 3).map((productsOf) => {
    let looks = 0;
    const rows = new Proxy(x, { get: (rows, i) => (looks++, Reflect.get(rows, i)) });
    const multiply = productsOf({ ...network, x: rows });
    looks = 0;
    multiply();
    return looks;
  });
  assert.deepEqual(looks.map((looks) => looks >= 3 * 4 * 5), [true, false, false]);
});

Deno.test("the benchmarks time what their names say, and do not end", async () => {
  Object.defineProperty(Deno, "args", { value: ["3"], configurable: true });
  await import("./iteration_bench.ts");
  const network = draw({ N: 64, D_in: 1000, H: 3, D_out: 10 });
  const [{ loss }] = train(network, { steps: 1, learningRate: 1 });
  for (const [id, start] of STARTS) {
    const [name, of] = id.split(", ");
    if (of === "creation of a million numbers") {
      const made = await (await start()).call();
      const kind = Array.isArray(made)
        ? "arrays"
        : typeof made === "number"
        ? "tensors"
        : "ndarrays";
      assert.equal(kind, name.split(" ")[0]);
    }
    if (of !== "an iteration with 3 hidden units" || name === "tensors in JavaScript") continue;
    const { call, stop } = await start();
    const { value } = await call() as IteratorYieldResult<{ loss: number }>;
    assert.ok(Math.abs(value.loss / loss - 1) < 1e-5, id);
    for (let t = 1; t < 600; t++) {
      assert.equal((await call() as IteratorResult<unknown>).done, false);
    }
    await stop?.();
  }
  for (const [name, backend] of TENSORS) {
    assert.ok((await useBackend(backend)).device.includes(name.split(" ")[2]), name);
  }
});

Deno.test("a benchmark times its calls and nothing else, and stops before the next", async () => {
  const log: string[] = [];
  const benchmarks: ((b: Deno.BenchContext) => Promise<void>)[] = [];
  const { bench: original } = Deno;
  Deno.bench = ((...args: unknown[]) => benchmarks.push(args[2] as never)) as typeof original;
  try {
    for (const name of ["a", "b"]) {
      const note = (what: string) => () => log.push(`${what} ${name}`);
      bench("group", name, () => {
        note("make")();
        return { call: () => Promise.resolve().then(note("call")), stop: note("stop") };
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

Deno.test("what is kept of many times: p75, and of ten iterations fifty times as many", () => {
  assert.equal(p75([5, 1, 8, 3, 2, 7, 4, 6]), 6);
  assert.equal(extrapolate(20, 120), 5020);
  const ok = { min: 1e6, avg: 2e6, p75: 3e6, p99: 4e6, max: 5e6 };
  const json = JSON.stringify({ benches: [{ name: "arrays", group: "x", results: [{ ok }] }] });
  assert.deepEqual(benchTimes(json), [{ name: "arrays", of: "x", ms: 3 }]);
});

Deno.test("figures: a time, a ratio, a table, and none of what was not measured", () => {
  const measured = {
    ...MEASUREMENTS,
    versions: { NumPy: "2.0+cu1" },
    times: ([
      ["arrays", 10, iteration()],
      ["ndarrays with BLAS", 0.5, iteration()],
      ["NumPy", 0.4, iteration()],
      ["arrays", 5000, WHOLE],
      ["ndarrays with BLAS", 250, WHOLE],
      ["NumPy", 500, WHOLE],
      ["arrays", 640, iteration(6400)],
      ["ndarrays with BLAS", 16, iteration(6400)],
      ["NumPy", 8, iteration(6400)],
    ] as const).map(([name, ms, of]) => ({ name, of, ms })),
  };
  const figures: Record<string, string> = {
    "arrays": "10.0 ms",
    "arrays/blas": "20",
    "fastest/6400": "ndarrays with BLAS",
    "gain/6400": "40",
  };
  for (const [name, expected] of Object.entries(figures)) {
    assert.equal(figure(measured, name), expected);
  }
  const rows = (name: string) =>
    figure(measured, name).trim().split("\n").slice(2).map((row) =>
      row.split(/ *\| */).slice(1, -1)
    );
  assert.deepEqual(rows("iterations"), [
    ["arrays", "no flag", "10.0 ms", ""],
    ["ndarrays with BLAS", "`--allow-ffi`", "0.500 ms", "20 times as fast"],
    ["NumPy", "NumPy 2.0", "0.400 ms", "25 times as fast"],
  ]);
  assert.deepEqual(rows("whole"), [
    ["arrays", "5.00 s", ""],
    ["ndarrays with BLAS", "0.250 s", "2.0 times as fast"],
    ["NumPy", "0.500 s", ""],
  ]);
  assert.doesNotMatch(figure({ ...measured, skipped: [] }, "machine"), /Not measured/);
  // With a GPU, the tensor script takes it unless it is told not to.
  const gpu = {
    ...measured,
    times: [...measured.times, { name: "tensors on WebGPU", of: iteration(), ms: 1 }],
  };
  assert.equal(takes(gpu, "tensors in WebAssembly"), "`--backend wasm`");
  assert.equal(takes(gpu, "tensors with BLAS"), "`--allow-ffi --backend blas`");
  for (const name of ["wasm", "arrays/wasm", "nothing"]) {
    assert.throws(() => figure(measured, name), { message: /: it was not measured$/ }, name);
  }
  assert.equal(
    writeFigures("<!--blas-->2<!--/-->, <!--arrays-->3<!--/-->.", measured),
    "<!--blas-->0.500 ms<!--/-->, <!--arrays-->10.0 ms<!--/-->.",
  );
  const ratios = [[12, 10], [99.4, 10], [123, 1], [1234, 1]].map(([a, b]) => times(a, b));
  assert.deepEqual(ratios, ["1.2", "9.9", "120", "1200"]);
  assert.equal(comparison(13, 1), "13 times as slow");
  assert.equal(comparison(1.04, 1), "as fast");
});

Deno.test({
  name: "the pictures are drawn from the measurements",
  ignore: !permitted("the test of the pictures", "env", "read"),
  async fn() {
    // Only here is the charting library fetched.
    const { drawPictures } = await import("../images/pictures.ts");
    const pictures = drawPictures(MEASUREMENTS);
    for (const [file, svg] of Object.entries(pictures)) {
      const drawn = await Deno.readTextFile(new URL(`images/${file}`, ROOT));
      assert.ok(drawn === svg, `run deno task images: ${file}`);
    }
    const slower = structuredClone(MEASUREMENTS);
    for (const time of slower.times) time.ms *= 3;
    assert.notDeepEqual(drawPictures(slower), pictures);
    // However many take part, the title has two times below each of the three.
    slower.times.push({ name: "tensors on WebGPU", of: iteration(), ms: 1 });
    assert.equal(drawPictures(slower)["header_light.svg"].match(/font-size="14"/g)!.length, 5);
  },
});

Deno.test({
  name: "the originals that are timed print NumPy's losses",
  ignore: !permitted("the test of the originals' statements", "run", "read"),
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
      const output = await child.output();
      const [stdout, stderr] = [output.stdout, output.stderr].map((b) =>
        new TextDecoder().decode(b)
      );
      const [missing] = stderr.match(/No module named .*/) ?? [];
      if (missing) {
        console.error(`Skipping ${name}: ${missing}`);
        continue;
      }
      const losses = [...stdout.matchAll(/Loss Value: (.+)/g)].map(([, loss]) => Number(loss));
      assert.equal(losses.length, 50, stderr);
      // The lists' original lets every gradient pass, so that only its first loss is NumPy's.
      for (const [t, loss] of losses.slice(0, name === "lists" ? 1 : 50).entries()) {
        const error = Math.abs(loss / seed11.numpy[t] - 1);
        assert.ok(error < tolerance, `${name}, ${t}: ${loss}`);
      }
    }
  },
});
