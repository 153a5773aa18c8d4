import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { workspace } from './support/runs.ts'
import { sandboxed } from './support/sandbox.ts'

const readme = readFileSync('README.md', 'utf8')
const { dir } = workspace()

test('each promise of the README names tests that are there', () => {
  const rows = readme.slice(readme.indexOf('| promise |'), readme.indexOf('Where the promises end')).split('\n')
  const promises = rows.filter((row) => row.startsWith('| ')).slice(1)
  const shown = promises.map((row) => [...row.matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path!))
  expect(shown.filter((paths) => paths.length === 0)).toEqual([])
  expect(shown.flat().filter((path) => !existsSync(path))).toEqual([])
  expect(promises.length).toBeGreaterThan(10)
})

test('each page of docs/ is listed, and there', () => {
  const listed = [...readme.slice(readme.indexOf('## Pages')).matchAll(/\]\((docs\/[\w-]+\.md)\)/g)].map(
    ([, path]) => path!,
  )
  const there = readdirSync('docs').flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : []))
  expect(listed.filter((path) => !existsSync(path))).toEqual([])
  expect(there.filter((path) => !listed.includes(path))).toEqual([])
})

test('each script of npm that the README names is there', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly scripts: object }
  const named = [...readme.matchAll(/npm (?:run )?(start|test[\w:]*)/g)].map(([, name]) => name!)
  expect(new Set(named)).toEqual(new Set(['start', 'test', 'test:crash']))
  expect(named.filter((name) => !(name in scripts))).toEqual([])
})

test('the tour of the README prints what it says', async () => {
  const world = await sandboxed()
  for (const name of ['cable', 'office'])
    writeFileSync(
      join(dir, `${name}.json`),
      new RegExp(`\`\`\`json\n({\n  "name": "${name}"[^]*?)\`\`\``).exec(readme)![1]!,
    )
  const blocks = [...readme.matchAll(/```console\n([^]*?)```/g)].map(([, block]) => block!)
  expect(blocks.length).toBeGreaterThan(2)
  const commands = blocks.flatMap((block) => [...block.matchAll(/^\$ (.*)$/gm)].map(([, command]) => command!))
  const shown = commands.map((command) => `echo '$ ${command}'; ${command} 2>&1`)
  const script = ['nsnet() { "$NODE" "$NSNET" "$@"; }', `cd ${dir}`, ...shown].join('\n')
  const env = ['COLUMNS=80', `NODE=${world.command.at(-2)}`, `NSNET=${world.command.at(-1)}`]
  const argv = [...world.command.slice(0, -2), ...env, 'sh', '-c', script]
  const { stdout } = await world.exec({ argv, timeoutMs: 60_000 })
  expect(masked(stdout.replaceAll(dir, '/lab'))).toBe(masked(blocks.join('')))
})

/** Times and what a lost packet changes differ from run to run, and whether the first one comes back. */
const masked = (text: string): string =>
  text
    .replace(/\b([\da-f]{2}:){5}[\da-f]{2}\b/g, 'MAC')
    .replace(/ *\b\d+(\.\d+)? (ms|s)\b/g, ' DURATION')
    .replace(/\d+% lost/g, 'N% lost')
    .replace(/^ *… waiting .*\n/gm, '')
