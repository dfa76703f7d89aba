/** The page that `deno task page` writes, in a real browser. */

import assert from "node:assert/strict";
import { NotAvailable } from "../lib/errors.ts";
import { permitted, testIf, tryTo } from "./available.ts";
import seed42 from "./numpy_losses/seed42_64x1000x100x10.json" with { type: "json" };
import { ROOT, runDeno } from "./run_script.ts";

/** What starts Chromium on Linux, macOS and Windows. */
const BROWSERS = [
  ...["chromium", "chromium-browser", "google-chrome", "chrome"],
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** Gives a page as it is when its scripts are done. They have a clock of their own, which jumps. */
async function dump(browser: string, url: string, ...flags: string[]): Promise<string> {
  const args = ["--headless", "--no-sandbox", "--virtual-time-budget=1000000", "--dump-dom"];
  const signal = AbortSignal.timeout(120_000);
  const command = new Deno.Command(browser, { args: [...args, ...flags, url], signal });
  return new TextDecoder().decode((await command.output()).stdout);
}

async function findBrowser(): Promise<string> {
  for (const browser of BROWSERS) {
    if ((await dump(browser, "data:,it runs").catch(() => "")).includes("it runs")) return browser;
  }
  throw new NotAvailable("a browser", "there is no Chromium, or it does not start");
}

const runs = permitted("the tests of the page", "env", "read", "run", "write");
const browser = runs ? await tryTo(findBrowser, "the page") : undefined;
let built: ReturnType<typeof runDeno> | undefined;

/** A clock that goes on by 30 ms whenever arrays ask for the time, tensors by 60, others by 10. */
const CLOCK = `<script>let now = 0; performance.now = () => now += { arrays: 30, tensors: 60 }[
  document.querySelector("[role=status]").textContent.split(" ")[1]] ?? 10;</script>`;

/** The texts that the page shows, and the widths of its bars. */
async function textsOf(parameters: string, ...flags: string[]): Promise<string[]> {
  const { code, stderr } = await (built ??= runDeno(["task", "--quiet", "page"]));
  assert.equal(code, 0, stderr);
  const html = await Deno.readTextFile(new URL(".page/index.html", ROOT));
  const test = new URL(".page/test.html", ROOT);
  await Deno.writeTextFile(test, html.replace('<script type="module">', (tag) => CLOCK + tag));
  const page = await dump(browser!, `${test}?${parameters}`, ...flags);
  const [, main] = page.match(/<main>(.*)<\/main>/s)!;
  return main.replaceAll(/<svg[^>]*width: ([\d.]+%)[^>]*>/g, "<i>$1</i>")
    .split(/<[^>]*>/).map((text) => text.trim()).filter((text) => text);
}

const test = (name: string, fn: () => Promise<void>) => testIf(browser !== undefined, name, fn);

test("the page trains the three with NumPy's losses, and says that there is no GPU", async () => {
  const texts = await textsOf("steps=101&seed=42", "--disable-gpu");
  const rows = [
    ["arrays", 1e-9, "30.0 ms", "1x", "80%"],
    ["ndarrays in WebAssembly", 1e-9, "10.0 ms", "3x", "26.6667%"],
    ["tensors in WebAssembly", 1e-4, "60.0 ms", "0.5x", "100%"],
  ] as const;
  for (const [name, tolerance, ...expected] of rows) {
    const [ms, speed, loss, difference, width] = texts.slice(texts.indexOf(name) + 1);
    assert.deepEqual([ms, speed, width], expected);
    assert.equal(Number(loss), Number(seed42.numpy[100].toPrecision(4)));
    assert.ok(Number(difference) < tolerance, texts.join());
  }
  assert.match(texts.join(), /,tensors on WebGPU,Cannot use webgpu: there is no adapter,/);
  assert.match(texts.join(), / from NumPy's losses, iterations 0 to 100,/);
  assert.match(texts.join(), / trains this network 3 times as fast with ndarrays in WebAssembly: /);
});

test("the page goes on without WebAssembly, and doesn't train on a GPU in software", async () => {
  const software = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
  const texts = await textsOf("steps=2", "--js-flags=--jitless", ...software);
  assert.match(texts.join(), /,Cannot use WebAssembly: it is off,tensors .+ iterations 0 to 1,/);
  assert.match(texts.join(), /,Cannot use webgpu: there is (only a software|no) adapter/);
});

test("the page refuses what the flags refuse, in their words", async () => {
  const unknown = "Cannot read the flags: Unknown option '--log-every'";
  assert.deepEqual(await textsOf("log-every=2"), [unknown]);
  assert.match((await textsOf("hidden=20000")).join(), /^Cannot use .+, and 8388608 is the limit$/);
});
