import { expect, test } from 'vitest'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { ranOne, workspace, type StepText } from '../support/runs.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const { fileOf } = workspace()

const step = (id: string, uses: string, input: unknown): StepText => ({ id, uses, with: input })

async function doing({ sh }: Sandboxed, ...lines: readonly string[]): Promise<void> {
  for (const line of lines) await sh(line)
}

/** A link of somebody, down, that has been up before: the first time leaves a queueing discipline for good. */
const theirLink = [
  'ip link add name p0 address 02:00:00:00:00:01 type veth peer name p1 address 02:00:00:00:00:02',
  'ip link set dev p1 addrgenmode none',
  'ip link set dev p1 up',
  'ip link set dev p0 up',
  'ip link set dev p0 down',
]

test('what others put there between run and undo stays, and nothing of ours beside it', async () => {
  const world = await sandboxed()
  await doing(world, ...theirLink)
  const others: readonly (readonly [string, string])[] = [
    ['ip address add 10.7.0.9/24 dev enp1s0', 'ip address delete 10.7.0.9/24 dev enp1s0'],
    ['ip address add 2001:db8:7::1/64 dev p0 nodad', 'ip address delete 2001:db8:7::1/64 dev p0'],
    ['ip route add 10.9.0.0/16 via 198.51.100.1 metric 9', 'ip route delete 10.9.0.0/16 metric 9'],
    ['iptables-nft -I FORWARD -i above -j ACCEPT', 'iptables-nft -D FORWARD -i above -j ACCEPT'],
    ['iptables-nft -A FORWARD -i below -j ACCEPT', 'iptables-nft -D FORWARD -i below -j ACCEPT'],
    ['nft add table inet theirs', 'nft delete table inet theirs'],
    ['sysctl -q -w net.ipv4.conf.p1.rp_filter=2', 'sysctl -q -w net.ipv4.conf.p1.rp_filter=0'],
  ]
  await doing(world, ...others.map(([add]) => add))
  const theirs = await fingerprint(world.exec)
  await doing(world, ...others.map(([, remove]) => remove), 'nft delete table ip filter')

  const steps = [
    step('address', 'addr', { link: 'enp1s0', address: '10.7.0.1/24' }),
    step('up', 'link', { link: 'p0', state: 'up' }),
    step('route', 'route', { to: '10.9.0.0/16', via: '198.51.100.1' }),
    step('rule', 'iptables', { chain: 'FORWARD', rule: '-i enp1s0 -j ACCEPT' }),
    step('table', 'nftables', { ruleset: 'table inet lab { chain c { } }' }),
    step('forward', 'sysctl', { key: 'net.ipv4.ip_forward', value: 1 }),
  ]
  await ranOne(world, fileOf('beside', ...steps))
  await doing(world, ...others.map(([add]) => add))
  const ours = (await world.sh('iptables-nft -S FORWARD')).split('\n').find((line) => line.includes('nsnet:'))!
  await doing(world, ours.replace('-A', 'iptables-nft -D').replaceAll('"', ''))
  await doing(world, ours.replace('-A', 'iptables-nft -I').replaceAll('"', ''))
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(theirs)
})

test('prior values of every kind come back literally', async () => {
  const world = await sandboxed()
  await doing(
    world,
    ...theirLink,
    'ip link set dev p0 up',
    'ip address add 10.6.0.1/24 dev p0',
    'ip address add 10.6.0.9/24 dev p0',
    'ip address add 2001:db8:6::1/64 dev p0 nodad',
    'sysctl -q -w net.ipv6.conf.p0.hop_limit=33',
    'ip route add 10.9.0.0/16 via 10.6.0.2 dev p0 metric 7 proto static src 10.6.0.9 mtu lock 1400 advmss 1300',
    'ip -6 route add 2001:db8:9::/48 via 2001:db8:6::2 dev p0 metric 7',
    'sysctl -q -w net.ipv4.conf.p1.rp_filter=2',
    'sysctl -q -w net.ipv4.conf.enp1s0.forwarding=1',
    'ip link add name br0 address 02:00:00:00:00:99 type bridge',
  )
  const before = await fingerprint(world.exec)
  const steps = [
    step('buffers', 'sysctl', { key: 'net.ipv4.tcp_rmem', value: '4096 131072 6000000' }),
    step('default', 'sysctl', { key: 'net.ipv4.conf.default.rp_filter', value: 1 }),
    step('forward', 'sysctl', { key: 'net.ipv4.ip_forward', value: 1 }),
    step('no-ipv6', 'sysctl', { key: 'net.ipv6.conf.enp1s0.disable_ipv6', value: 1 }),
    step('route', 'route', { to: '10.9.0.0/16', via: '10.6.0.3', metric: 7, replace: true }),
    step('small', 'link', { link: 'p0', mtu: 1000 }),
    step('down', 'link', { link: 'p0', state: 'down', alias: 'ours' }),
    step('port', 'link', { link: 'p1', master: 'br0' }),
    step('policy', 'iptables', { chain: 'FORWARD', policy: 'DROP' }),
    step('mark', 'iptables', { table: 'mangle', chain: 'PREROUTING', rule: '-i p0 -j MARK --set-mark 7' }),
    step('ipv6', 'iptables', { family: 'ipv6', chain: 'INPUT', rule: '-i p0 -j DROP' }),
  ]
  await ranOne(world, fileOf('prior', ...steps))
  expect(await fingerprint(world.exec)).not.toEqual(before)
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
  expect(comparable(await fingerprint(world.exec))).toEqual(comparable(before))
})

/** A bridge keeps the capability `tso_max_size` of a port that it had; IPv6 routes are listed as they came. */
const comparable = (all: unknown): unknown =>
  JSON.parse(
    JSON.stringify(all, (key, value: unknown) => {
      if (key === 'tso_max_size') return undefined
      return key.startsWith('routes') && Array.isArray(value) ? value.map(String).toSorted() : value
    }),
  )

test('a step that cannot be undone does not stop the others; undo again goes on, and then nothing is left', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const steps = [
    step('blue', 'netns', { netns: 'blue' }),
    step('lifetime', 'sysctl', { key: 'net.ipv4.ip_default_ttl', value: 70 }),
    step('table', 'nftables', { ruleset: 'table inet lab { chain c { } }' }),
  ]
  await ranOne(world, fileOf('stuck', ...steps))
  const file = '/proc/sys/net/ipv4/ip_default_ttl'
  await doing(world, `mount --bind ${file} ${file}`, `mount -o remount,bind,ro ${file}`)
  const first = await world.nsnet('undo')
  expect(first).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/undo failed +lifetime[^]*undone +blue/) })
  expect(first.stdout).toMatch(/nsnet undo \w+/)
  await world.sh(`umount ${file}`)
  const second = await world.nsnet('undo')
  expect(second).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/undone +lifetime/) })
  expect(second.stderr).not.toContain('blue')
  const third = await world.nsnet('undo')
  expect(third).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/^run \w+ is undone already\n$/) })
  expect(await fingerprint(world.exec)).toEqual(before)
})

test('what is gone already counts as undone', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const steps = [
    step('blue', 'netns', { netns: 'blue' }),
    step('cable', 'veth', { name: 'wan', peer: { name: 'lan', netns: 'blue' } }),
    step('address', 'addr', { netns: 'blue', link: 'lan', address: '10.0.0.2/24' }),
    step('up', 'link', { link: 'wan', state: 'up' }),
    step('route', 'route', { to: '10.9.0.0/16', via: '198.51.100.1' }),
    step('rule', 'iptables', { chain: 'FORWARD', rule: '-i wan -j ACCEPT' }),
    step('table', 'nftables', { ruleset: 'table inet lab { chain c { } }' }),
  ]
  await ranOne(world, fileOf('gone', ...steps))
  await doing(
    world,
    'ip netns delete blue',
    'ip route delete 10.9.0.0/16',
    'nft delete table inet lab',
    'nft delete table ip filter',
  )
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0, stderr: expect.not.stringMatching(/kept|failed/) })
  expect(await fingerprint(world.exec)).toEqual(before)
})
