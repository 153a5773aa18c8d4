import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const root = mkdtempSync(join(tmpdir(), 'nsnet-crash-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Starts nsnet and ends it with SIGKILL as soon as the journal has this many lines. */
async function killedAfter(
  { exec }: Sandboxed,
  lines: number,
  state: string,
  ...args: readonly string[]
): Promise<void> {
  const script = `
    node dist/nsnet.js ${args.join(' ')} --state-dir ${state} >/dev/null 2>&1 & nsnet=$!
    while kill -0 $nsnet 2>/dev/null && [ "$(cat ${state}/runs/*.jsonl 2>/dev/null | wc -l)" -lt ${lines} ]; do :; done
    kill -9 $nsnet; wait $nsnet; true`
  const { exitCode, stderr } = await exec({ argv: ['sh', '-c', script] })
  if (exitCode !== 0) throw new Error(stderr)
}

const journalLines = (state: string): number =>
  readdirSync(join(state, 'runs'))
    .filter((name) => name.endsWith('.jsonl'))
    .reduce((sum, name) => sum + readFileSync(join(state, 'runs', name), 'utf8').split('\n').length - 1, 0)

const workflow = 'workflows/internet.json'

/** The rules of a fingerprint without the run that their comments name. */
const anonymous = (rules: unknown): string => JSON.stringify(rules).replaceAll(/nsnet:\w+/g, 'nsnet:RUN')

describe('killed when the journal has so many lines', () => {
  test.each([1, 2, 3, 6, 10, 14, 17, 20, 22, 24, 26])(
    '%i: is resumed, holds each thing once, and is undone exactly',
    async (lines) => {
      const world = await sandboxed()
      const state = mkdtempSync(join(root, 'state-'))
      const before = await fingerprint(world.exec)
      await killedAfter(world, lines, state, 'run', workflow)
      expect(journalLines(state)).toBeGreaterThanOrEqual(lines)
      expect(await world.nsnet('resume', '--state-dir', state)).toMatchObject({ exitCode: 0 })
      const resumed = await fingerprint(world.exec)

      const whole = await sandboxed()
      expect(await whole.nsnet('run', workflow)).toMatchObject({ exitCode: 0 })
      const uninterrupted = await fingerprint(whole.exec)
      const rulesOf = ({ host }: typeof resumed): string => anonymous(host['iptablesNft'])
      expect(rulesOf(resumed)).toEqual(rulesOf(uninterrupted))

      expect(await world.nsnet('undo', '--state-dir', state)).toMatchObject({ exitCode: 0 })
      expect(await fingerprint(world.exec)).toEqual(before)
    },
  )

  test.each([2, 9, 18, 25])('%i: is undone exactly without a resume', async (lines) => {
    const world = await sandboxed()
    const state = mkdtempSync(join(root, 'state-'))
    const before = await fingerprint(world.exec)
    await killedAfter(world, lines, state, 'run', workflow)
    expect(await world.nsnet('undo', '--state-dir', state)).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(world.exec)).toEqual(before)
  })

  test('in the middle of its undo: undo goes on', async () => {
    const world = await sandboxed()
    const state = mkdtempSync(join(root, 'state-'))
    const before = await fingerprint(world.exec)
    expect(await world.nsnet('run', workflow, '--state-dir', state)).toMatchObject({ exitCode: 0 })
    await killedAfter(world, journalLines(state) + 7, state, 'undo')
    expect(await world.nsnet('undo', '--state-dir', state)).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(world.exec)).toEqual(before)
  })
})
