import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { RunEvent } from '../../core/events.ts'
import { createJournal } from '../../journal/journal.ts'
import { entriesIn } from '../support/journals.ts'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'
import { without } from '../support/without.ts'

const root = mkdtempSync(join(tmpdir(), 'nsnet-sharing-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

interface StepText {
  readonly id: string
  readonly uses: string
  readonly with: unknown
}

function fileOf(name: string, ...steps: readonly StepText[]): string {
  const path = join(root, `${name}.json`)
  writeFileSync(path, JSON.stringify({ name, steps }))
  return path
}

const forwarding: StepText = { id: 'forward', uses: 'sysctl', with: { key: 'net.ipv4.ip_forward', value: 1 } }
const ttl = (value: number): StepText => ({
  id: 'ttl',
  uses: 'sysctl',
  with: { key: 'net.ipv4.ip_default_ttl', value },
})
const link = (state: string): StepText => ({ id: 'link', uses: 'link', with: { link: 'cable', state } })
const policy = (verdict: string): StepText => ({
  id: 'policy',
  uses: 'iptables',
  with: { chain: 'FORWARD', policy: verdict },
})
const note = (name: string): StepText => ({
  id: 'note',
  uses: 'file',
  with: { path: `/etc/netns/red/${name}`, content: name },
})
const dnsWith = (fields: object): StepText => ({ id: 'dns', uses: 'dns', with: { netns: 'red', ...fields } })
const dns = dnsWith({ nameservers: ['192.0.2.1'] })
const linkWith = (fields: object): StepText => ({ id: 'link', uses: 'link', with: { link: 'enp1s0', ...fields } })
const touching = (...files: readonly string[]): StepText => ({
  id: 'files',
  uses: 'exec',
  with: {
    probe: { argv: ['ls', ...files], okExits: [0, 2] },
    apply: ['touch', ...files],
    undo: ['rm', '-f', ...files],
    shares: files.map((file) => `file:${file}`),
  },
})
const netns = (name: string): StepText => ({ id: name, uses: 'netns', with: { netns: name } })
const masquerade = (source: string): StepText => ({
  id: 'masquerade',
  uses: 'iptables',
  with: { table: 'nat', chain: 'POSTROUTING', rule: ['-s', source, '-j', 'MASQUERADE'] },
})

const address = (host: number): StepText => ({
  id: 'address',
  uses: 'addr',
  with: { link: 'enp1s0', address: `10.7.0.${host}/24` },
})
const ownTable: StepText = { id: 'table', uses: 'nftables', with: { ruleset: 'table inet lab { chain c { } }' } }
const ruleIn = (rule: string): StepText => ({
  id: 'rule',
  uses: 'nftables',
  with: { family: 'inet', table: 'lab', chain: 'c', rule },
})

const setWith = (element: string): StepText => ({
  id: 'set',
  uses: 'nftset',
  with: { family: 'inet', table: 'lab', name: 'hosts', type: 'ipv4_addr', elements: [element] },
})

const inInput = (rule: object): StepText => ({ id: 'filter', uses: 'iptables', with: { chain: 'INPUT', ...rule } })

/** Runs workflows one after another; gives the id of each run. */
async function ranAll({ nsnet }: Sandboxed, ...files: readonly string[]): Promise<readonly string[]> {
  const ids: string[] = []
  for (const file of files) {
    const { exitCode, stdout } = await nsnet('run', file, '--json')
    expect({ file, exitCode }).toEqual({ file, exitCode: 0 })
    ids.push((JSON.parse(stdout.split('\n')[0]!) as { event: { run: string } }).event.run)
  }
  return ids
}

const orders = (count: number): readonly (readonly number[])[] =>
  count === 0
    ? [[]]
    : orders(count - 1).flatMap((order) =>
        Array.from({ length: count }, (_, at) => [...order.slice(0, at), count - 1, ...order.slice(at)]),
      )

describe('what two runs share is there until the last of them is undone, and then as before', () => {
  const table: readonly (readonly [string, readonly string[]])[] = [
    ['forwarding', [fileOf('f1', netns('a'), forwarding), fileOf('f2', netns('b'), forwarding)]],
    ['a value over a value', [fileOf('t1', ttl(70)), fileOf('t2', ttl(80)), fileOf('t3', ttl(80), netns('c'))]],
    ['a value that the second sets back', [fileOf('b1', ttl(70)), fileOf('b2', ttl(64))]],
    ['a link that the second sets down again', [fileOf('l1', link('up')), fileOf('l2', link('down'))]],
    [
      'a link that the second sets down and up',
      [fileOf('k1', link('up')), fileOf('k2', link('down'), { ...link('up'), id: 'up' })],
    ],
    ['a policy that the second sets back', [fileOf('y1', policy('DROP')), fileOf('y2', policy('ACCEPT'))]],
    ['a value that the third sets as the first', [fileOf('v1', ttl(70)), fileOf('v2', ttl(80)), fileOf('v3', ttl(70))]],
    [
      'what one sets to and fro',
      [fileOf('w1', ttl(70)), fileOf('w2', ttl(80), { ...ttl(70), id: 'fro' }), fileOf('w3', ttl(70), netns('c'))],
    ],
    [
      'a value that was set to and fro, and found',
      [fileOf('x1', ttl(70)), fileOf('x2', ttl(64)), fileOf('x3', ttl(64))],
    ],
    [
      'a directory with files of others',
      [fileOf('d1', note('one')), fileOf('d2', note('two')), fileOf('d3', dns, note('one'))],
    ],
    ['rules in one table', [fileOf('m1', masquerade('10.1.0.0/24')), fileOf('m2', masquerade('10.2.0.0/24'))]],
    ['the same rule', [fileOf('s1', masquerade('10.1.0.0/24')), fileOf('s2', netns('d'), masquerade('10.1.0.0/24'))]],
    ['the same address', [fileOf('a1', netns('g'), address(1)), fileOf('a2', netns('h'), address(1))]],
    ['two addresses of one prefix', [fileOf('p1', address(1)), fileOf('p2', address(2))]],
    ['a table and a rule in it', [fileOf('r1', ownTable), fileOf('r2', ruleIn('udp dport 9 drop'))]],
    ['a set and an element in it', [fileOf('e1', ownTable, setWith('10.0.0.1')), fileOf('e2', setWith('10.0.0.2'))]],
    ['the same netns', [fileOf('n1', netns('e')), fileOf('n2', netns('e'), netns('f'))]],
  ]
  test.each(table)(
    '%s, undone in every order',
    async (_, files) => {
      const world = await sandboxed()
      // a link that was up once has another qdisc than a new one
      for (const line of ['link add cable type veth peer name plug', 'link set cable up', 'link set cable down'])
        await world.sh(`ip ${line}`)
      const before = await fingerprint(world.exec)
      for (const order of orders(files.length)) {
        const ids = await ranAll(world, ...files)
        for (const at of order)
          expect({ at, order, ...(await world.nsnet('undo', ids[at]!)) }).toMatchObject({ exitCode: 0 })
        expect({ order, ...(await fingerprint(world.exec)) }).toEqual({ order, ...before })
      }
    },
    240_000,
  )

  test.each<readonly [string, StepText, StepText]>([
    ['link', linkWith({ mtu: 1400, alias: 'lab' }), linkWith({ mtu: 1400 })],
    [
      'dns',
      dnsWith({ nameservers: ['192.0.2.1'], hosts: { '10.0.0.1': ['a'] } }),
      dnsWith({ hosts: { '10.0.0.1': ['a'] } }),
    ],
    ['exec', touching('/run/one', '/run/two'), touching('/run/two')],
  ])('until then: what one needs of several things of a step stays (%s)', async (name, several, one) => {
    const world = await sandboxed()
    const before = await fingerprint(world.exec)
    const [first, second] = await ranAll(world, fileOf(`${name}-1`, several), fileOf(`${name}-2`, one))
    const { exitCode, stderr } = await world.nsnet('undo', first!)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining(`run ${second} needs it too`) })
    expect(await world.nsnet('verify', second!)).toMatchObject({ exitCode: 0 })
    await world.nsnet('undo', second!)
    expect(await fingerprint(world.exec)).toEqual(before)
    expect(await world.exec({ argv: ['ls', '/run/one', '/run/two'] })).toMatchObject({ stdout: '' })
  })

  test('until then: the owner is told for whom it is kept', async () => {
    const world = await sandboxed()
    const [first, second] = await ranAll(world, fileOf('o1', forwarding), fileOf('o2', netns('a'), forwarding))
    const ahead = await world.nsnet('undo', first!, '--dry-run', '--json')
    expect(ahead.exitCode).toBe(0)
    const reason = `run ${second} needs it too`
    expect(JSON.parse(ahead.stdout)).toEqual({
      runs: [{ run: first, steps: [{ step: 'forward', outcome: 'kept', reason, neededBy: [second] }] }],
    })
    const { exitCode, stderr } = await world.nsnet('undo', first!)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining(`run ${second} needs it too`) })
    expect(await world.sh('sysctl -n net.ipv4.ip_forward')).toBe('1\n')
    await world.nsnet('undo', second!)
    expect(await world.sh('sysctl -n net.ipv4.ip_forward')).toBe('0\n')
    expect(await world.nsnet('undo', first!)).toMatchObject({ exitCode: 0 })
  })

  test('a run whose undo failed counts until another one has done it', async () => {
    const world = await sandboxed()
    const before = await fingerprint(world.exec)
    const files = [fileOf('u1', masquerade('10.1.0.0/24')), fileOf('u2', masquerade('10.2.0.0/24'))]
    const [first, second] = await ranAll(world, ...files)
    const back = await without(world, 'iptables-nft')
    expect(await world.nsnet('undo', second!)).toMatchObject({ exitCode: 1 })
    await back()
    const { exitCode, stderr } = await world.nsnet('undo', first!)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining(`run ${second} needs table:`) })
    expect(await world.nsnet('undo', second!)).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(world.exec)).toEqual(before)
  })

  test('a rerun of the same workflow keeps nothing alive', async () => {
    const world = await sandboxed()
    const before = await fingerprint(world.exec)
    const file = fileOf('again', netns('a'), forwarding)
    const [first] = await ranAll(world, file, file)
    expect(await world.nsnet('undo', first!)).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(world.exec)).toEqual(before)
  })

  test('a workflow that was changed since is another one: it relies on what it found', async () => {
    const world = await sandboxed()
    const [first] = await ranAll(world, fileOf('changed', netns('a'), forwarding))
    const [second] = await ranAll(world, fileOf('changed', forwarding))
    expect(await world.nsnet('undo', first!)).toMatchObject({ exitCode: 0 })
    expect(await world.sh('ip netns list')).toBe('')
    expect(await world.nsnet('verify', second!)).toMatchObject({ exitCode: 0 })
  })
})

describe('--cascade undoes first who found in place what the run made', () => {
  const lab = fileOf('found', netns('a'), forwarding)
  const table: readonly (readonly [string, string])[] = [
    ['the same work', lab],
    ['another work', fileOf('finder', netns('a'), forwarding, { ...forwarding, id: 'again' })],
  ]
  test.each(table)('%s', async (_, second) => {
    const world = await sandboxed()
    const before = await fingerprint(world.exec)
    const [owner, finder] = await ranAll(world, lab, second)
    const dry = await world.nsnet('undo', owner!, '--cascade', '--dry-run', '--json')
    expect(JSON.parse(dry.stdout)).toMatchObject({ runs: [{ run: finder }, { run: owner }] })
    const { exitCode, stderr } = await world.nsnet('undo', owner!, '--cascade')
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringMatching(new RegExp(`undoing run ${finder}[^]*undoing run ${owner}`)),
    })
    expect(stderr).not.toContain('kept')
    expect(await fingerprint(world.exec)).toEqual(before)
  })

  test('but not who made something too, or found what others made beside it', async () => {
    const world = await sandboxed()
    await world.sh('iptables -A INPUT -i lo -j ACCEPT')
    const [owner, maker, beside] = await ranAll(
      world,
      fileOf('owner', netns('a'), forwarding, inInput({ policy: 'DROP' })),
      fileOf('maker', forwarding, netns('b')),
      fileOf('beside', inInput({ rule: '-i lo -j ACCEPT' })),
    )
    expect(await world.nsnet('undo', owner!, '--cascade')).toMatchObject({ exitCode: 0 })
    expect(await world.sh('ip netns list')).toBe('b\n')
    const states = JSON.parse((await world.nsnet('list', '--json')).stdout) as { id: string; status: string }[]
    expect(states.map(({ id, status }) => [id, status])).toEqual([
      [beside, 'completed'],
      [maker, 'completed'],
      [owner, 'undone'],
    ])
  })
})

test('a second run of the same work is undone with the first, whose lock is the same', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const file = fileOf('twice', netns('lab'), {
    id: 'quiet',
    uses: 'sysctl',
    with: { netns: 'lab', key: 'net.ipv4.ip_default_ttl', value: 9 },
  })
  const [first] = await ranAll(world, file)
  expect(await world.nsnet('undo', first!, '--to', 'lab')).toMatchObject({ exitCode: 0 })
  await ranAll(world, file)
  expect(await world.nsnet('undo', first!)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('--cascade') })
  expect(await world.nsnet('undo', first!, '--cascade')).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})

describe("a run inside another run's netns", () => {
  const outer = fileOf('outer', netns('lab'))
  const inner = fileOf('inner', {
    id: 'quiet',
    uses: 'sysctl',
    with: { netns: 'lab', key: 'net.ipv4.ip_default_ttl', value: 9 },
  })

  test("the owner's undo is refused with the reason, and nothing is changed", async () => {
    const world = await sandboxed()
    const [owner, guest] = await ranAll(world, outer, inner)
    const whole = await fingerprint(world.exec)
    const { exitCode, stderr } = await world.nsnet('undo', owner!)
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(`run ${guest} (inner) does`) })
    expect(stderr).toContain(`nsnet undo ${owner} --cascade`)
    expect(await fingerprint(world.exec)).toEqual(whole)
  })

  test('--cascade undoes both', async () => {
    const world = await sandboxed()
    const before = await fingerprint(world.exec)
    const [owner, guest] = await ranAll(world, outer, inner)
    const { exitCode, stderr } = await world.nsnet('undo', owner!, '--cascade')
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringMatching(new RegExp(`undoing run ${guest}[^]*undoing run ${owner}`)),
    })
    expect(await fingerprint(world.exec)).toEqual(before)
  })
})

/** A sandbox whose only run was made before the machine was started anew: its journal says another boot. */
async function rebooted(
  path: string,
  before = 'true',
): Promise<{ readonly world: Sandboxed; readonly state: string; readonly run: string }> {
  const world = await sandboxed()
  await world.sh(before)
  const state = mkdtempSync(join(root, 'state-'))
  const old = mkdtempSync(join(root, 'old-'))
  expect(await world.nsnet('run', path, '--state-dir', old)).toMatchObject({ exitCode: 0 })
  mkdirSync(join(state, 'runs'), { mode: 0o700 })
  const name = readdirSync(join(old, 'runs')).find((entry) => entry.endsWith('.jsonl'))!
  const entries = await entriesIn(join(old, 'runs', name))
  const journal = await createJournal(join(state, 'runs', name))
  await journal.append(entries.map(({ event }) => beforeReboot(event)))
  await journal.close()
  return { world, state, run: name.slice(0, -'.jsonl'.length) }
}

describe('a run of another boot', () => {
  const file = fileOf('boot', netns('lab'), forwarding)

  test('is listed as stale, and its undo writes nothing to the kernel', async () => {
    const { world, state, run } = await rebooted(file)
    const whole = await fingerprint(world.exec)
    expect((await world.nsnet('list', '--state-dir', state)).stdout).toContain('stale')
    const { exitCode, stderr } = await world.nsnet('undo', run, '--state-dir', state)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining('started anew') })
    expect(await fingerprint(world.exec)).toEqual(whole)
    expect((await world.nsnet('list', '--state-dir', state)).stdout).toContain('undone')
  })

  test('its undo takes away what a reboot leaves: files', async () => {
    const text = { id: 'text', uses: 'file', with: { path: '/etc/netns/lab/text', content: 'here\n' } }
    const { world, state, run } = await rebooted(fileOf('files', netns('lab'), text))
    await world.sh('ip netns delete lab')
    const whole = await fingerprint(world.exec)
    expect(await world.sh('cat /etc/netns/lab/text')).toBe('here\n')
    const dry = await world.nsnet('undo', run, '--dry-run', '--state-dir', state)
    expect(dry).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('rm -f -- /etc/netns/lab/text') })
    expect(await world.nsnet('undo', run, '--state-dir', state)).toMatchObject({ exitCode: 0 })
    expect((await fingerprint(world.exec)).host).toEqual(whole.host)
    expect(await world.exec({ argv: ['find', '/etc/netns', '-mindepth', '1'] })).toMatchObject({ stdout: '' })
  })

  test('its resume knows the files that it wrote, and undo takes them away', async () => {
    const there = { id: 'there', uses: 'file', with: { path: '/etc/netns/lab/there', content: 'ours\n' } }
    const names = { id: 'names', uses: 'dns', with: { netns: 'lab', nameservers: ['203.0.113.1'] } }
    const { world, state, run } = await rebooted(fileOf('rebooted', netns('lab'), there, forwarding, names))
    await world.sh('ip netns delete lab')
    await world.sh('sysctl -q -w net.ipv4.ip_forward=0')
    await world.sh('rm /etc/netns/lab/resolv.conf')
    const resumed = await world.nsnet('resume', run, '--state-dir', state)
    expect(resumed).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/applied +there/) })
    expect(resumed.stderr).not.toContain('satisfied')
    expect(await world.sh('cat /etc/netns/lab/resolv.conf')).toContain('203.0.113.1')
    expect(await world.nsnet('undo', run, '--state-dir', state)).toMatchObject({ exitCode: 0 })
    expect(await world.exec({ argv: ['find', '/etc/netns', '-mindepth', '1'] })).toMatchObject({ stdout: '' })
  })

  test('its undo takes the files away though its resume did not come to them', async () => {
    const text = { id: 'text', uses: 'file', with: { path: '/etc/netns/lab/text', content: 'here\n' } }
    const nowhere = { id: 'mtu', uses: 'link', with: { link: 'v0', mtu: 1400 } }
    const { world, state, run } = await rebooted(
      fileOf('halfway', netns('lab'), nowhere, text),
      'ip link add v0 type veth peer name v1',
    )
    await world.sh('ip netns delete lab')
    await world.sh('ip link delete v0')
    expect(await world.nsnet('resume', run, '--state-dir', state)).toMatchObject({ exitCode: 1 })
    expect(await world.nsnet('undo', run, '--state-dir', state)).toMatchObject({ exitCode: 0 })
    expect(await world.exec({ argv: ['find', '/etc/netns', '-mindepth', '1'] })).toMatchObject({ stdout: '' })
  })

  test('resume sets it up again, and it is undone to what the new boot had', async () => {
    const { world, state, run } = await rebooted(file)
    await world.sh('ip netns delete lab')
    await world.sh('sysctl -q -w net.ipv4.ip_forward=0')
    const before = await fingerprint(world.exec)
    expect(await world.nsnet('resume', run, '--state-dir', state)).toMatchObject({ exitCode: 0 })
    expect(await world.sh('sysctl -n net.ipv4.ip_forward')).toBe('1\n')
    expect(await world.sh('ip netns list')).toBe('lab\n')
    expect(await world.nsnet('undo', run, '--state-dir', state)).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(world.exec)).toEqual(before)
  })
})

test('a run of another netns is not undone here, where nothing of it is', async () => {
  const world = await sandboxed()
  const [run] = await ranAll(world, fileOf('elsewhere', forwarding))
  await world.sh('ip netns add other')
  const inOther = ['env', 'NSNET_SANDBOX=1', 'NSNET_STATE_DIR=/run/nsnet/own/state', process.execPath, 'dist/nsnet.js']
  const { exitCode, stderr } = await world.exec({ argv: ['ip', 'netns', 'exec', 'other', ...inOther, 'undo', run!] })
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining('expected to be in the netns') })
  expect(await world.nsnet('undo', run!)).toMatchObject({ exitCode: 0 })
  expect(await world.sh('sysctl -n net.ipv4.ip_forward')).toBe('0\n')
})

const beforeReboot = (event: RunEvent): RunEvent =>
  event.type === 'RunStarted' ? { ...event, facts: { ...event.facts, boot: 'another', netns: 1 } } : event
