import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import type { Output } from '../../core/command.ts'
import type { RunEvent } from '../../core/events.ts'
import { entriesIn, journalOf } from '../support/journals.ts'
import { has, settledFingerprint as fingerprint } from '../support/kernel.ts'
import { expectGolden } from '../support/golden.ts'
import { ranOne, workspace } from '../support/runs.ts'
import { sandboxed } from '../support/sandbox.ts'

const { dir, stateDir } = workspace()
const isRoot = process.getuid?.() === 0

const textOf = (netns: string): string =>
  JSON.stringify({
    name: 'My lab',
    inputs: { ttl: { type: 'integer', default: 70 }, key: { default: 'net.ipv4.ip_default_ttl' } },
    steps: [
      { id: 'netns', uses: 'netns', with: { netns } },
      { id: 'up', uses: 'link', with: { netns, link: 'lo', state: 'up' } },
      { id: 'ttl', uses: 'sysctl', with: { key: '${{ inputs.key }}', value: '${{ inputs.ttl }}' } },
    ],
  })

const file = join(dir, 'lab.json')
const other = join(dir, 'other.json')
writeFileSync(other, JSON.stringify({ name: 'other', steps: [{ id: 'n', uses: 'netns', with: { netns: 'by-hand' } }] }))

const nsnet = (args: readonly string[], env: object = {}) =>
  spawnSync(process.execPath, ['dist/nsnet.js', ...args], { encoding: 'utf8', env: { ...process.env, ...env } })

/** The arguments of a line of a unit, which has only plain words here. */
const argvOf = (unit: string, key: string): readonly string[] =>
  new RegExp(`^${key}=(.*)$`, 'm').exec(readFileSync(unit, 'utf8'))![1]!.split(' ')

interface Listed {
  readonly id: string
  readonly state: string
  readonly unit?: string
}

const ofBefore = (event: RunEvent): RunEvent =>
  event.type === 'RunStarted' ? { ...event, facts: { ...event.facts, boot: 'another' } } : event

/** Rewrites a journal in place, as if it had been written before the machine was started anew. */
async function reboot(path: string, count?: number): Promise<void> {
  const entries = (await entriesIn(path)).slice(0, count)
  const events = entries.map(({ event }) => ofBefore(event))
  const lines = journalOf(events, (index) => new Date(entries[index]!.at))
  writeFileSync(path, lines.map(({ text }) => text).join(''))
}

test('what a unit starts and stops is its own run: once, after kill -9, after a reboot, and when the file was edited', async () => {
  const world = await sandboxed()
  const [state, units] = [stateDir(), mkdtempSync(join(dir, 'units-'))]
  writeFileSync(file, textOf('blue'))
  const options = ['--unit-dir', units, '--set', 'ttl=71', '--state-dir', state, '--name', 'lab']
  expect(await world.nsnet('enable', file, ...options)).toMatchObject({ exitCode: 0, stderr: '' })
  const unit = join(units, 'nsnet-lab.service')
  const call = (key: string, env: readonly string[] = []): Promise<Output> =>
    world.exec({ argv: ['env', ...env, 'setpriv', '--no-new-privs', ...argvOf(unit, key)], timeoutMs: 120_000 })
  const runs = async (): Promise<readonly Listed[]> =>
    JSON.parse((await world.nsnet('list', '--json', '--state-dir', state)).stdout)
  const before = await fingerprint(world.exec)
  const sets = async (netns: string): Promise<void> => {
    expect(await world.sh('ip netns list')).toContain(netns)
    expect(await world.sh('sysctl -n net.ipv4.ip_default_ttl')).toBe('71\n')
  }

  expect(await call('ExecStop')).toMatchObject({ exitCode: 0 })
  expect(await call('ExecStart')).toMatchObject({ exitCode: 0 })
  expect(await call('ExecStart')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('holds already') })
  await sets('blue')
  expect(await runs()).toMatchObject([{ unit: 'lab', state: 'completed' }])
  const byHand = await ranOne(world, other, '--state-dir', state)
  expect(await call('ExecStop')).toMatchObject({ exitCode: 0 })
  expect(await call('ExecStop')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('nothing of this unit') })
  expect(await world.sh('ip netns list')).toBe('by-hand\n')
  await world.nsnet('undo', byHand, '--state-dir', state)
  expect(await fingerprint(world.exec)).toEqual(before)

  const kill = [`NODE_OPTIONS=--import=${resolve('testing/boundaries.mjs')}`, 'NSNET_KILL_AT=9']
  expect(await call('ExecStart', kill)).toMatchObject({ exitCode: 137 })
  const [killed] = await runs()
  expect(killed).toMatchObject({ unit: 'lab', state: 'interrupted' })
  expect(await call('ExecStart')).toMatchObject({ exitCode: 0 })
  await sets('blue')
  expect((await runs())[0]).toMatchObject({ id: killed!.id, state: 'completed' })

  writeFileSync(file, textOf('green'))
  expect(await call('ExecStart')).toMatchObject({ exitCode: 0 })
  await sets('green')
  expect(await world.sh('ip netns list')).not.toContain('blue')
  const [edited] = await runs()
  expect((await runs())[1]).toMatchObject({ id: killed!.id, state: 'undone' })

  await call('ExecStop')
  expect(await fingerprint(world.exec)).toEqual(before)
  expect(await call('ExecStart')).toMatchObject({ exitCode: 0 })
  const [whole] = await runs()
  expect(whole!.id).not.toBe(edited!.id)
  await world.nsnet('undo', whole!.id, '--state-dir', state)
  const journal = (id: string): string => join(state, 'runs', `${id}.jsonl`)
  await reboot(journal(whole!.id), -7)
  expect((await runs())[0]).toMatchObject({ id: whole!.id, state: 'stale (completed before the reboot)' })
  expect(await call('ExecStart')).toMatchObject({ exitCode: 0 })
  const [ofNow, stale] = await runs()
  expect([ofNow, stale]).toMatchObject([
    { state: 'completed' },
    { id: whole!.id, state: expect.stringContaining('stale') },
  ])
  await sets('green')
  expect(await call('ExecStop')).toMatchObject({ exitCode: 0 })
  expect((await runs())[1]).toEqual(stale)

  await reboot(journal(ofNow!.id), 4)
  expect(await call('ExecStart')).toMatchObject({ exitCode: 0 })
  await sets('green')
  expect((await runs())[0]).toMatchObject({ id: ofNow!.id, state: 'completed' })
  expect(await call('ExecStop')).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})

test('enable writes a unit that systemd accepts, and disable removes it, by name or file, and nothing of others', async () => {
  writeFileSync(file, textOf('blue'))
  const units = mkdtempSync(join(dir, 'units-'))
  const at = ['--unit-dir', units, '--state-dir', join(dir, 'state')]
  const enabled = nsnet(['enable', file, ...at], { NSNET_INPUT_ttl: '80', NSNET_INPUT_none: 'x' })
  expect({ status: enabled.status, stderr: enabled.stderr }).toEqual({ status: 0, stderr: '' })
  const unit = join(units, 'nsnet-My-lab.service')
  const text = readFileSync(unit, 'utf8')
  await expectGolden('enable.txt', enabled.stdout, [[/units-\w+/g, 'UNITS']])
  await expectGolden('unit.service', text, [
    [new RegExp(process.execPath, 'g'), '/usr/bin/node'],
    [new RegExp(resolve('dist'), 'g'), '/opt/nsnet/dist'],
  ])
  expect(statSync(unit).mode & 0o777).toBe(0o644)
  const verified = has('systemd-analyze')
    ? spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' })
    : { status: 0, stderr: '' }
  expect(verified).toMatchObject({ status: 0, stderr: '' })

  expect(nsnet(['enable', other, ...at, '--name', 'My-lab'])).toMatchObject({
    status: 64,
    stderr: expect.stringMatching(/got one for .*lab\.json\n {2}give this one a name/),
  })
  expect(readFileSync(unit, 'utf8')).toBe(text)
  expect(nsnet(['disable', file, ...at])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining(`removed ${unit}`),
  })
  expect(readdirSync(units)).toEqual([])

  for (const name of ['a', 'b']) nsnet(['enable', file, ...at, '--name', name])
  expect(nsnet(['disable', file, ...at])).toMatchObject({
    status: 64,
    stderr: expect.stringContaining('several: a, b'),
  })
  for (const name of ['nsnet-a.service', 'b']) expect(nsnet(['disable', name, ...at]).status).toBe(0)
  writeFileSync(join(units, 'nsnet-mine.service'), '[Service]\n')
  for (const args of [
    ['disable', 'mine'],
    ['enable', file, '--name', 'mine'],
  ])
    expect(nsnet([...args, ...at])).toMatchObject({ status: 64, stderr: expect.stringContaining('that nsnet wrote') })
  expect(nsnet(['disable', 'none', ...at]).status).toBe(64)
  expect(readdirSync(units)).toEqual(['nsnet-mine.service'])
})

test('enable refuses what could not be set up at boot, and writes nothing', () => {
  writeFileSync(file, textOf('blue'))
  const units = mkdtempSync(join(dir, 'units-'))
  const secret = join(dir, 'secret.json')
  writeFileSync(secret, JSON.stringify({ ...JSON.parse(textOf('blue')), inputs: { key: { secret: true } } }))
  const bad = join(dir, 'bad.json')
  writeFileSync(bad, textOf('no such/name'))
  for (const [status, args, why] of [
    [64, [secret], 'without secret inputs'],
    [65, [bad], '/steps/0'],
    [65, [join(dir, 'none.json')], 'none.json'],
    [65, [file, '--set', 'ttl=x'], 'expected an integer'],
    [64, [file, '--name', 'a/b'], 'name of a unit'],
  ] as const)
    expect(nsnet(['enable', ...args, '--unit-dir', units])).toMatchObject({
      status,
      stderr: expect.stringContaining(why),
    })
  expect(readdirSync(units)).toEqual([])
  expect(nsnet(['enable', file, '--unit-dir', join(units, 'none')])).toMatchObject({ status: 1 })
})

/** A `systemctl` that notes its words, and fails when it is told to. */
const systemctl = `#!/bin/sh
echo "$*" >>/run/systemctl
[ "$1" != "$(cat /run/fails 2>/dev/null)" ] || { echo no such luck >&2; exit 1; }
`

test('where systemd runs it is told, and when it refuses all is as before', async () => {
  const world = await sandboxed()
  const bin = join(dir, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'systemctl'), systemctl, { mode: 0o755 })
  writeFileSync(file, textOf('blue'))
  const inside = [`PATH=${bin}:${process.env['PATH']}`, 'NSNET_SANDBOX=0']
  // the sandbox shows the real /etc: here its units are covered first
  const units = '/etc/systemd/system'
  await world.sh('mkdir -p /run/systemd/system')
  expect(await world.nsnet('enable', file)).toMatchObject({
    exitCode: 64,
    stderr: expect.stringContaining('a sandbox'),
  })
  await world.exec({ argv: ['sh', '-c', `rm -f /etc/systemd; mkdir -p ${units}`] })
  const told = (): Promise<string> => world.sh('cat /run/systemctl')

  await world.sh('cp /dev/null /run/fails')
  await world.exec({ argv: ['sh', '-c', 'echo enable >/run/fails'] })
  expect(await world.nsnetIn(inside, 'enable', file)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('luck'),
  })
  expect(await world.sh(`ls ${units}`)).toBe('')
  await world.sh('rm /run/fails /run/systemctl')
  const { exitCode, stdout } = await world.nsnetIn(inside, 'enable', file)
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: expect.stringContaining(`enabled ${units}/nsnet-My-lab.service`),
  })
  expect(await told()).toBe('daemon-reload\nenable nsnet-My-lab.service\n')

  await world.nsnetIn(inside, 'unit-start', 'My-lab', file)
  const run = (await world.nsnet('exec', 'last', '--', 'ip', 'netns', 'identify')).stdout
  expect(run).toBe('blue\n')
  expect(await world.nsnetIn(inside, 'disable', 'My-lab')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^removed .*\n {2}what it set up stays; take it back: nsnet undo \w+\n$/),
  })
  expect(await told()).toBe('daemon-reload\nenable nsnet-My-lab.service\ndisable nsnet-My-lab.service\ndaemon-reload\n')
  expect(await world.sh(`ls ${units}`)).toBe('')
})

test.skipIf(!isRoot)('an ordinary user is told to use sudo, or another directory', () => {
  const user = ['--reuid', '65534', '--regid', '65534', '--clear-groups', '--']
  const shown = spawnSync(
    'setpriv',
    [...user, process.execPath, 'dist/nsnet.js', 'enable', 'workflows/internet.json'],
    {
      encoding: 'utf8',
    },
  )
  expect(shown).toMatchObject({ status: 77, stderr: expect.stringContaining('with --unit-dir DIR') })
})
