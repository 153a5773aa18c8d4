import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { sandboxed } from '../support/sandbox.ts'
import { without } from '../support/without.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-missing-'))
chmodSync(dir, 0o755)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const file = (uses: string, given: unknown): string => {
  const path = join(dir, `${uses}.json`)
  const steps = [
    { id: 'first', uses: 'netns', with: { netns: 'blue' } },
    { id: 'it', uses, with: given },
  ]
  writeFileSync(path, JSON.stringify({ name: 'missing', steps }))
  return path
}

/** In a netns that the run makes just before, there is nothing to look at first. */
const FAILED = /✗ failed +it +(could not look|its command ended with exit code \d)/

test.each([
  ['nft', 'nftables', { ruleset: 'table inet lab { }' }, 'nftables'],
  ['nft', 'nftables', { ruleset: 'table inet lab { }', netns: 'blue' }, 'nftables'],
  ['sysctl', 'sysctl', { key: 'net.ipv4.ip_forward', value: 1, netns: 'blue' }, 'procps'],
  ['ping', 'check', { ping: '127.0.0.1', within: 0 }, 'iputils-ping'],
])('without %s, the step "%s" with %j fails and says to install %s', async (program, uses, given, tool) => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const back = await without(world, program)
  const { exitCode, stderr } = await world.nsnet('run', file(uses, given))
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(FAILED) })
  expect(stderr).toContain(`hint       install the package ${tool}, for example: apt-get install ${tool}`)
  expect(stderr).toContain('what this machine lacks is shown by: nsnet doctor')
  await back()
  expect(await world.nsnet('resume')).toMatchObject({ exitCode: 0 })
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})

test.each([
  ['ip', 'iproute2'],
  ['setpriv', 'util-linux'],
  ['flock', 'util-linux'],
])('without %s nothing is begun, and the package %s is named', async (program, tool) => {
  const world = await sandboxed()
  const back = await without(world, program)
  const { exitCode, stderr } = await world.nsnet('run', file('netns', { netns: 'green' }))
  await back()
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr: expect.stringContaining(`nsnet: expected the program ${program}, found none`),
  })
  expect(stderr).toMatch(
    new RegExp(`^  install the package ${tool}, .*\\n  what this machine lacks is shown by: nsnet doctor$`, 'm'),
  )
  expect((await world.nsnet('list', '--json')).stdout).toBe('[]\n')
  expect(await world.sh('ip netns list')).toBe('')
})
