import { describe, expect, test } from 'vitest'
import type { Finding } from '../../core/effects/finding.ts'
import { disturb } from '../crash/trial.ts'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { ranOne, workspace } from '../support/runs.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const { fileOf } = workspace()

const lab = fileOf(
  'lab',
  { id: 'blue', uses: 'netns', with: { netns: 'blue' } },
  { id: 'cable', uses: 'veth', with: { name: 'v0', peer: { name: 'v1', netns: 'blue' } } },
  { id: 'address', uses: 'addr', with: { link: 'v0', address: '10.1.0.1/24' } },
  { id: 'up', uses: 'link', with: { link: 'v0', state: 'up', mtu: 1400 } },
  { id: 'route', uses: 'route', with: { to: '10.2.0.0/16', dev: 'v0' } },
  { id: 'forward', uses: 'sysctl', with: { key: 'net.ipv4.ip_forward', value: 1 } },
  { id: 'rule', uses: 'iptables', with: { chain: 'FORWARD', rule: '-i v0 -j ACCEPT' } },
  { id: 'policy', uses: 'iptables', with: { chain: 'INPUT', policy: 'ACCEPT' } },
  { id: 'table', uses: 'nftables', with: { ruleset: 'table inet lab { chain c { tcp dport 22 accept; } }' } },
)

interface Seen {
  readonly exitCode: number
  readonly drifted: boolean
  readonly findings: readonly Finding[]
}

async function verify({ nsnet }: Sandboxed, ...args: readonly string[]): Promise<Seen> {
  const { exitCode, stdout } = await nsnet('verify', '--json', ...args)
  return { exitCode, ...(JSON.parse(stdout) as Omit<Seen, 'exitCode'>) }
}

/** What is said of each step that drifted. */
const drift = ({ findings }: Seen) =>
  Object.fromEntries(
    findings
      .filter(({ verdict }) => verdict === 'drifted')
      .map(({ step, changes, reason }) => [
        step,
        reason ?? changes.map(({ what, from, to }) => `${what} ${from} ${to}`),
      ]),
  )

test('tells each drift as expected and found, and repair puts right exactly that', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const run = await ranOne(world, lab)
  expect(await verify(world)).toMatchObject({ exitCode: 0, drifted: false })
  await disturb(world, {
    sh: `ip link set v0 down; ip address delete 10.1.0.1/24 dev v0; sysctl -qw net.ipv4.ip_forward=0
      iptables -D FORWARD 1; nft flush chain inet lab c`,
  })
  const changed = await fingerprint(world.exec)
  const seen = await verify(world)
  expect(await fingerprint(world.exec), 'after verify').toEqual(changed)
  expect(seen).toMatchObject({ exitCode: 2, drifted: true })
  expect(drift(seen)).toEqual({
    address: [],
    up: ['v0 state down up'],
    route: ['route to 10.2.0.0/16 null dev v0'],
    forward: ['net.ipv4.ip_forward 0 1'],
    rule: [],
    table: 'table inet lab says something else now',
  })
  // what is in a table of ours and is not as it was stays: the step has a table, and has no opinion of others' changes
  await disturb(world, { sh: 'nft add rule inet lab c tcp dport 22 accept' })
  expect(await world.nsnet('repair', run)).toMatchObject({ exitCode: 0 })
  expect(await verify(world)).toMatchObject({ exitCode: 0, drifted: false })
  const rules = await world.sh('iptables -S FORWARD')
  expect(rules.match(/-i v0 /g)).toHaveLength(1)
  expect(await world.nsnet('repair', run)).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('nothing to repair'),
  })
  expect(await world.nsnet('undo', run)).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})

test('what a later step of the run overrode is no drift, also where others of them cannot be foretold', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const anything = { probe: ['test', '-e', '/run/any'], apply: ['touch', '/run/any'], undo: ['rm', '-f', '/run/any'] }
  const turns = fileOf(
    'turns',
    { id: 'cable', uses: 'veth', with: { name: 'v0', peer: { name: 'v1' } } },
    { id: 'address', uses: 'addr', with: { link: 'v0', address: '10.1.0.1/24' } },
    { id: 'down', uses: 'link', with: { link: 'v0', state: 'down' } },
    { id: 'small', uses: 'link', with: { link: 'v0', mtu: 1300 } },
    { id: 'any', uses: 'exec', with: anything },
    { id: 'large', uses: 'link', with: { link: 'v0', mtu: 1400 } },
    { id: 'up', uses: 'link', with: { link: 'v0', state: 'up' } },
    { id: 'route', uses: 'route', with: { to: '10.2.0.0/16', via: '10.1.0.9' } },
  )
  const run = await ranOne(world, turns)
  expect(await verify(world)).toMatchObject({ exitCode: 0, drifted: false })
  await disturb(world, { sh: 'ip link set v0 down mtu 1350' })
  expect(drift(await verify(world))).toEqual({
    large: ['v0 mtu 1350 1400'],
    up: ['v0 state down up'],
    route: ['route to 10.2.0.0/16 null via 10.1.0.9'],
  })
  expect(await world.nsnet('repair', run)).toMatchObject({ exitCode: 0 })
  expect(await verify(world)).toMatchObject({ exitCode: 0, drifted: false })
  expect(await world.nsnet('undo', run)).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})

test('what held without nsnet and was changed since is repaired too, and undo leads back to before the run', async () => {
  const world = await sandboxed()
  const run = await ranOne(world, lab)
  await disturb(world, { sh: 'iptables -P INPUT DROP' })
  expect(drift(await verify(world))).toEqual({ policy: ['policy of INPUT DROP ACCEPT'] })
  expect(await world.nsnet('repair', run)).toMatchObject({ exitCode: 0 })
  expect(await world.sh('iptables -S INPUT')).toContain('-P INPUT ACCEPT')
  expect(await world.nsnet('undo', run)).toMatchObject({ exitCode: 0 })
  expect(await world.sh('iptables -S INPUT')).toContain('-P INPUT ACCEPT')
})

test('repair leaves to others what they put in the place of ours, and undo still tells it', async () => {
  const world = await sandboxed()
  const run = await ranOne(world, lab)
  const [comment] = /nsnet:\w+\/rule:\w+/.exec(await world.sh('iptables-save'))!
  await disturb(world, { sh: `iptables -R FORWARD 1 -i zz -m comment --comment ${comment} -j DROP` })
  expect(await world.nsnet('repair', run)).toMatchObject({ exitCode: 2 })
  expect(await verify(world)).toMatchObject({ exitCode: 2, drifted: true })
  expect(await world.nsnet('undo', run)).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('kept        rule'),
  })
})

test('repair leaves a netns that others made anew, and what stands on it, and the run goes on to be one', async () => {
  const world = await sandboxed()
  const rooms = fileOf(
    'rooms',
    { id: 'blue', uses: 'netns', with: { netns: 'blue' } },
    { id: 'cable', uses: 'veth', with: { name: 'v0', peer: { name: 'v1', netns: 'blue' } } },
    { id: 'up', uses: 'link', with: { link: 'v0', state: 'up' } },
    { id: 'route', uses: 'route', with: { to: '10.3.0.0/16', dev: 'lo' } },
    {
      id: 'works',
      uses: 'check',
      with: { netns: 'blue', ping: '127.0.0.1', count: 1, within: 1 },
      onFailure: 'continue',
    },
  )
  const run = await ranOne(world, rooms)
  await disturb(world, { sh: 'ip netns delete blue; ip netns add blue; ip route delete 10.3.0.0/16 dev lo' })
  expect(await world.nsnet('verify', run)).toMatchObject({
    exitCode: 2,
    stdout: expect.stringContaining(`put it right: nsnet repair ${run}`),
  })
  const left = await world.nsnet('repair', run)
  expect(left).toMatchObject({ exitCode: 2, stdout: expect.stringContaining(`take the run back: nsnet undo ${run}`) })
  expect(left.stdout).toContain('drifted   up     link v0 does not exist in the host')
  expect(await world.sh('ip route show 10.3.0.0/16')).toContain('dev lo')
  expect(await world.nsnet('verify', run)).toMatchObject({
    exitCode: 2,
    stdout: expect.stringContaining(`no repair puts that right; take it back: nsnet undo ${run}`),
  })
  await disturb(world, { sh: 'ip netns delete blue' })
  expect(await world.nsnet('repair', run)).toMatchObject({ exitCode: 0 })
  expect(await world.nsnet('verify', run)).toMatchObject({ exitCode: 0 })
})

test('a repair that fails says what to type next', async () => {
  const world = await sandboxed()
  const run = await ranOne(world, lab)
  await disturb(world, { sh: 'ip route replace 10.2.0.0/16 dev enp1s0' })
  expect(await world.nsnet('repair', run)).toMatchObject({
    exitCode: 1,
    stdout: expect.stringMatching(new RegExp(`go on: nsnet resume ${run}\n  take it back: nsnet undo ${run}`)),
  })
})

test('a step whose repair failed does not count as holding', async () => {
  const world = await sandboxed()
  const run = await ranOne(world, lab)
  await disturb(world, { sh: 'ip route replace 10.2.0.0/16 dev enp1s0' })
  expect(await world.nsnet('repair', run)).toMatchObject({ exitCode: 1 })
  const seen = await verify(world)
  expect(seen.exitCode).toBe(2)
  expect(Object.keys(drift(seen))).toEqual(['route'])
})

test('repair makes anew what is gone with a netns, and it is ours to undo', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const run = await ranOne(world, lab)
  await disturb(world, { sh: 'ip netns delete blue; while ip link show v0 >/dev/null 2>&1; do sleep 0.01; done' })
  expect(await verify(world)).toMatchObject({ exitCode: 2 })
  expect(await world.nsnet('repair')).toMatchObject({ exitCode: 0 })
  expect(JSON.parse((await world.nsnet('list', '--json')).stdout)[0]).toMatchObject({
    id: run,
    status: 'completed',
    ours: 8,
  })
  expect(await verify(world)).toMatchObject({ exitCode: 0 })
  expect(await world.nsnet('undo', run)).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})

test('repair says what it cannot put right, with exit code 2, and does not go on for ever', async () => {
  const world = await sandboxed()
  await ranOne(world, lab)
  await disturb(world, { sh: 'ip -n blue link set v1 mtu 1300' })
  expect(drift(await verify(world))).toEqual({ cable: 'link v1 in netns blue has mtu 1300, had 1500' })
  const { exitCode, stdout } = await world.nsnet('repair')
  expect({ exitCode, stdout }).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('has mtu 1300') })
})

describe('what is refused', () => {
  test('a repair of a run that stopped, is undone, or is not there', async () => {
    const world = await sandboxed()
    expect(await world.nsnet('repair')).toMatchObject({ exitCode: 64, stderr: expect.stringContaining('found none') })
    const failing = fileOf('failing', { id: 'no', uses: 'link', with: { link: 'none', state: 'up' } })
    expect(await world.nsnet('run', failing)).toMatchObject({ exitCode: 1 })
    expect(await world.nsnet('repair')).toMatchObject({ exitCode: 64, stderr: expect.stringContaining('nsnet resume') })
    expect((await world.nsnet('resume')).stderr).not.toContain('was changed since')
    fileOf('failing', { id: 'no', uses: 'link', with: { link: 'enp1s0', state: 'up' } })
    expect((await world.nsnet('resume')).stderr).toContain('failing.json was changed since')
    const run = await ranOne(world, lab)
    await world.nsnet('undo', run)
    expect(await world.nsnet('repair', run)).toMatchObject({
      exitCode: 64,
      stderr: expect.stringContaining('is undone'),
    })
    expect(await world.nsnet('verify', run)).toMatchObject({
      exitCode: 64,
      stderr: expect.stringContaining('nothing of it is left'),
    })
    expect(await world.nsnet('verify', run, '--every', 'often')).toMatchObject({ exitCode: 64 })
  })
})

test('what an undo has kept is no run that holds', async () => {
  const world = await sandboxed()
  const run = await ranOne(world, lab)
  await disturb(world, { sh: 'ip -n blue link set v1 mtu 1300' })
  expect(await world.nsnet('undo', run)).toMatchObject({ exitCode: 2 })
  const seen = await verify(world, run)
  expect(seen).toMatchObject({ exitCode: 2, drifted: true })
  expect(Object.keys(drift(seen))).toEqual(['blue', 'cable'])
})

test('--watch tells what changes while it goes on, and ends with the last verdict', async () => {
  const world = await sandboxed()
  await ranOne(world, lab)
  const script = `
    "$@" verify --watch --every 0.05 > /run/nsnet/own/watched & pid=$!
    seen() { timeout 20 sh -c "until grep -q '$1' /run/nsnet/own/watched; do sleep 0.02; done"; }
    seen '^holds:' && sysctl -qw net.ipv4.ip_forward=0 && seen drifted
    kill -TERM $pid; wait $pid; echo "exit code $?"; cat /run/nsnet/own/watched`
  const { stdout } = await world.exec({ argv: ['sh', '-c', script, 'sh', ...world.command] })
  expect(stdout).toMatch(/^exit code 2\n/)
  expect(stdout.split('\n').filter((line) => / forward( |$)/.test(line))).toEqual([
    expect.stringContaining('= holds'),
    expect.stringMatching(/^\d\d:\d\d:\d\d {2}~ drifted +forward +net\.ipv4\.ip_forward: expected 1, found 0$/),
  ])
})
