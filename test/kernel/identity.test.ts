import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RunEvent } from '../../core/events.ts'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { copyJournal, ranOne, workspace, type StepText } from '../support/runs.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const { fileOf, stateDir } = workspace()

const blue: StepText = { id: 'blue', uses: 'netns', with: { netns: 'blue' } }
const cable: StepText = { id: 'cable', uses: 'veth', with: { name: 'wan', peer: { name: 'lan', netns: 'blue' } } }
const forward: StepText = { id: 'forward', uses: 'sysctl', with: { key: 'net.ipv4.ip_forward', value: 1 } }
const inBlue: readonly StepText[] = [
  { id: 'address', uses: 'addr', with: { netns: 'blue', link: 'lan', address: '10.0.0.2/24' } },
  { id: 'up', uses: 'link', with: { netns: 'blue', link: 'lan', state: 'up' } },
  { id: 'lifetime', uses: 'sysctl', with: { netns: 'blue', key: 'net.ipv4.ip_default_ttl', value: 70 } },
  { id: 'policy', uses: 'iptables', with: { netns: 'blue', chain: 'INPUT', policy: 'DROP' } },
  { id: 'no-policy', uses: 'iptables', with: { netns: 'blue', chain: 'INPUT', policy: 'ACCEPT' } },
  { id: 'route', uses: 'route', with: { netns: 'blue', to: 'default', via: '10.0.0.1' } },
  { id: 'other-route', uses: 'route', with: { netns: 'blue', to: 'default', via: '10.0.0.3', replace: true } },
]

/**
 * Begins a run that makes the netns blue, then deletes that and makes it anew until the kernel gives it the same inode: the
 * lowest that is free, some time after the netns is gone. Lower ones are held meanwhile; when another netns of the machine
 * takes it, all begins again.
 */
async function remadeWithSameInode(world: Sandboxed, begin: () => Promise<void>): Promise<void> {
  const script = `
    ours=$(stat -c %i /run/netns/blue)
    ip netns delete blue
    for turn in $(seq 60); do
      for held in $(seq 8); do
        ip netns add blue
        [ "$(stat -c %i /run/netns/blue)" = "$ours" ] && found=yes && break
        touch /run/held.$held && mount --bind /run/netns/blue /run/held.$held && ip netns delete blue
      done
      for held in /run/held.*; do umount $held; rm $held; done 2>/dev/null
      [ "$found" = yes ] && exit 0
      sleep 0.05
    done
    exit 1`
  for (let attempt = 0; attempt < 3; attempt++) {
    await begin()
    if ((await world.exec({ argv: ['sh', '-c', script] })).exitCode === 0) return
    // a script that took too long was ended somewhere
    await world.exec({ argv: ['ip', 'netns', 'delete', 'blue'] })
    expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
  }
  throw new Error('the kernel did not give the inode again')
}

/** What somebody does in the netns blue. */
const theirs = [
  'ip -n blue link add name lan address 02:00:00:00:00:07 type veth peer name far',
  'ip -n blue link set dev lan up',
  'ip -n blue address add 10.0.0.2/24 dev lan',
  'ip netns exec blue sysctl -q -w net.ipv4.ip_default_ttl=70',
  'ip netns exec blue iptables-nft -P INPUT ACCEPT',
]

describe('a netns that somebody deleted and made anew, with the same inode', () => {
  test('is left to them with all that is in it; the rest is undone, and undo says so until it is gone', async () => {
    const world = await sandboxed()
    const before = await fingerprint(world.exec)
    const file = fileOf('anew', blue, cable, ...inBlue, forward)
    await remadeWithSameInode(world, async () => void (await ranOne(world, file)))
    for (const line of theirs) await world.sh(line)
    const { blue: whole } = (await fingerprint(world.exec)).netns
    const { exitCode, stderr } = await world.nsnet('undo')
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringMatching(/kept +blue .*replaced it since/),
    })
    expect(stderr).toMatch(/gone +lifetime .*somebody made the netns blue anew, nothing in it is ours/)
    const left = await fingerprint(world.exec)
    expect(left.netns).toEqual({ blue: whole })
    expect({ ...left, netns: {} }).toEqual(before)
    expect(await world.nsnet('undo')).toMatchObject({ exitCode: 2 })
    await world.sh('ip netns delete blue')
    expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(world.exec)).toEqual(before)
  })

  test('is not worked in by a resume', async () => {
    const world = await sandboxed()
    const ping: StepText = {
      id: 'ping',
      uses: 'check',
      with: { netns: 'blue', ping: '10.0.0.9', within: 0, count: 1, timeout: 1 },
    }
    const file = fileOf('stops', blue, cable, ...inBlue, ping)
    await remadeWithSameInode(world, async () => {
      expect(await world.nsnet('run', file)).toMatchObject({ exitCode: 1 })
    })
    const { blue: whole } = (await fingerprint(world.exec)).netns
    const { exitCode, stderr } = await world.nsnet('resume')
    const message = 'expected the netns "blue" that the run has worked in so far, found another one of that name'
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(message) })
    expect((await fingerprint(world.exec)).netns).toEqual({ blue: whole })
  })
})

test('a link with the same name, the same ifindex and the same address is left to whoever made it', async () => {
  const world = await sandboxed()
  const make = 'ip link add name wan index 77 type veth peer name lan index 78'
  await world.sh(make)
  const steps: readonly StepText[] = [
    { id: 'address', uses: 'addr', with: { link: 'wan', address: '10.0.0.1/24' } },
    { id: 'up', uses: 'link', with: { link: 'wan', state: 'up' } },
  ]
  await ranOne(world, fileOf('links', ...steps, forward))
  for (const line of ['ip link delete dev wan', make, 'ip address add 10.0.0.1/24 dev wan', 'ip link set dev wan up'])
    await world.sh(line)
  const whole = await fingerprint(world.exec)
  const { exitCode, stderr } = await world.nsnet('undo')
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(/kept +up .*\n.*kept +address /) })
  expect((await fingerprint(world.exec)).host).toMatchObject({ addresses: whole.host['addresses'] })
  expect(await world.sh('sysctl -n net.ipv4.ip_forward')).toBe('0\n')
})

test('a veth with the same names is left to whoever made it', async () => {
  const world = await sandboxed()
  await ranOne(world, fileOf('veth', blue, cable, forward))
  await world.sh('ip link delete dev wan')
  await world.sh('ip link add name wan type veth peer name lan netns blue')
  const { exitCode, stderr } = await world.nsnet('undo')
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: expect.stringMatching(/kept +cable .*replaced it since/),
  })
  expect(stderr).toMatch(/kept +blue .*cable is kept, and needs it/)
  expect(await world.sh('ip -n blue -br link show dev lan')).toContain('lan@')
  expect(await world.sh('sysctl -n net.ipv4.ip_forward')).toBe('0\n')
  await world.sh('ip link delete dev wan')
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
  expect(await world.sh('ip netns list')).toBe('')
})

const minuteAgo = (event: RunEvent): RunEvent =>
  event.type === 'StepPlanned' ? { ...event, at: new Date(Date.now() - 60_000).toISOString() } : event

describe('nsnet was killed inside a step, and somebody makes the thing before it goes on', () => {
  const address: StepText = { id: 'address', uses: 'addr', with: { link: 'wan', address: '10.0.0.1/24' } }
  const cases: readonly (readonly [string, readonly StepText[], readonly string[], (event: RunEvent) => RunEvent])[] = [
    ['netns', [blue], ['ip netns add blue'], minuteAgo],
    ['veth', [cable], ['ip link add name wan type veth peer name lan netns blue'], (event) => event],
    [
      'addr',
      [address],
      ['ip link delete dev wan', 'ip link add name wan type veth peer name lan', 'ip address add 10.0.0.1/24 dev wan'],
      (event) => event,
    ],
  ]

  test.each(cases)('%s: undo leaves it to them and says so', async (...given) => {
    const { world, cut, theirs: whole } = await overtaken(...given)
    const { exitCode, stderr } = await world.nsnet('undo', '--state-dir', cut)
    const message = expect.stringContaining('somebody else made what is there now')
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: message })
    expect(await fingerprint(world.exec)).toEqual(whole)
  })

  test.each(cases)('%s: resume works with it, and the undo behind it leaves it', async (...given) => {
    const { world, cut, theirs: whole } = await overtaken(...given)
    const { exitCode, stderr } = await world.nsnet('resume', '--state-dir', cut)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining('satisfied') })
    expect(await world.nsnet('undo', '--state-dir', cut)).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(world.exec)).toEqual(whole)
  })
})

/** A world in which such steps are about to be made, and then somebody else makes them. */
async function overtaken(
  name: string,
  steps: readonly StepText[],
  lines: readonly string[],
  how: (event: RunEvent) => RunEvent,
) {
  const world = await sandboxed()
  if (name === 'veth') await world.sh('ip netns add blue')
  if (name === 'addr') await world.sh('ip link add name wan type veth peer name lan')
  const [whole, cut] = [stateDir(), stateDir()]
  const run = await ranOne(world, fileOf(name, ...steps), '--state-dir', whole)
  expect(await world.nsnet('undo', '--state-dir', whole)).toMatchObject({ exitCode: 0 })
  mkdirSync(join(cut, 'runs'), { mode: 0o700 })
  const [from, to] = [whole, cut].map((dir) => join(dir, 'runs', `${run}.jsonl`))
  await copyJournal(from!, to!, ({ type }) => type === 'StepPlanned', how)
  for (const line of lines) await world.sh(line)
  return { world, cut, theirs: await fingerprint(world.exec) }
}
