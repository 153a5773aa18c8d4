import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { features } from '../../cli/doctor/features.ts'
import type { Finding } from '../../cli/doctor/finding.ts'
import type { Output } from '../../core/command.ts'
import { failureOfCommand } from '../../core/tools.ts'
import { has, settledFingerprint as fingerprint } from '../support/kernel.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'
import { without } from '../support/without.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-doctor-'))
chmodSync(dir, 0o777)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Every finding as a line, and the exit code. */
const linesOf = ({ stdout, exitCode }: Pick<Output, 'stdout' | 'exitCode'>): readonly string[] => [
  `exit ${exitCode}`,
  ...(JSON.parse(stdout) as readonly Finding[]).map(
    ({ topic, level, what, found, fix = '' }) => `${topic} ${level} ${what}: ${found} → ${fix}`,
  ),
]

const doctor = async ({ nsnetIn }: Sandboxed, env: readonly string[] = [], ...args: readonly string[]) =>
  linesOf(await nsnetIn(env, 'doctor', '--json', ...args))

const sh = async ({ exec }: Sandboxed, script: string): Promise<void> => {
  const { exitCode, stderr } = await exec({ argv: ['sh', '-ec', script] })
  expect({ script, exitCode, stderr }).toMatchObject({ exitCode: 0 })
}

const seen = (words: string) => expect.stringMatching(new RegExp(words))
const isRoot = process.getuid?.() === 0

test('a healthy machine has no failure, nothing stays, and every feature is as trying it by hand shows', async () => {
  const world = await sandboxed()
  await world.nsnet('list')
  const listing = (): Promise<string> =>
    world.sh('find /run /etc/netns -path /run/nsnet/etc -prune -o -not -name index.* -print')
  const before = { kernel: await fingerprint(world.exec), files: await listing() }
  const lines = await doctor(world)
  expect(lines.filter((line) => / fail |^exit/.test(line))).toEqual(['exit 0'])
  const { stdout } = await world.nsnet('doctor', '-v')
  expect(stdout).toMatch(/\n\d+ ok(, \d+ warnings?)?: go on with: nsnet run workflows\/internet.json --sandbox\n$/)
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  expect({ kernel: await fingerprint(world.exec), files: await listing() }).toEqual(before)

  await sh(world, 'ip link add v0 type veth peer name v1')
  for (const { name, by } of features.filter(({ needed, when }) => !needed && when === undefined)) {
    const { exitCode } = await world.exec({ argv: ['sh', '-c', by] })
    const told =
      exitCode === 0 ? 'ok .*works' : exitCode === 127 ? 'ok .*not tried: no program' : 'warn .*does not work'
    expect(lines).toContainEqual(seen(`^kernel ${told.replace(' ', ` ${name}: `)}`))
  }
})

test('what will bite is told: chains that drop, others at work, leftovers, read-only places', async () => {
  const world = await sandboxed()
  const seesLegacy = isRoot && has('iptables-legacy')
  await sh(
    world,
    `nft 'table inet lab { chain f { type filter hook forward priority 0; policy drop; }; }'
     iptables-nft -P FORWARD DROP; iptables-nft -N DOCKER-USER; ip6tables-nft -N ufw6-user-forward
     ip6tables-nft -A FORWARD -j REJECT
     ${seesLegacy ? 'iptables-legacy -P FORWARD DROP' : ''}
     ip link add docker0 type bridge; mkdir /run/firewalld /run/NetworkManager
     sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=1
     touch /run/netns/half; mount -o remount,bind,ro /run/netns
     mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys`,
  )
  const lines = await doctor(world)
  expect(lines).toEqual(
    expect.arrayContaining([
      'exit 1',
      seen('^host fail /proc/sys: cannot be written → let it be: mount -o remount,rw /proc/sys'),
      seen('^firewall warn chain f: of table inet lab .* by its policy'),
      seen('^firewall warn chain FORWARD: of table filter \\(iptables-nft, IPv4\\) drops .* by its policy'),
      seen('^firewall warn chain FORWARD: of table filter \\(iptables-nft, IPv6\\) rejects .*by its rule "-A FORWARD'),
      ...(seesLegacy
        ? [
            seen('^firewall warn chain FORWARD: of table filter \\(iptables-legacy, IPv4\\) drops'),
            seen('^firewall warn iptables rules: in both backends'),
          ]
        : []),
      seen('^firewall warn Docker: is here \\(DOCKER-USER, docker0\\)'),
      seen('^firewall warn ufw: is here'),
      seen('^firewall warn firewalld: is here'),
      seen('^firewall ok NetworkManager: is here'),
      seen('^firewall ok IPv4 forwarding: on'),
      seen('^firewall warn rp_filter: strict on .*enp1s0'),
      seen('^host fail names of netns: cannot be made: /run/netns cannot be written'),
      seen('^host warn leftovers: /run/netns/half is no netns.* → .*: ip netns delete half'),
    ]),
  )
  await sh(world, 'mount -o remount,bind,rw /run/netns; ip netns delete half; umount /proc/sys; ip link delete docker0')
  expect(await doctor(world)).toEqual(
    expect.arrayContaining([
      'exit 0',
      seen('ok /proc/sys: can'),
      seen('ok names of netns'),
      seen('ok leftovers: none'),
    ]),
  )
})

test('a program that is missing or of BusyBox fails, with what installs it; without setpriv only that is told', async () => {
  const world = await sandboxed()
  await without(world, 'nft', 'flock', 'sysctl')
  await sh(
    world,
    'd=/run/nsnet/own/programs; mkdir $d; echo "#!/bin/sh\necho BusyBox v1.36 >&2; exit 1" > $d/sysctl; chmod +x $d/sysctl',
  )
  const lines = await doctor(world, [`PATH=/run/nsnet/own/programs:${process.env['PATH']}`])
  expect(lines).toEqual(
    expect.arrayContaining([
      'exit 1',
      seen('^tools fail nft: not found in PATH → install it: .*nftables'),
      seen('^tools fail sysctl: is of BusyBox.* → install it: .*procps'),
      seen('^kernel fail nftables: not tried: no program nft'),
      seen('^state fail .*flock'),
    ]),
  )
  const other = await sandboxed()
  await without(other, 'setpriv', 'ping')
  const argv = [...other.enter, process.execPath, 'dist/nsnet.js', 'doctor', '--json']
  const { stdout, status } = spawnSync(argv[0]!, argv.slice(1), { encoding: 'utf8' })
  expect(linesOf({ stdout, exitCode: status ?? -1 })).toEqual([
    'exit 1',
    seen('^tools ok node'),
    seen('^tools fail ping: not found'),
    seen('^tools fail setpriv: not found'),
  ])
})

const command = [process.execPath, 'dist/nsnet.js']
const state = ['--state-dir', '/run/nsnet/own/state']

test('without capabilities the doctor fails, and what is refused for it leads to the doctor', async () => {
  const { exec } = await sandboxed()
  const stripped = (...args: readonly string[]): Promise<Output> =>
    exec({ argv: ['setpriv', '--bounding-set=-all', '--inh-caps=-all', ...command, ...args] })
  expect(linesOf(await stripped('doctor', '--json', ...state))).toEqual(
    expect.arrayContaining([
      'exit 1',
      seen('^kernel warn features: not tried'),
      seen('^privileges fail capabilities: root lacks CAP_NET_ADMIN and CAP_SYS_ADMIN'),
      seen('^privileges fail sandbox: cannot be made: unshare failed: Operation not permitted'),
      seen('^firewall warn rules: may not be looked at'),
    ]),
  )
  expect(await stripped('run', 'workflows/two-namespaces.json', ...state)).toMatchObject({
    exitCode: 77,
    stderr: expect.stringMatching(/got root without them.*\n {2}start the .*\n {2}what this .*: nsnet doctor\n$/),
  })
  expect(await stripped('sandbox', '--', 'true')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/cannot make the sandbox: .*\n( {2}.*\n)+ {2}what this .*: nsnet doctor\n$/),
  })
})

test('without namespaces to be had the doctor names the limit; an ordinary user is told what works', async () => {
  const { exec } = await sandboxed()
  // limits of a user namespace of its own: its netns, that of the doctor, and none for the feature
  const closed = ['unshare', '--user', '--map-root-user', '--net', '--mount', '--pid', '--fork', '--mount-proc', 'sh']
  const limited = `sysctl -q -w user.max_user_namespaces=0 user.max_net_namespaces=2; exec "$@"`
  const argv = [...closed, '-ec', limited, 'sh', ...command, 'doctor', '--json', ...state]
  expect(linesOf(await exec({ argv }))).toEqual(
    expect.arrayContaining([
      'exit 1',
      seen('^kernel ok veth: works'),
      seen('^kernel fail netns: does not work: .*No space left on device'),
      seen('^privileges warn user namespaces: .*No space left on device → .*sysctl -w user.max_user_namespaces'),
    ]),
  )
  const user = isRoot ? ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'] : ['env']
  const args = [
    ...user.slice(1),
    process.execPath,
    'dist/nsnet.js',
    'doctor',
    '--json',
    '--state-dir',
    join(dir, 'state'),
  ]
  const { stdout, status } = spawnSync(user[0]!, args, { encoding: 'utf8' })
  expect(linesOf({ stdout, exitCode: status ?? -1 })).toEqual(
    expect.arrayContaining([
      seen('^privileges warn capabilities: an ordinary user lacks .*; only --sandbox works → .*sudo nsnet doctor'),
      seen('^privileges ok sandbox'),
      seen('^kernel ok netns: works'),
      seen('^firewall warn rules: may not be looked at'),
    ]),
  )
})

test('a clock that is wrong, and a state directory that is full or read-only, are told', async () => {
  const world = await sandboxed()
  const clock = async (now: string): Promise<string | undefined> => {
    const env = [`NODE_OPTIONS=--import=data:text/javascript,Date.now=()=>${encodeURIComponent(now)}`]
    return (await doctor(world, env)).find((line) => line.startsWith('host') && line.includes(' clock: '))
  }
  expect(await clock('1e9')).toMatch(/^host fail clock: says 1970-01-12 13:46:40, which is long ago → set it: /)
  expect(await clock('1.8e12+100*performance.now()')).toMatch(/^host warn clock: was moved while the doctor looked/)

  await sh(
    world,
    `cd /run/nsnet/own; mkdir full read
     mount -t tmpfs -o size=64k,mode=700 full full; mkdir -m 700 full/runs full/locks
     mount -t tmpfs -o mode=700 read read; mkdir -m 700 read/runs read/locks; mount -o remount,bind,ro read`,
  )
  const full = await doctor(world, [], '--state-dir', '/run/nsnet/own/full')
  expect(full).toEqual(expect.arrayContaining(['exit 1', seen('^state fail space: \\d+ KiB free → make room in')]))
  const readOnly = await doctor(world, [], '--state-dir', '/run/nsnet/own/read')
  expect(readOnly).toEqual(
    expect.arrayContaining(['exit 1', seen('^state fail directory: .* cannot be written: EROFS')]),
  )
})

test('what the kernel says that lacks something leads to the doctor, other failures do not', async () => {
  const { exec } = await sandboxed()
  const hintOf = async (...argv: readonly string[]): Promise<string | undefined> =>
    failureOfCommand('', { argv }, await exec({ argv })).hint
  expect(await hintOf('ip', 'link', 'add', 'x', 'type', 'nosuchkind')).toMatch(/: nsnet doctor$/)
  expect(await hintOf('tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'nosuchkind')).toMatch(/: nsnet doctor$/)
  expect(await hintOf('ip', 'link', 'set', 'dev', 'nosuchlink', 'up')).toBeUndefined()
})
