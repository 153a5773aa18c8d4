import { expect, test } from 'vitest'
import { fingerprint } from '../../core/fingerprint.ts'
import route from '../../plugins/route.ts'
import { conforms, on } from '../support/conforms.ts'
import { given } from '../support/given.ts'
import { privateKernel, type Kernel } from '../support/kernel.ts'

const uplink = { to: 'default', via: '10.0.0.1' }
const foreign = ['unicast', 'default', 'via', '10.0.0.9', 'dev', 'lan', 'table', '254', 'proto', '16', 'scope', '0']
const old = 'unicast default via 10.0.0.9 dev lan table 254 proto 16 scope 0'

test('adds a default route, and removes no other than this one', () =>
  given(route, { ...uplink, netns: 'ns1' })
    .seeing({ slot: [] })
    .plans({
      apply: ['ip -n ns1 route add default via 10.0.0.1'],
      undo: ['ip -n ns1 route delete default via 10.0.0.1 metric 0 proto boot'],
    }))

test('writes every attribute', () =>
  given(route, { to: '2001:DB8::/64', via: 'FE80::1', dev: 'lan', src: 'fd00:0::1', metric: 7, table: 9, onlink: true })
    .seeing({ slot: [] })
    .plans({
      apply: ['ip -6 route add 2001:db8::/64 via fe80::1 dev lan table 9 src fd00::1 metric 7 onlink'],
      undo: ['ip -6 route delete 2001:db8::/64 via fe80::1 dev lan table 9 src fd00::1 metric 7 onlink proto boot'],
    }))

test('gives an IPv4 route an IPv6 gateway', () =>
  given(route, { to: '10.9.9.9/32', via: 'fd00::1', dev: 'lan' })
    .seeing({ slot: [] })
    .plans({
      apply: ['ip -4 route add 10.9.9.9 via inet6 fd00::1 dev lan'],
      undo: ['ip -4 route delete 10.9.9.9 via inet6 fd00::1 dev lan metric 0 proto boot'],
    }))

test('puts the route in the place of another one, and that one back as it was', () =>
  given(route, { ...uplink, replace: true })
    .seeing({ slot: [foreign] })
    .plans({ apply: ['ip route replace default via 10.0.0.1'], undo: [`ip route replace ${old}`] }))

test('conflicts with the route that is in its place', () => {
  const seen = given(route, uplink).seeing({ slot: [foreign] })
  seen.conflicts(`the place of the route to default in the host is taken by "${old}"`)
  expect(route.plan(given(route, uplink).input, { slot: [foreign] }, { run: '', step: '' } as never)).toMatchObject({
    hint: 'add "replace": true, or give the route another "metric" than 0',
  })
})

test('is satisfied with a route that does what is asked for, whatever else it sets', () =>
  given(route, { ...uplink, via: '10.0.0.9', replace: true })
    .seeing({ slot: [[...foreign, 'mtu', '1400']] })
    .isSatisfied())

test('does not replace a route that expires, or one of several', () => {
  const replacing = given(route, { ...uplink, replace: true })
  replacing.seeing({ slot: [[...foreign, 'expires', '30sec']] }).conflicts('because it expires by itself')
  replacing.seeing({ slot: [foreign, foreign] }).conflicts('because it shares its slot')
})

test('reads the slot out of a listing, without the state of links', () => {
  const listing = [
    '1 default via 10.0.0.9 dev lan table 254 proto 16 scope 0 linkdown ',
    '1 default via 10.0.0.8 dev lan table 254 proto 16 scope 0 metric 5 ',
    '1 default via 10.0.0.7 dev lan table 77 proto 16 scope 0 ',
    '1 10.7.0.0/16 table 254 proto 3 scope 0 \n\tnexthop via 10.0.0.3 dev lan weight 1 \n\tnexthop via 10.0.0.4 dev lan weight 2 dead ',
    '7 10.8.0.0/16 table 254 proto 3 scope 0 ',
    '1 10.6.0.0/16 nhid 5 via 10.0.0.3 dev lan table 254 proto 3 scope 0 \n\tnh_info id 5 via 10.0.0.9 dev lan scope 253 proto 0 ',
  ].join('\n')
  const slotOf = (to: string) =>
    given(route, { ...uplink, to })
      .observes(listing)
      .slot.map((each) => each.join(' '))
  expect(slotOf('0.0.0.0/0')).toEqual([old])
  expect(slotOf('10.7.0.0/16')).toEqual([
    'unicast 10.7.0.0/16 table 254 proto 3 scope 0 nexthop via 10.0.0.3 dev lan weight 1 nexthop via 10.0.0.4 dev lan weight 2',
  ])
  expect(slotOf('10.8.0.0/16')).toEqual(['unreachable 10.8.0.0/16 table 254 proto 3 scope 0'])
  expect(slotOf('10.6.0.0/16')).toEqual(['unicast 10.6.0.0/16 nhid 5 table 254 proto 3 scope 0'])
})

test.each([
  [{ to: 'default' }, 'a gateway in'],
  [{ to: '10.0.0.1/8', dev: 'lan' }, 'default'],
  [{ to: '10.0.0.0/8', via: 'fd00::1', family: 'ipv6' }, 'as in'],
  [{ to: 'fd00::/8', via: '10.0.0.1' }, 'an IPv6 gateway'],
  [{ to: 'fd00::/8', via: 'fe80::1' }, 'link-local'],
  [{ ...uplink, src: 'fd00::1', family: 'ipv4' }, 'an ipv4 address'],
  [{ ...uplink, onlink: true }, 'needs one'],
  [{ ...uplink, type: 'blackhole' }, 'leads nowhere'],
  [{ ...uplink, table: 0 }, 'number of a routing table'],
  [{ ...uplink, table: '-x' }, 'number of a routing table'],
])('refuses %j', (input, message) => expect(() => given(route, input)).toThrow(message))

test.each([
  uplink,
  { ...uplink, netns: 'ns1' },
  { ...uplink, dev: 'lan', src: '10.0.0.2', metric: 50, table: 'local' },
  { ...uplink, via: '10.77.0.1', dev: 'lan', onlink: true },
  { to: '192.0.2.7', dev: 'lan', netns: 'ns1', table: 100 },
  { to: '192.0.2.0/24', via: 'fd00::1', dev: 'lan' },
  { to: '198.51.100.0/24', type: 'blackhole' },
  { to: '198.51.100.0/24', type: 'unreachable', metric: 9 },
  { to: 'default', family: 'ipv6', dev: 'lan' },
  { to: 'default', via: 'fd00::1', netns: 'ns1' },
  { to: '2001:db8::/64', via: 'fe80::1', dev: 'lan', metric: 5 },
  { to: '2001:db8::5/128', via: 'fd00::1', src: 'fd00::2', table: 100 },
  { to: '2001:db8::/64', type: 'prohibit' },
  { to: '2001:db8::/64', type: 'blackhole', netns: 'ns1' },
])('adds and removes %j in the kernel', async (input) => conforms(await lan(), route, input))

test.each([
  ['-4 route add default via 10.0.0.9 dev lan proto dhcp src 10.0.0.2 mtu lock 1400 advmss 1300 onlink', uplink],
  ['-4 route add default scope link dev lan initcwnd 10 quickack 1', uplink],
  ['-4 route add default nexthop via 10.0.0.8 dev lan weight 2 nexthop via 10.0.0.9 dev lan', uplink],
  ['-4 route add prohibit default metric 7', { ...uplink, metric: 7 }],
  ['-4 route add default via inet6 fd00::9 dev lan rto_min 5ms', uplink],
  [
    '-6 route add default via fd00::9 dev lan proto static hoplimit 9 mtu 1300 pref high',
    { to: '::/0', via: 'fd00::1' },
  ],
  ['-6 route add unreachable default', { to: 'default', via: 'fd00::1' }],
  ['-6 route add fd09::/64 dev lan table 5', { to: 'fd09::/64', via: 'fd00::1', table: 5 }],
  ['-6 route add fd09::/64 nexthop via fd00::8 nexthop via fd00::9', { to: 'fd09::/64', via: 'fd00::1' }],
  ['-6 route add fd09::/64 nexthop via fd00::8 nexthop via fd00::9', { to: 'fd09::/64', type: 'blackhole' }],
])('replaces what "ip %s" made, and brings it back', async (line, input) => {
  const kernel = await lan()
  for (const netns of ['', '-n ns1 ']) await kernel.sh(`ip ${netns}${line}`)
  await conforms(kernel, route, { ...input, replace: true })
  await conforms(kernel, route, { ...input, replace: true, netns: 'ns1' })
  expect((await on(kernel, route, input).plan()).conflict).toMatch('is taken by')
})

test('brings back a route over a nexthop object', async () => {
  const kernel = await lan()
  await kernel.sh('ip nexthop add id 5 via 10.0.0.9 dev lan')
  await kernel.sh('ip route add default nhid 5')
  await conforms(kernel, route, { ...uplink, replace: true })
})

test('removes its own route next to those of others', async () => {
  const kernel = await lan()
  await kernel.sh('ip route add default via 10.0.0.1 metric 5 proto dhcp')
  await kernel.sh('ip route add default via 10.0.0.1 table 9')
  await conforms(kernel, route, { ...uplink, metric: 7 })
  await conforms(kernel, route, uplink)
})

test('leaves alone what somebody put in the place of its route', async () => {
  const kernel = await lan()
  const it = on(kernel, route, uplink)
  const before = await it.apply()
  await kernel.sh('ip route replace default via 10.0.0.9 mtu 1300')
  const theirs = await fingerprint(kernel.exec)
  await it.undo(before)
  expect(await fingerprint(kernel.exec)).toEqual(theirs)
})

test('is satisfied in the kernel with a route that was there, and leaves it there', async () => {
  const kernel = await lan()
  await kernel.sh('ip route add default via 10.0.0.1 dev lan mtu 1400 proto dhcp')
  const theirs = await fingerprint(kernel.exec)
  const it = on(kernel, route, { ...uplink, dev: 'lan' })
  await it.undo(await it.apply())
  expect(await fingerprint(kernel.exec)).toEqual(theirs)
})

test('finds a table by its name', async () => {
  const kernel = await lan()
  const tables = '100 blue\n254 main\n255 local\n'
  await kernel.sh('mount -t tmpfs tmpfs /etc')
  await kernel.sh('mkdir /etc/iproute2')
  await kernel.exec({ argv: ['tee', '/etc/iproute2/rt_tables'], stdin: tables })
  await conforms(kernel, route, { ...uplink, table: 'blue' })
  await conforms(kernel, route, { ...uplink, table: 100 })
})

/** A kernel with a link in the host and in ns1, up, with addresses of both families. */
async function lan(): Promise<Kernel> {
  const kernel = await privateKernel()
  await kernel.sh('ip netns add ns1')
  for (const netns of ['', '-n ns1 ']) {
    await kernel.sh(`ip ${netns}link add name lan address 02:00:00:00:00:01 type veth peer name far`)
    for (const end of ['lan', 'far']) {
      await kernel.sh(`ip ${netns}link set dev ${end} addrgenmode none`)
      await kernel.sh(`ip ${netns}link set dev ${end} up`)
    }
    await kernel.sh(`ip ${netns}address add 10.0.0.2/24 dev lan`)
    await kernel.sh(`ip ${netns}address add fd00::2/64 dev lan nodad`)
  }
  return kernel
}
