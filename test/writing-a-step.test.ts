import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fingerprint } from '../core/fingerprint.ts'
import { workspace } from './support/runs.ts'
import { sandboxed, type Sandboxed } from './support/sandbox.ts'

const page = readFileSync('docs/writing-a-step.md', 'utf8')
const { dir } = workspace()

const blocks = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, block]) => block!)

const [plugin = '', tests = ''] = blocks('js')
const [lab = '', manifest = ''] = blocks('json')

/** Runs a script of a shell in a folder of the sandbox, in which `nsnet` is nsnet. */
async function shell(world: Sandboxed, folder: string, script: string): Promise<string> {
  const env = ['COLUMNS=80', `NODE=${world.command.at(-2)}`, `NSNET=${world.command.at(-1)}`]
  const text = `nsnet() { "$NODE" "$NSNET" "$@"; }\ncd ${folder}\n${script}`
  const { stdout, stderr } = await world.exec({
    argv: [...world.command.slice(0, -2), ...env, 'sh', '-c', text],
    timeoutMs: 120_000,
  })
  expect(stderr).toBe('')
  return stdout
}

/** Types the commands of a block, each shown before what it prints. */
const typed = (block: string): string =>
  [...block.matchAll(/^\$ (.*)$/gm)].map(([, command]) => `echo '$ ${command}'; ${command} 2>&1`).join('\n')

/** Times differ from run to run. */
const masked = (text: string): string => text.replace(/ *\b\d+(\.\d+)? (ms|s)\b/g, ' DURATION')

test('the page makes a step type that works, from nothing to a package', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  mkdirSync(join(dir, 'node_modules'))
  symlinkSync(process.cwd(), join(dir, 'node_modules/nsnet'))
  const [begin = '', ...screens] = blocks('console')
  expect(masked(await shell(world, dir, typed(begin)))).toBe(masked(begin))
  expect(await shell(world, dir, '"$NODE" --test mtu.test.mjs')).toMatch(/^(#|ℹ) pass 4$/m)

  for (const [name, text] of [
    ['mtu.mjs', plugin],
    ['mtu.test.mjs', tests],
    ['lab.json', lab],
  ] as const)
    writeFileSync(join(dir, name), text)
  expect(await shell(world, dir, '"$NODE" --test mtu.test.mjs')).toMatch(/^(#|ℹ) pass 4$/m)
  expect(screens.length).toBeGreaterThan(1)
  for (const screen of screens) expect(masked(await shell(world, dir, typed(screen)))).toBe(masked(screen))
  expect(await fingerprint(world.exec)).toEqual(before)

  const { name, exports, files } = JSON.parse(manifest) as { name: string; exports: string; files: readonly string[] }
  const installed = join(dir, 'elsewhere/node_modules', name)
  mkdirSync(installed, { recursive: true })
  for (const file of files) writeFileSync(join(installed, file), readFileSync(join(dir, file)))
  writeFileSync(join(installed, 'package.json'), manifest)
  expect(files).toContain(exports.slice(2))
  const used = JSON.stringify({ ...JSON.parse(lab), plugins: [name] })
  writeFileSync(join(dir, 'elsewhere/lab.json'), used)
  expect(await world.nsnet('run', join(dir, 'elsewhere/lab.json'))).toMatchObject({ exitCode: 0 })
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})
