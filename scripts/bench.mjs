/**
 * Measures nsnet against its peers: bundles `bench/` into a directory that is gone afterwards, and starts it from there. The
 * journals of the measured runs lie in that directory too, so it has to be on a real disk: `--dir DIR`, by default
 * `/var/tmp`. Needs the build.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'

process.chdir(new URL('..', import.meta.url).pathname)

const at = process.argv.indexOf('--dir')
const dir = mkdtempSync(join(at === -1 ? '/var/tmp' : process.argv[at + 1], 'nsnet-bench-'))
process.on('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 10 }))

const bundle = await rolldown({
  input: { main: 'bench/main.ts', inside: 'bench/inside.ts', replay: 'bench/replay.ts' },
  platform: 'node',
  logLevel: 'warn',
})
await bundle.write({ dir: join(dir, 'code'), format: 'esm', entryFileNames: '[name].js' })
await bundle.close()
writeFileSync(join(dir, 'package.json'), '{ "type": "module" }\n')

const { main } = await import(join(dir, 'code', 'main.js'))
process.exitCode = await main(dir, process.argv.slice(2))
