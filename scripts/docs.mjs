/**
 * Writes what is made of the step types' own words, `docs/steps.md` and `workflows/workflow.schema.json`, and the picture
 * that the README shows. Needs the build.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'

process.chdir(new URL('..', import.meta.url).pathname)

mkdirSync('docs', { recursive: true })
write('docs/steps.md', 'steps', '--format', 'markdown')
write('workflows/workflow.schema.json', 'schema')
write('docs/internet.svg', 'graph', 'workflows/internet.json', '--set', 'uplink=enp1s0', '--format', 'svg')
execFileSync(process.execPath, ['node_modules/oxfmt/bin/oxfmt', 'workflows/workflow.schema.json'], { stdio: 'ignore' })

function write(path, ...args) {
  writeFileSync(path, execFileSync(process.execPath, ['dist/nsnet.js', ...args]))
}
