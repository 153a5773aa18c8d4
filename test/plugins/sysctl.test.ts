import { expect, test } from 'vitest'
import { fingerprint } from '../../core/fingerprint.ts'
import sysctl from '../../plugins/sysctl.ts'
import { conforms, on } from '../support/conforms.ts'
import { context, given } from '../support/given.ts'
import { privateKernel, type Kernel } from '../support/kernel.ts'

const forward = { key: 'net.ipv4.ip_forward', value: 1 }
const off = {
  value: '0',
  fault: null,
  near: [],
  exceptions: {},
  links: ['lo'],
  linkLocals: [],
  addresses: [],
  routes: [],
}

test('sets a parameter and writes the old text back', () =>
  given(sysctl, { ...forward, netns: 'ns1' })
    .seeing(off)
    .plans({
      apply: ['ip netns exec ns1 sysctl -q -w net/ipv4/ip_forward=1'],
      undo: ['ip netns exec ns1 sysctl -e -q -w net/ipv4/ip_forward=0'],
    }))

test('writes back what the kernel rewrote for single links', () =>
  given(sysctl, forward)
    .seeing({ ...off, exceptions: { 'net/ipv4/conf/lo/forwarding': '1' } })
    .plans({
      apply: ['sysctl -q -w net/ipv4/ip_forward=1'],
      undo: ['sysctl -e -q -w net/ipv4/ip_forward=0 net/ipv4/conf/lo/forwarding=1'],
    }))

test('does not believe a look during which somebody else changed the parameter', () => {
  const itself = '/proc/sys/net/ipv4/ip_forward'
  const besides = (last: number) => `${itself}:0\n/proc/sys/net/ipv4/conf/lo/forwarding:1\n${itself}:${last}\n`
  const seen = (last: number) =>
    given(sysctl, forward).observes('net.ipv4.ip_forward = 0\n', 'f 644 ip_forward w\n', besides(last))
  given(sysctl, forward).seeing(seen(1)).conflicts('is just being changed by somebody else')
  expect(sysctl.plan(given(sysctl, forward).input, seen(1), context)).toMatchObject({ passing: true })
  expect(sysctl.plan(given(sysctl, forward).input, seen(0), context).conflict).toBeUndefined()
})

test('takes white space for one space', () =>
  given(sysctl, { key: 'net.ipv4.tcp_rmem', value: ' 4096  131072 6291456' })
    .seeing({ ...off, value: '4096\t131072\t6291456' })
    .isSatisfied())

test.each([
  ['net.ipv4.conf.eth0/100.rp_filter', 'net/ipv4/conf/eth0.100/rp_filter'],
  ['net/ipv4/conf/eth0.100/rp_filter', 'net/ipv4/conf/eth0.100/rp_filter'],
])('reads the key %s', (key, slashed) => expect(given(sysctl, { key, value: 1 }).input.key).toBe(slashed))

test.each(['vm.swappiness', 'net', 'net..x', 'net/../vm/x', 'net.a b', 'net.a\n', '-net.a', 'net.a=b'])(
  'refuses the key %j',
  (key) => expect(() => given(sysctl, { key, value: 1 })).toThrow('expected a sysctl below'),
)

test('refuses a value of several lines', () =>
  expect(() => given(sysctl, { ...forward, value: '1\n2' })).toThrow('without control characters'))

test('refuses the mode that makes a secret for good', () =>
  expect(() => given(sysctl, { key: 'net.ipv6.conf.all.addr_gen_mode', value: 3 })).toThrow('stable_secret'))

test('says what is called alike when there is no such parameter', async () => {
  const kernel = await privateKernel()
  const plan = await on(kernel, sysctl, { key: 'net.ipv4.ip_foward', value: 1 }).plan()
  expect(plan.conflict).toBe('sysctl net.ipv4.ip_foward does not exist in the host')
  expect(plan).toMatchObject({ hint: expect.stringContaining('"ip_forward"') })
})

test.each([
  ['net.ipv4.conf.eth7.rp_filter', 'does not exist'],
  ['net.ipv4.conf', 'is a group of parameters'],
  ['net.ipv4.route.flush', 'cannot be read'],
  ['net.ipv6.conf.default.stable_secret', 'cannot be read'],
  ['net.ipv4.tcp_available_congestion_control', 'can only be read'],
  ['net.ipv4.ip_forw*', 'does not exist'],
])('conflicts over %s', async (key, message) =>
  expect((await on(await privateKernel(), sysctl, { key, value: 'x' }).plan()).conflict).toMatch(message),
)

test.each([
  forward,
  { ...forward, netns: 'ns1' },
  { key: 'net/ipv4/conf/all/forwarding', value: 1 },
  { key: 'net.ipv4.conf.eth9.forwarding', value: 0 },
  { key: 'net.ipv4.conf.default.forwarding', value: 1 },
  { key: 'net.ipv4.conf.all.accept_redirects', value: 1 },
  { key: 'net.ipv4.conf.default.rp_filter', value: 1, netns: 'ns1' },
  { key: 'net.ipv4.conf.default.promote_secondaries', value: 1 },
  { key: 'net.ipv4.conf.a/b.rp_filter', value: 2 },
  { key: 'net.ipv4.ip_local_port_range', value: '20000 30000' },
  { key: 'net.ipv4.ip_local_reserved_ports', value: '7,9', netns: 'ns1' },
  { key: 'net.ipv4.tcp_rmem', value: '4096 131072 6291456' },
  { key: 'net.ipv4.tcp_congestion_control', value: 'reno' },
  { key: 'net.ipv6.conf.all.forwarding', value: 1, netns: 'ns1' },
  { key: 'net.ipv6.conf.eth9.forwarding', value: 0 },
  { key: 'net.ipv6.conf.all.disable_ipv6', value: 1 },
  { key: 'net.ipv6.conf.all.disable_ipv6', value: 1, netns: 'ns1' },
  { key: 'net.ipv6.conf.eth9.disable_ipv6', value: 1 },
  { key: 'net.ipv6.conf.lo.disable_ipv6', value: 1 },
  { key: 'net.ipv6.conf.all.ignore_routes_with_linkdown', value: 1 },
  { key: 'net.ipv6.conf.default.hop_limit', value: 9 },
  { key: 'net.ipv4.neigh.eth9.base_reachable_time', value: 60 },
  { key: 'net.mptcp.pm_type', value: 1 },
])('sets %j in the kernel, and restores it exactly', async (input) => conforms(await deviating(), sysctl, input))

test.each(['all', 'eth9'])(
  'takes away the link-local addresses that the kernel makes of %s/addr_gen_mode',
  async (name) => {
    const kernel = await deviating()
    await kernel.sh(`sysctl -q -w net/ipv6/conf/all/addr_gen_mode=1`)
    for (const link of ['eth9', 'a.b']) {
      await kernel.sh(`ip link set dev ${link} down`)
      await kernel.sh(`ip link set dev ${link} up`)
    }
    await conforms(kernel, sysctl, { key: `net/ipv6/conf/${name}/addr_gen_mode`, value: 0 })
  },
)

test('keeps IPv6 off where it was, and on where it was', async () => {
  const kernel = await deviating()
  await kernel.sh('sysctl -q -w net/ipv6/conf/a.b/disable_ipv6=1')
  await kernel.sh('ip -6 route del 2001:db8:6::/64')
  await conforms(kernel, sysctl, { key: 'net.ipv6.conf.all.disable_ipv6', value: 1 })
  const other = await deviating()
  await other.sh('sysctl -q -w net/ipv6/conf/all/disable_ipv6=1')
  await other.sh('sysctl -q -w net/ipv6/conf/eth9/disable_ipv6=0')
  await other.sh('ip address add 2001:db8::2/64 dev eth9 nodad')
  await conforms(other, sysctl, { key: 'net.ipv6.conf.all.disable_ipv6', value: 0 })
})

test('restores a link that got an address meanwhile', async () => {
  const kernel = await deviating()
  const it = on(kernel, sysctl, { key: 'net.ipv4.conf.default.rp_filter', value: 1 })
  const fingerprintBefore = await fingerprint(kernel.exec)
  const before = await it.apply()
  await kernel.sh('ip address add 10.3.0.1/24 dev a.b')
  await kernel.sh('ip address del 10.3.0.1/24 dev a.b')
  await it.undo(before)
  expect(await fingerprint(kernel.exec)).toEqual(fingerprintBefore)
})

test('is not disturbed by links that come and go meanwhile', async () => {
  const kernel = await deviating()
  const it = on(kernel, sysctl, forward)
  const before = await it.apply()
  await kernel.sh('ip link add name new type veth peer name newer')
  await kernel.sh('ip link del dev eth9')
  await it.undo(before)
  expect(await kernel.sh('sysctl -n net/ipv4/conf/new/forwarding net/ipv4/conf/lo/forwarding')).toBe('0\n0\n')
})

test('leaves alone what somebody set for a link since', async () => {
  const kernel = await deviating()
  const it = on(kernel, sysctl, { key: 'net.ipv4.conf.default.rp_filter', value: 1 })
  const before = await it.apply()
  await kernel.sh('sysctl -q -w net/ipv4/conf/a.b/rp_filter=2')
  await it.undo(before)
  expect(await kernel.sh('sysctl -n net/ipv4/conf/a.b/rp_filter net/ipv4/conf/default/rp_filter')).toBe('2\n0\n')
})

test('goes on with an undo that was cut off after its first parameter', async () => {
  const kernel = await deviating()
  const fingerprintBefore = await fingerprint(kernel.exec)
  const it = on(kernel, sysctl, forward)
  const before = await it.apply()
  await kernel.sh('sysctl -q -w net/ipv4/ip_forward=0')
  await it.undo(before)
  expect(await fingerprint(kernel.exec)).toEqual(fingerprintBefore)
})

test('has nothing to take back in a netns that is gone', () =>
  expect(sysctl.undo!(given(sysctl, forward).input, off, { ...off, value: null }, context)).toEqual([]))

/** A kernel whose host and ns1 have links with parameters, IPv6 addresses and routes of their own. */
async function deviating(): Promise<Kernel> {
  const kernel = await privateKernel()
  await kernel.sh('ip netns add ns1')
  for (const netns of ['', '-n ns1 ']) {
    const inside = netns === '' ? '' : 'ip netns exec ns1 '
    await kernel.sh(`ip ${netns}link set dev lo up`)
    await kernel.sh(`ip ${netns}link add name eth9 type veth peer name a.b`)
    for (const link of ['eth9', 'a.b']) {
      await kernel.sh(`${inside}sysctl -q -w net/ipv6/conf/${link}/accept_dad=0`)
      await kernel.sh(`ip ${netns}link set dev ${link} up`)
    }
    const own = ['ipv4/conf/eth9/forwarding=1', 'ipv6/conf/eth9/forwarding=1', 'ipv4/conf/eth9/rp_filter=2']
    const more = ['ipv4/conf/all/accept_redirects=0', 'ipv4/neigh/eth9/base_reachable_time_ms=30500']
    for (const each of [...own, ...more]) await kernel.sh(`${inside}sysctl -q -w net/${each}`)
    for (const address of ['2001:db8::2/64', '2001:db8::3/64', 'fe80::77/64'])
      await kernel.sh(`ip ${netns}address add ${address} dev eth9 nodad`)
    await kernel.sh(`ip ${netns}address add 2001:db8:1::3/64 dev a.b nodad noprefixroute preferred_lft 0`)
    const gateways = 'nexthop via 2001:db8::1 dev eth9 nexthop via fe80::5 dev a.b'
    const routes = ['default via 2001:db8::1', 'blackhole 2001:db8:7::/64', '2001:db8:8::/64 dev eth9 table 77']
    for (const route of [...routes, `2001:db8:6::/64 ${gateways}`]) await kernel.sh(`ip ${netns}-6 route add ${route}`)
  }
  return kernel
}
