// Bundles src/ into the Python package, or the folder of the first argument: app.js, plot.js, app.css, page.html, the licences of what is inside, and a hash of the sources.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const PAGE = process.argv[2] ?? "../w2v_fast/explore/page";

await build({
  entryPoints: { app: "src/main.ts", plot: "src/plot.ts" },
  bundle: true,
  alias: { regl: "regl/dist/regl.unchecked.js" }, // without the checks of a development build
  minify: true,
  format: "iife",
  target: "es2022",
  legalComments: "none",
  outdir: PAGE,
});
await build({ entryPoints: { app: "src/app.css" }, minify: true, outdir: PAGE });
copyFileSync("src/page.html", join(PAGE, "page.html"));

// regl-scatterplot's file holds its dependencies and copies of kdbush and simplify-js, which package.json lists for their
// licenses: every package of the lock file that is not only for building is named.
const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
const licenses = Object.entries(packages)
  .filter(([folder, { dev, optional }]) => folder && !dev && !optional)
  .map(([folder, { version, license }]) => {
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : "(the package has no text of its license)";
    return `${folder.replace("node_modules/", "")} ${version}, ${license}\n\n${text}\n`;
  });
writeFileSync(
  join(PAGE, "LICENSES.txt"),
  `plot.js contains code of the following packages, and a vertex shader for lines, (c) 2015 Matt DesLauriers, MIT.\n\n${licenses.sort().join(`\n${"-".repeat(78)}\n\n`)}`,
);

// tests/explore/test_bundle.py computes the same.
const sources = ["build.mjs", "package-lock.json", "package.json", "tsconfig.json"].concat(
  readdirSync("src", { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name)),
);
const digest = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");
const lines = [
  ...sources.map((path) => `${digest(path)}  web/${path.replaceAll("\\", "/")}`),
  ...["app.css", "app.js", "page.html", "plot.js"].map((name) => `${digest(join(PAGE, name))}  ${name}`),
];
writeFileSync(join(PAGE, "sha256.txt"), `${lines.sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1)).join("\n")}\n`);
