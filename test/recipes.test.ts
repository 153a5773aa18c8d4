import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { settledFingerprint } from './support/kernel.ts'
import { workspace } from './support/runs.ts'
import { sandboxed } from './support/sandbox.ts'

const { dir } = workspace()

interface Recipe {
  readonly title: string
  readonly text: string
}

/** The recipes of the page; what stands around a test runner is run by `test/cli/with.test.ts`. */
const recipes: readonly Recipe[] = readFileSync('docs/recipes.md', 'utf8')
  .split(/^## /m)
  .slice(1)
  .map((part) => ({ title: part.slice(0, part.indexOf('\n')), text: part }))
  .filter(({ title }) => title !== 'Around a test runner')

const blocks = (text: string, language: string): readonly string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, block]) => block!)

test('each recipe has commands, and each shipped workflow but the examples of the README has a recipe', () => {
  expect(recipes.filter(({ text }) => blocks(text, 'sh').length === 0)).toEqual([])
  const all = recipes.map(({ text }) => text).join('')
  const named = ['router', 'bridge-lab', 'vpn-like', 'dual-stack', 'port-forward', 'chaos']
  expect(named.filter((name) => !all.includes(`(../workflows/${name}.json)`))).toEqual([])
})

/** What a recipe shows, by its title, where more than an exit code is promised. */
const shows: { readonly [title: string]: RegExp } = {
  'A router between two networks': /ttl=63/,
  'A container host’s bridge': /br-lab-5/,
  'No way out but a tunnel': /drifted: /,
  'Port forward': /--dport 8088 .*-j DNAT --to-destination 10\.5\.0\.2:80/,
  'Chaos on a link': /rate 256Kbit/i,
  'One workflow made of others': /room\[red\]\/cable/,
  'A check at the end that always runs': /satisfied/,
  'At boot': /ExecStart=/,
  'As a shell script': /1 received/,
}

test.each(recipes)('recipe: $title', async ({ title, text }) => {
  const world = await sandboxed()
  const folder = mkdtempSync(join(dir, 'recipe-'))
  symlinkSync(resolve('workflows'), join(folder, 'workflows'))
  for (const block of blocks(text, 'json'))
    writeFileSync(join(folder, `${(JSON.parse(block) as { name: string }).name}.json`), block)
  const before = await settledFingerprint(world.exec)
  const commands = blocks(text, 'sh').join('')
  const { exitCode, stdout, stderr } = await world.exec({
    argv: [...world.command.slice(0, -2), 'sh', '-ec', `PATH=/run/nsnet/own/bin:$PATH\ncd ${folder}\n${commands}`],
    timeoutMs: 60_000,
  })
  expect({ exitCode, stderr, stdout }).toMatchObject({ exitCode: 0 })
  expect(stdout).toMatch(shows[title.replace("'", '’')] ?? /\S/)
  expect(await settledFingerprint(world.exec)).toEqual(before)
})
