/**
 * Bundles nsnet into `dist/`: `nsnet.js` (the command), `main.js` and `work.js` (what most verbs need), a file for each of
 * the rest, and `index.mjs`, `net.mjs` and `testing.mjs` (what authors of steps import), which all share one instance of each
 * module. `--types` writes the declarations too.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { rolldown } from 'rolldown'

/** Verbs whose code is in `work.js`: those that are used often, or called by programs. */
const often = ['list', 'log', 'plan', 'resume', 'run', 'show', 'undo', 'validate', 'verify']

/** What programs and authors of steps import: the name of its chunk, its source, and the module that gives it to them. */
const entries = [
  { name: 'plugin', source: 'library/index.ts', module: 'index.mjs' },
  { name: 'net', source: 'net/index.ts', module: 'net.mjs' },
  { name: 'testing', source: 'testing/index.ts', module: 'testing.mjs' },
]

rmSync('dist', { recursive: true, force: true })
const files = await bundle({
  input: { nsnet: 'cli/load.ts', ...Object.fromEntries(entries.map(({ name, source }) => [name, source])) },
  plugins: [{ name: 'whole-zod', resolveId: wholeZod }],
  preserveEntrySignatures: 'allow-extension',
  codeSplitting: {
    groups: [
      { name: 'main', test: /\/cli\/main\.ts$/ },
      { name: 'work', test: new RegExp(`/cli/verbs/(${often.join('|')})\\.ts$`) },
    ],
  },
})
await bundle({ input: { zod: 'zod' }, codeSplitting: false })
writeFileSync('dist/package.json', '{ "type": "commonjs" }\n')
for (const { name, module } of entries)
  writeFileSync(`dist/${module}`, moduleFor(files.find((file) => file.isEntry && file.name === name)))
copyFileSync('testing/boundaries.mjs', 'dist/boundaries.mjs')
chmodSync('dist/nsnet.js', 0o755)
compile()

if (process.argv.includes('--types')) {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '--project', 'tsconfig.types.json'], {
    stdio: 'inherit',
  })
  writeFileSync('dist/types/package.json', '{ "type": "module" }\n')
}

/** Plugins may use all of zod; nsnet itself does with a quarter of it, and has that quarter in its own files. */
function wholeZod(name, importer) {
  return name === 'zod' && /\/core\/(index|foreign\/schema)\.ts$/.test(importer)
    ? { id: './zod.js', external: true }
    : null
}

async function bundle({ codeSplitting, ...input }) {
  const made = await rolldown({
    ...input,
    platform: 'node',
    logLevel: 'warn',
    checks: { ineffectiveDynamicImport: false },
  })
  const { output } = await made.write({
    dir: 'dist',
    // a script, unlike a module, can be given the code that V8 has compiled of it
    format: 'cjs',
    exports: 'named',
    codeSplitting,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    // characters of one byte each are read without decoding
    charset: 'ascii',
    comments: false,
    sourcemap: true,
    banner: ({ name, isEntry }) => (name === 'nsnet' && isEntry ? '#!/usr/bin/env node' : ''),
  })
  await made.close()
  return output
}

/** A module with the exports of a CommonJS file. */
function moduleFor({ fileName, exports }) {
  return `import { createRequire } from 'node:module'
export const { ${exports.toSorted().join(', ')} } = createRequire(import.meta.url)('./${fileName}')
`
}

/**
 * Has the verbs run that are to start fast, one after the other, and keeps the code that V8 compiles of them. Those that
 * need a network run in the sandbox; where none can be made, they start slower.
 */
function compile() {
  const [nsnet, keeping] = ['dist/nsnet.js', ['--require', './scripts/code-cache.cjs']]
  const verbs = ['run "$1" -q', 'undo -q', 'plan "$1"', 'list', '--version']
  const script = verbs.map((verb) => `"$0" ${keeping.join(' ')} ${nsnet} ${verb}`).join('\n')
  const workflow = 'workflows/internet.json'
  for (const args of [
    [...keeping, nsnet, 'validate', workflow],
    [nsnet, 'sandbox', '--', 'sh', '-c', script, process.execPath, workflow],
  ])
    spawnSync(process.execPath, args, { stdio: 'ignore' })
}
