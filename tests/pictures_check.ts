/**
 * That the pictures are drawn from the measurements, and what `deno task images` does where some
 * are missing. Part of `deno task check` and not of the tests, which would have to fetch the
 * charting library.
 */

import assert from "node:assert/strict";
import { SCRIPTS } from "../images/lines.ts";
import { MEASUREMENTS, type Measurements } from "../images/measurements.ts";
import { drawPictures } from "../images/pictures.ts";
import { filesIn, measurements, withFolder } from "./made_up.ts";
import { assertOnlyHelp, ROOT } from "./run_script.ts";

Deno.test("the pictures are drawn from the measurements, and the README shows them", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  for (const [file, svg] of Object.entries(drawPictures(MEASUREMENTS))) {
    const drawn = await Deno.readTextFile(new URL(`images/${file}`, ROOT));
    assert.ok(drawn === svg, `images/${file} is not what deno task images draws`);
    assert.ok(readme.includes(`images/${file}`), file);
  }
});

Deno.test("deno task images: --help, and no other argument", () =>
  assertOnlyHelp("images/draw.ts", "images", ["--config", "images/charts.json"]));

/** A copy of what the task `images` takes, with made-up measurements. */
async function copyProject(folder: string, measured: Measurements) {
  const files = ["README.md", "deno.json", "deno.lock"];
  files.push(...SCRIPTS.map((name) => `${name}_neural_network.ts`));
  for (const part of ["images", "lib"]) {
    Deno.mkdirSync(`${folder}/${part}`);
    for (const { name, isFile } of Deno.readDirSync(new URL(part, ROOT))) {
      if (isFile && !name.endsWith(".svg")) files.push(`${part}/${name}`);
    }
  }
  for (const file of files) await Deno.copyFile(new URL(file, ROOT), `${folder}/${file}`);
  await Deno.writeTextFile(`${folder}/images/measurements.json`, JSON.stringify(measured));
}

/** Runs `deno task images` there. */
async function drawIn(folder: string, readme: string) {
  await Deno.writeTextFile(`${folder}/README.md`, readme);
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "images"],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  return {
    code,
    stderr: new TextDecoder().decode(stderr),
    written: await Deno.readTextFile(`${folder}/README.md`),
    pictures: filesIn(`${folder}/images`).filter((name) => /\.(svg|new)$/.test(name)),
  };
}

Deno.test({
  name: "deno task images: without Python and BLAS it leaves them out, or writes nothing",
  fn: () =>
    withFolder(async (folder) => {
      const without = ["Python lists", "NumPy", "PyTorch", "ndarrays with BLAS"];
      await copyProject(folder, measurements(...without));

      const sentence = "<!-- figure arrays -->1<!-- / --> <!-- figure lists -->1<!-- / -->";
      assert.deepEqual(await drawIn(folder, sentence), {
        code: 1,
        stderr: "error: Cannot write figure lists: there is no measurement of Python lists, " +
          "install python3 and run deno task measure\n",
        written: sentence,
        pictures: [],
      });

      const places = "<!-- figure iterations --><!-- / -->\n\n<!-- lines naive --><!-- / -->\n";
      const { code, stderr, written, pictures } = await drawIn(folder, places);
      assert.equal(code, 0, stderr);
      assert.ok(written.includes("| tensors with BLAS "), written);
      assert.ok(!written.includes("NumPy"), written);
      assert.ok(written.includes("`yield { t, loss }`"), written);
      assert.ok(pictures.length > 0 && pictures.every((name) => name.endsWith(".svg")));
      for (const picture of pictures) {
        const svg = await Deno.readTextFile(`${folder}/images/${picture}`);
        for (const name of without) assert.ok(!svg.includes(name), `${picture}: ${name}`);
        assert.ok(!/NaN|undefined/.test(svg), picture);
      }
      assert.equal((await drawIn(folder, written)).written, written);
    }),
});
