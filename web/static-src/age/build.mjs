// Makes age.js and age.LICENSE.txt in the folder that is named. The banner tells
// what is in them and of which package-lock.json, which a test reads again.
import { build } from "esbuild"
import { createHash } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"

const to = process.argv[2]
// An event's recipient is X25519: the other kinds that age knows, post-quantum and
// P-256, stay out, which halves what a contact's browser has to load.
const x25519Alone = {
  name: "x25519 alone",
  setup(build) {
    build.onResolve({ filter: /^@noble\/(post-quantum\/hybrid|curves\/nist)\.js$/ }, () => ({ path: "left out", namespace: "left-out" }))
    build.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "export const MLKEM768P256 = null, MLKEM768X25519 = null, p256 = null" }))
  },
}
const result = await build({
  entryPoints: ["entry.js"], bundle: true, format: "iife", target: "es2022", minify: true,
  charset: "ascii", legalComments: "none", metafile: true, write: false,
  plugins: [x25519Alone],
})
const used = new Set(Object.keys(result.metafile.inputs)
  .map(file => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]).filter(Boolean))
const packages = [...used].sort().map(name => JSON.parse(readFileSync(`node_modules/${name}/package.json`)))
const named = packages.map(p => `${p.name} ${p.version} (${p.license})`)
const lock = createHash("sha256").update(readFileSync("package-lock.json")).digest("hex")
const banner = `/*! ${named.join(", ")}; licences: age.LICENSE.txt; package-lock.json ${lock} */\n`
writeFileSync(`${to}/age.js`, banner + result.outputFiles[0].text)
const licence = name => ["LICENSE", "LICENSE.md", "LICENSE.txt"].map(f => `node_modules/${name}/${f}`).find(existsSync)
writeFileSync(`${to}/age.LICENSE.txt`, packages.map((p, i) =>
  `${named[i]}\n\n${readFileSync(licence(p.name), "utf8").trim()}\n`).join("\n----\n\n"))
