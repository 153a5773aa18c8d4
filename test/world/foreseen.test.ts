import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-foreseen-'))
chmodSync(dir, 0o755)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

let count = 0

interface Sysctl {
  readonly key: string
  readonly netns?: string
}

/** A netns and a veth first, then sysctls. */
function fileOf(...sysctls: readonly Sysctl[]): string {
  const steps = [
    { id: 'blue', uses: 'netns', with: { netns: 'blue' } },
    { id: 'cable', uses: 'veth', with: { name: 'v0', peer: { name: 'v1', netns: 'blue' } } },
    ...sysctls.map((each, at) => ({ id: `set-${at}`, uses: 'sysctl', with: { value: 1, ...each } })),
  ]
  const path = join(dir, `${count++}.json`)
  writeFileSync(path, JSON.stringify({ name: 'sysctls', steps }, null, 2))
  return path
}

const eventsOf = async ({ nsnet }: Sandboxed): Promise<readonly string[]> =>
  (await nsnet('log', 'last', '--json')).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).event.type as string)

const readOnly = 'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys'

test.each([
  [
    'there is no such parameter',
    { key: 'net.ipv4.ip_foward' },
    '',
    /sysctl net.ipv4.ip_foward does not exist in the host[^]*did you mean "ip_forward"/,
  ],
  [
    'its link is not there and nobody makes it',
    { key: 'net.ipv4.conf.v9.rp_filter' },
    '',
    /does not exist[^]*is there a link v9 in the host\?/,
  ],
  [
    'it cannot be read back',
    { key: 'net.ipv4.route.flush' },
    '',
    /net.ipv4.route.flush cannot be read, so that it could not be put back/,
  ],
  ['it can only be read', { key: 'net.ipv4.tcp_available_congestion_control' }, '', /can only be read/],
  [
    '/proc/sys is read-only',
    { key: 'net.ipv4.ip_forward' },
    readOnly,
    /ip_forward cannot be written[^]*findmnt -T \/proc\/sys\n +what this machine lacks is shown by: nsnet doctor/,
  ],
])('when %s, the run is refused before anything is done', async (_, sysctl, breaks, says) => {
  const world = await sandboxed()
  expect(await world.exec({ argv: ['sh', '-c', breaks] })).toMatchObject({ exitCode: 0 })
  const before = await fingerprint(world.exec)
  const path = fileOf(sysctl)
  const { exitCode, stderr } = await world.nsnet('run', path)
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(says) })
  expect(stderr).toContain(`${path}:22:5 /steps/2`)
  expect(await eventsOf(world)).toEqual(['RunStarted', 'StepFailed'])
  expect(await fingerprint(world.exec)).toEqual(before)
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
})

test('a run that was refused goes on when the reason is gone', async () => {
  const world = await sandboxed()
  await world.exec({ argv: ['sh', '-c', readOnly] })
  expect(await world.nsnet('run', fileOf({ key: 'net.ipv4.ip_forward' }))).toMatchObject({ exitCode: 1 })
  await world.sh('umount /proc/sys')
  expect(await world.nsnet('resume')).toMatchObject({ exitCode: 0 })
  expect(await world.sh('sysctl -n net.ipv4.ip_forward')).toBe('1\n')
  expect(await world.sh('ip netns list')).toContain('blue')
})

test('parameters of what earlier steps make are not looked for before it is made', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const made = [{ key: 'net.ipv4.conf.v0.rp_filter' }, { key: 'net.ipv4.conf.v1.rp_filter', netns: 'blue' }]
  expect(await world.nsnet('run', fileOf(...made))).toMatchObject({ exitCode: 0 })
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})

test('a workflow in which nothing can be foreseen runs no command more, and equal probes are run once', async () => {
  const world = await sandboxed()
  const looked = async (...sysctls: readonly Sysctl[]): Promise<number> => {
    const { stderr } = await world.nsnet('run', fileOf(...sysctls), '-v')
    await world.nsnet('undo')
    const [before = ''] = stderr.split('netns add')
    return before.split('\n').filter((line) => line.startsWith('    $ ')).length
  }
  const none = await looked()
  const one = await looked({ key: 'net.ipv4.ip_forward' })
  expect(one - none).toBe(3)
  expect(await looked({ key: 'net.ipv4.ip_forward' }, { key: 'net.ipv4.ip_forward' })).toBe(one)
})
