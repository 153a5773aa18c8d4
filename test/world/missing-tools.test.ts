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

test.each([
  ['nft', 'nftables', { ruleset: 'table inet lab { }', netns: 'blue' }, 'nftables'],
  ['sysctl', 'sysctl', { key: 'net.ipv4.ip_forward', value: 1, netns: 'blue' }, 'procps'],
  ['ping', 'check', { ping: '127.0.0.1', within: 0 }, 'iputils-ping'],
])('without %s, plan says that a run would stop at a step "%s" with %j', async (program, uses, given, tool) => {
  const world = await sandboxed()
  const path = file(uses, given)
  expect(await world.nsnet('plan', path)).toMatchObject({ exitCode: 0 })
  const back = await without(world, program)
  const { exitCode, stdout } = await world.nsnet('plan', path)
  await back()
  expect({ exitCode, stdout }).toEqual({
    exitCode: 1,
    stdout: expect.stringMatching(
      new RegExp(
        `! conflict +it +expected the program ${program}, found none that can be run\\n +at .*\\n +hint +install the package ${tool},`,
      ),
    ),
  })
  expect(stdout).toMatch(
    /what this machine lacks is shown by: nsnet doctor\nplan: .*, 1 in conflict\n {2}the run would stop at it\n/,
  )
})

test('plan says what kinds of links and qdiscs the kernel lacks, and the run stops there', async () => {
  const world = await sandboxed()
  const steps = [
    { id: 'cable', uses: 'veth', with: { name: 'v0', peer: { name: 'v1' } } },
    { id: 'macvlan', uses: 'macvlan', with: { name: 'm0', link: 'v0' } },
    { id: 'vlan', uses: 'vlan', with: { name: 'l0', link: 'v0', id: 7 } },
    { id: 'dummy', uses: 'dummy', with: { name: 'd0' } },
    { id: 'netem', uses: 'qdisc', with: { link: 'v1', kind: 'netem', delay: '1ms' } },
  ]
  for (const step of steps.slice(1)) {
    const path = join(dir, 'kinds.json')
    writeFileSync(path, JSON.stringify({ name: 'kinds', steps: [steps[0], step] }))
    const plan = await world.nsnet('plan', path)
    const run = await world.nsnet('run', path)
    const told =
      /! conflict +\w+ +this kernel lacks (\w+): .*\n.*\n +hint +take a kernel that has it, or load it as root: modprobe/.exec(
        plan.stdout,
      )?.[1]
    expect({ plan: plan.exitCode, told }).toEqual({
      plan: run.exitCode,
      told: run.exitCode === 0 ? undefined : step.id,
    })
    const optional = { ...step, onFailure: 'continue' }
    writeFileSync(path, JSON.stringify({ name: 'kinds', steps: [steps[0], optional] }))
    await world.nsnet('undo')
    expect(await world.nsnet('plan', path)).toMatchObject({ exitCode: 0 })
  }
})
