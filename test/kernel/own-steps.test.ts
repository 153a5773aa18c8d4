import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { UndoAhead } from '../../core/effects/undo-ahead.ts'
import type { Finding } from '../../core/effects/finding.ts'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { workspace, type StepText } from '../support/runs.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const { dir } = workspace()
mkdirSync(join(dir, 'node_modules'))
symlinkSync(process.cwd(), join(dir, 'node_modules/nsnet'))

/** Reads the first step type of a page, which sets an MTU and foretells nothing. */
const mtuOf = (page: string): string =>
  /^```js\n(import [^`]*?defineStep\([^]*?)^```/m.exec(readFileSync(page, 'utf8'))![1]!

const mtu = (id: string, value: number): StepText => ({ id, uses: 'mtu', with: { link: 'v0', mtu: value } })
const steps: readonly StepText[] = [
  { id: 'cable', uses: 'veth', with: { name: 'v0', peer: { name: 'v1' }, mtu: 1450 } },
  { id: 'set', uses: 'link', with: { link: 'v0', mtu: 1420 } },
  mtu('one', 1400),
  mtu('two', 1380),
  { id: 'again', uses: 'link', with: { link: 'v0', mtu: 1360 } },
  mtu('three', 1340),
]

function workflow(name: string, plugin: string): string {
  writeFileSync(join(dir, `${name}.mjs`), plugin)
  const path = join(dir, `${name}.json`)
  writeFileSync(path, JSON.stringify({ name, plugins: [`./${name}.mjs`], steps }))
  return path
}

async function verdicts({ nsnet }: Sandboxed): Promise<readonly string[]> {
  const { findings } = JSON.parse((await nsnet('verify', '--json')).stdout) as { readonly findings: readonly Finding[] }
  return findings.map(({ step, verdict, reason = '' }) => `${step} ${verdict} ${reason}`.trim())
}

const pages = ['README.md', 'docs/writing-a-step.md', 'docs/testing-a-step.md']

test.each(pages)('several steps of the type of %s change one link, among built-in ones that do', async (page) => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  expect(await world.nsnet('run', workflow(page.replace(/\W/g, '-'), mtuOf(page)))).toMatchObject({ exitCode: 0 })
  expect(JSON.parse(await world.sh('ip -json link show v0'))).toMatchObject([{ mtu: 1340 }])
  expect(await verdicts(world)).toEqual([
    'cable holds',
    'set holds',
    ...['one', 'two', 'again'].map((id) =>
      expect.stringMatching(`^${id} holds as far as can be told: \\w+ has changed`),
    ),
    'three holds',
  ])
  const screen = (await world.nsnet('verify')).stdout
  expect(screen).toMatch(/= holds +one +as far as can be told: \w+ has changed it since\n/)
  const { stdout } = await world.nsnet('undo', '--dry-run', '--json')
  const [{ steps: back }] = JSON.parse(stdout).runs as [{ readonly steps: readonly UndoAhead[] }]
  expect(back.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual(
    steps.toReversed().map(({ id }) => `${id} undo`),
  )
  await world.sh('ip link set v0 mtu 1300')
  expect(await verdicts(world)).toContainEqual(expect.stringMatching(/^three drifted/))
  await world.sh('ip link set v0 mtu 1340')
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})

test('of a type that does not say what it shares, they break each other', async () => {
  const world = await sandboxed()
  const careless = mtuOf('README.md').replace(/^ *shares: .*$/m, '')
  const { exitCode, stderr } = await world.nsnet('run', workflow('careless', careless))
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining('there is still to do') })
})
