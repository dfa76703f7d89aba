/** Writes .page/index.html: index.html, with page.ts and all that it needs inside. @module */

const { success, errors, outputFiles } = await Deno.bundle({
  entrypoints: ["page/page.ts"],
  platform: "browser",
  external: ["*/tensors_native.ts"], // native TensorFlow, which no browser has
  minify: true,
  write: false,
});
if (!success) throw new Error(errors.map(({ text }) => text).join("\n"));
const script = outputFiles![0].text();
const html = await Deno.readTextFile("page/index.html");
const tag = '<script type="module">';
await Deno.mkdir(".page", { recursive: true });
await Deno.writeTextFile(".page/index.html", html.replace(tag, () => tag + script));
console.log("Wrote .page/index.html: open it in a browser");
