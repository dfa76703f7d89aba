/** Writes page.html, with page.ts and all that it needs inside: `deno task page`. @module */

const { success, errors, outputFiles } = await Deno.bundle({
  entrypoints: ["tests/page.ts"],
  platform: "browser",
  external: ["*/tensorflow.ts"], // native TensorFlow, which no browser has
  minify: true,
  write: false,
});
if (!success) throw new Error(errors.map(({ text }) => text).join("\n"));
const script = outputFiles![0].text() + "</script>";
const html = await Deno.readTextFile("tests/page.html");
await Deno.mkdir(".page", { recursive: true });
await Deno.writeTextFile(".page/index.html", html.replace("</script>", () => script));
