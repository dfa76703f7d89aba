/** The page that `deno task page` writes, in a real browser. */

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { NotAvailable } from "../lib/errors.ts";
import { threeDigits } from "../lib/timing.ts";
import { permitted, startIfAvailable } from "./available.ts";
import seed0 from "./numpy_losses/seed0_64x1000x100x10.json" with { type: "json" };
import seed42 from "./numpy_losses/seed42_64x1000x100x10.json" with { type: "json" };
import { ROOT, runDeno } from "./processes.ts";

/** What starts Chromium on Linux, macOS and Windows. */
const BROWSERS = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** Gives a page as it is when its scripts are done. They have a clock of their own, which jumps. */
async function dump(browser: string, url: string): Promise<string> {
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=1000000"];
  const signal = AbortSignal.timeout(120_000);
  const command = new Deno.Command(browser, { args: [...flags, "--dump-dom", url], signal });
  return new TextDecoder().decode((await command.output()).stdout);
}

async function findBrowser(): Promise<string> {
  for (const browser of BROWSERS) {
    if ((await dump(browser, "data:,it runs").catch(() => "")).includes("it runs")) return browser;
  }
  throw new NotAvailable("a browser", "there is no Chromium, or it does not start");
}

const isPermitted = permitted("env", "read", "run", "write");
const browser = isPermitted ? await startIfAvailable(findBrowser) : undefined;
let built: ReturnType<typeof runDeno> | undefined;

/** What the page shows at its end, when something was put before its script. */
async function show(parameters: string, before = "") {
  built ??= runDeno(["task", "--quiet", "page"]);
  const { code, stderr } = await built;
  assert.equal(code, 0, stderr);
  const html = await Deno.readTextFile(new URL(".page/index.html", ROOT));
  const copy = await Deno.makeTempFile({ suffix: ".html" });
  try {
    await Deno.writeTextFile(copy, html.replace("<title>", () => `${before}<title>`));
    const dumped = await dump(browser!, `${pathToFileURL(copy)}?${parameters}`);
    const page = dumped.replaceAll(/<script.*?<\/script>/gs, "");
    const [, status] = page.match(/<p role="status">(.*?)<\/p>/s)!;
    const sections = page.matchAll(/<h2>(.*?)<\/h2><p>(.*?)<\/p>.*?<svg(.*?)>.*?<\/svg>/gs);
    const trainings = Array.from(sections, ([, name, text, svg]) => {
      return { name, text, width: svg.match(/width: ([\d.]+%)/)?.[1] };
    });
    return { status, trainings };
  } finally {
    await Deno.remove(copy);
  }
}

function test(name: string, fn: () => Promise<void>) {
  Deno.test({ name, ignore: !browser, fn });
}

/** Keeps the browser's clock, which jumps, from jumping to the time at which a start has failed. */
const NO_TIMEOUT = `<script>
  const wait = setTimeout;
  window.setTimeout = (run, ms) => ms === 20000 ? 0 : wait(run, ms);
</script>`;

/** A clock that goes on by 12, 3 or 24 ms whenever arrays, ndarrays or tensors ask for the time. */
const CLOCK = `<script>
  let now = 0;
  performance.now = () => {
    const [, name] = document.querySelector("[role=status]").textContent.split(" ");
    return now += { arrays: 12, ndarrays: 3, tensors: 24 }[name] ?? 0;
  };
</script>`;

test("the page compares the three, whose losses are NumPy's, and says what is missing", async () => {
  const { status, trainings } = await show("steps=101", NO_TIMEOUT + CLOCK);
  const [arrays, ndarrays, tensors, webgpu] = trainings;
  assert.deepEqual(trainings.map(({ width }) => width), ["80%", "20%", "160%", undefined]);
  for (const { name, text } of [arrays, ndarrays, tensors]) {
    const [, loss, difference] = text.match(/; loss (\S+); losses 0 to 100 are within (\S+) of/)!;
    assert.equal(loss, threeDigits(seed0.numpy[100]), name);
    assert.ok(Number(difference) < (name.startsWith("tensors") ? 1e-4 : 1e-9), text);
  }
  assert.match(arrays.text, /^12 ms an iteration; loss/);
  assert.match(ndarrays.text, /^3 ms an iteration, 4.0 times as fast as arrays; loss/);
  assert.match(tensors.text, /^24 ms an iteration, 0.5 times as fast as arrays; loss/);
  assert.match(webgpu.text, /^Cannot use webgpu: there is no GPU/);
  const faster = "4.0 times as fast with ndarrays in WebAssembly";
  assert.equal(status, `Because your browser trains this network ${faster} as with arrays.`);
});

test("the page compares nothing after a single iteration", async () => {
  const { status, trainings } = await show("steps=1", NO_TIMEOUT);
  assert.equal(status, "To compare, train arrays and others for at least 50 iterations.");
  assert.match(trainings[1].text, /^\S+ ms an iteration; loss \S+$/);
});

test("the page compares losses with NumPy's only where those are known", async () => {
  for (const parameter of ["seed=42", "hidden=99", "learning-rate=1e-7"]) {
    const { trainings } = await show(`steps=50&${parameter}`, NO_TIMEOUT + CLOCK);
    assert.match(trainings[1].text, /; loss \S+$/, parameter);
    if (parameter !== "seed=42") continue;
    for (const { text } of trainings.slice(0, 3)) {
      assert.ok(text.endsWith(`; loss ${threeDigits(seed42.numpy[49])}`), text);
    }
  }
});

/** A GPU that is computed on the CPU. */
const SOFTWARE_GPU = `<script>
  const requestAdapter = () => Promise.resolve({ info: { description: "llvmpipe" } });
  Object.defineProperty(navigator, "gpu", { value: { requestAdapter } });
</script>`;

test("the page does not train on a GPU in software", async () => {
  const { trainings } = await show("steps=1", NO_TIMEOUT + SOFTWARE_GPU);
  assert.equal(trainings[3].text, "Cannot use webgpu: there is only a software adapter, llvmpipe");
});

test("the page gives a start that never ends twenty seconds, and goes on", async () => {
  const { trainings } = await show(
    "steps=1",
    "<script>fetch = () => new Promise(() => {});</script>",
  );
  assert.equal(trainings[2].text, "Cannot start: nothing happened for 20 seconds");
  assert.equal(trainings.length, 4);
});

test("the page refuses what the flags refuse, in their words", async () => {
  const { status } = await show("hidden=ten");
  assert.equal(status, 'Cannot use --hidden "ten": it takes a whole number above 0');
  assert.equal((await show("step=2")).status, "Cannot read the flags: Unknown option '--step'");
});

test("the page says what a policy forbids, and goes on with what it does not", async () => {
  const policy = (text: string) => `<meta http-equiv="Content-Security-Policy" content="${text}">`;
  const noEval = policy("script-src 'unsafe-inline' 'wasm-unsafe-eval'");
  assert.match((await show("steps=1", noEval)).status, /^Cannot go on: .*unsafe-eval/);
  const noFetch = policy("default-src 'unsafe-inline' 'unsafe-eval'");
  const { status, trainings } = await show("steps=1", NO_TIMEOUT + noFetch);
  assert.match(status, /^To compare/);
  assert.match(trainings[2].text, /^Cannot use WebAssembly: /);
  assert.match(trainings[3].text, /^Cannot use webgpu: /);
});
