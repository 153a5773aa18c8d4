/**
 * Bundles nsnet into `dist/`: `nsnet.js` (the command) and `index.js` (what plugins import), with shared chunks, so that a
 * plugin and the command see the same modules. `--types` writes the declarations too.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { rolldown } from 'rolldown'

rmSync('dist', { recursive: true, force: true })

const bundle = await rolldown({
  input: { nsnet: 'cli/main.ts', index: 'core/index.ts' },
  platform: 'node',
  logLevel: 'warn',
})
await bundle.write({
  dir: 'dist',
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
  sourcemap: true,
  banner: (chunk) => (chunk.name === 'nsnet' && chunk.isEntry ? '#!/usr/bin/env node' : ''),
})
await bundle.close()
chmodSync('dist/nsnet.js', 0o755)

if (process.argv.includes('--types')) {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '--project', 'tsconfig.types.json'], {
    stdio: 'inherit',
  })
}
