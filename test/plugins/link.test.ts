import { expect, test, vi } from 'vitest'
import { HOST_NETNS } from '../../core/command.ts'
import { fingerprint } from '../../core/fingerprint.ts'
import { nothing } from '../../plugins/lib/link-state.ts'
import link from '../../plugins/link.ts'
import { on } from '../support/conforms.ts'
import { context, given } from '../support/given.ts'
import { privateKernel, type Kernel } from '../support/kernel.ts'
import { kernelHas } from '../support/kinds.ts'

const lan = { ifindex: 2, kind: 'veth', up: true, mtu: 1500, mac: '02:00:00:00:00:01', alias: '', master: null }
const seen = { ...nothing, link: lan }
const bridge = { kind: 'bridge', mac: '02:00:00:00:00:09', mtu: 1500, otherMac: null, otherMtu: null }

test('sets several fields in one command, up last', () =>
  given(link, { link: 'lan', state: 'up', mtu: 1400, mac: '02:00:00:00:00:02', alias: 'to ns1' })
    .seeing({ ...seen, link: { ...lan, up: false } })
    .plans({
      apply: ["ip link set dev lan mtu 1400 address 02:00:00:00:00:02 alias 'to ns1' up"],
      undo: ['ip link set dev lan down', "ip link set dev lan mtu 1500 address 02:00:00:00:00:01 alias ''"],
    }))

test('puts back what setting a link down drops', () =>
  given(link, { link: 'lan', netns: 'ns1', state: 'down' })
    .seeing({
      ...seen,
      addresses: [['fd00::1/64', 'nodad']],
      routes: [
        ['-4', 'unicast', 'default', 'via', '10.0.0.2', 'dev', 'lan'],
        ['-4', 'unicast', '10.9.0.0/16', 'dev', 'lan'],
      ],
    })
    .plans({
      apply: ['ip -n ns1 link set dev lan down'],
      undo: [
        'ip -n ns1 link set dev lan up',
        'ip -n ns1 address replace fd00::1/64 nodad dev lan',
        'ip -n ns1 -4 route add unicast 10.9.0.0/16 dev lan',
        'ip -n ns1 -4 route add unicast default via 10.0.0.2 dev lan',
      ],
    }))

test('moves with the other fields in one command, and back to the host', () =>
  given(link, { link: 'lan', moveTo: 'ns1', state: 'up', mtu: 1400 })
    .seeing(seen)
    .plans({
      apply: ['ip link set dev lan netns ns1 mtu 1400 up'],
      undo: [`ip -n ns1 link set dev lan netns ${HOST_NETNS} mtu 1500 up`],
    }))

test('joins a bridge after the move', () =>
  given(link, { link: 'lan', netns: 'ns2', moveTo: 'ns1', master: 'br0', state: 'up' })
    .seeing({ ...seen, bridge })
    .plans({
      apply: ['ip -n ns2 link set dev lan netns ns1', 'ip -n ns1 link set dev lan master br0 up'],
      undo: ['ip -n ns1 link set dev lan netns ns2 up', 'ip -n ns1 link set dev br0 address 02:00:00:00:00:09'],
    }))

test('leaves the MTU of a bridge to its ports where it is not known what it was', () =>
  given(link, { link: 'lan', master: 'br0' })
    .seeing({ ...seen, bridge: { ...bridge, fixed: true, mtu: 0, otherMac: '', otherMtu: 0 } })
    .plans({ apply: ['ip link set dev lan master br0'], undo: ['ip link set dev lan nomaster'] }))

test('leaves the mac of a bridge to its other port', () =>
  given(link, { link: 'lan', master: 'br0' })
    .seeing({ ...seen, bridge: { ...bridge, otherMac: bridge.mac, otherMtu: 1500 } })
    .plans({ apply: ['ip link set dev lan master br0'], undo: ['ip link set dev lan nomaster'] }))

const upper = (name: string, lower: string, kind: string, bytes: number, ifindex = 9) => ({
  name,
  on: lower,
  ifindex,
  kind,
  mtu: bytes,
})

test('gives links on it the MTU back that the kernel lowers, but not those that others set since', () => {
  const stacked = [
    upper('vl', 'lan', 'vlan', 1500),
    upper('mv', 'vl', 'macvlan', 1450),
    upper('small', 'lan', 'macvlan', 1300),
    upper('iv', 'lan', 'ipvlan', 1300),
    upper('gone', 'lan', 'macvlan', 1500, 8),
  ]
  const small = given(link, { link: 'lan', mtu: 1400 })
  const all = ['lan mtu 1500', 'vl mtu 1500', 'mv mtu 1450', 'iv mtu 1300', 'gone mtu 1500']
  small
    .seeing({ ...seen, stacked })
    .plans({ apply: ['ip link set dev lan mtu 1400'], undo: all.map((it) => `ip link set dev ${it}`) })
  const now = [
    upper('vl', 'lan', 'vlan', 1200),
    upper('iv', 'lan', 'ipvlan', 1400),
    upper('gone', 'lan', 'macvlan', 1400),
  ]
  const undo = link.undo!(
    small.input,
    { ...seen, stacked },
    { ...seen, link: { ...lan, mtu: 1400 }, stacked: now },
    {
      ...context,
    },
  )
  expect(undo.map(({ argv }) => argv.slice(-3).join(' '))).toEqual(['lan mtu 1500', 'iv mtu 1300'])
})

test('is satisfied with a link that has been moved and fits', () =>
  given(link, { link: 'lan', moveTo: 'ns1', state: 'up' })
    .seeing({ ...seen, moved: true })
    .isSatisfied())

test('leaves alone what is not named', () =>
  given(link, { link: 'lan', mtu: 1500 })
    .seeing({ ...seen, link: { ...lan, up: false } })
    .isSatisfied())

test.each([
  [{ netns: 'ns1', mtu: 1400 }, { link: null }, 'link lan does not exist in netns ns1'],
  [{ master: 'br0' }, {}, 'bridge br0 does not exist in the host'],
  [{ master: 'br0' }, { bridge: { ...bridge, kind: 'vrf' } }, 'expected a bridge, got br0 of kind vrf'],
  [{ master: 'br0' }, { bridge, link: { ...lan, master: 'br1' } }, 'belongs to br1, expected br0 or none'],
  [{ moveTo: 'ns1' }, { obstacles: ['it belongs to br1'] }, 'cannot be moved to netns ns1: it belongs to br1'],
])('conflicts: %j with %j', (input, state, message) =>
  given(link, { link: 'lan', ...input })
    .seeing({ ...seen, ...state })
    .conflicts(message),
)

test.each([
  [{}, 'at least one change'],
  [{ alias: 'a\nb' }, 'control characters'],
  [{ alias: 'é'.repeat(128) }, 'less than 256 bytes'],
  [{ master: 'lan' }, 'another link'],
  [{ netns: 'ns1', moveTo: 'ns1' }, 'another netns'],
])('refuses %j', (input, message) => expect(() => given(link, { link: 'lan', ...input })).toThrow(message))

test('hints at names that are alike', async () => {
  const plan = await on(await lab(), link, { link: 'lam', mtu: 1400 }).plan()
  expect(plan).toEqual({ conflict: 'link lam does not exist in the host', hint: 'did you mean "lan"?' })
})

const changes = [
  { mtu: 1400 },
  { mac: '02:00:00:00:00:07' },
  { alias: 'it\'s "the" uplink; $(x)' },
  { state: 'down' },
  { state: 'down', mac: '02:00:00:00:00:07', mtu: 1300 },
  { mtu: 1000 },
  { mtu: 1000, state: 'down', alias: 'x' },
]

test.each(changes)('changes %j and back, with addresses and routes', async (change) => {
  const kernel = await lab()
  await busy(kernel, '')
  await thereAndBack(kernel, { link: 'lan', ...change })
})

test.each(changes)('changes %j and back in a netns', async (change) => {
  const kernel = await lab()
  await busy(kernel, '-n ns1 ')
  await thereAndBack(kernel, { link: 'lan', netns: 'ns1', ...change })
})

test('sets a link up and back, and its static IPv6 addresses stay', async () => {
  const kernel = await lab()
  await kernel.sh('ip link set dev lan down')
  await kernel.sh('ip address add fd00::1/64 dev lan')
  await thereAndBack(kernel, { link: 'lan', state: 'up' })
})

test('sets the loopback device up and back, without the addresses that come with it', async () => {
  const kernel = await lab()
  // a device that was never up has another qdisc, which does not come back
  for (const line of ['link set dev lo up', 'link set dev lo down', 'address delete 127.0.0.1/8 dev lo'])
    await kernel.sh(`ip -n ns1 ${line}`)
  await thereAndBack(kernel, { netns: 'ns1', link: 'lo', state: 'up' })
})

test('leaves the loopback address that was there before', async () => {
  const kernel = await lab()
  for (const state of ['up', 'down']) await kernel.sh(`ip -n ns1 link set dev lo ${state}`)
  await thereAndBack(kernel, { netns: 'ns1', link: 'lo', state: 'up' })
})

test.each(['$(x)', '-x', 'a;b', 'a.b*'])('changes a link named %s', async (name) => {
  const kernel = await lab(name)
  await busy(kernel, '', name)
  await thereAndBack(kernel, { link: name, mtu: 1000, state: 'down' })
})

test('puts back the sysctls that an MTU below 1280 drops', async () => {
  const kernel = await lab('a.b*')
  await kernel.sh('sysctl -w net/ipv6/conf/a.b*/accept_ra=0')
  await kernel.sh('sysctl -w net/ipv4/conf/a.b*/rp_filter=2')
  await thereAndBack(kernel, { link: 'a.b*', mtu: 600 })
})

test.skipIf(!kernelHas('macvlan'))('puts back the MTU of the links on it, which the kernel lowers', async () => {
  const kernel = await lab()
  for (const [name, bytes] of Object.entries({ m1: 1500, m2: 1450, m3: 1300 })) {
    await kernel.sh(`ip link add link lan name ${name} type macvlan`)
    await kernel.sh(`ip link set dev ${name} mtu ${bytes} up`)
  }
  await thereAndBack(kernel, { link: 'lan', mtu: 1400 })
})

test('joins a bridge and leaves it, which keeps its own mac', async () => {
  const kernel = await lab()
  await kernel.sh('ip link add br0 address 02:00:00:00:00:99 type bridge')
  await thereAndBack(kernel, { link: 'lan', master: 'br0', mtu: 1400 })
})

test('joins a bridge that has another port, and leaves it', async () => {
  const kernel = await lab()
  await kernel.sh('ip link add br0 type bridge')
  await kernel.sh('ip link add name p0 address 02:00:00:00:00:03 type veth peer name p1')
  await kernel.sh('ip link set dev p0 mtu 1450 master br0 up')
  await thereAndBack(kernel, { link: 'lan', master: 'br0', mtu: 1400 })
})

test('gives the mac back to a bridge that took the one of its port', async () => {
  const kernel = await lab()
  await kernel.sh('ip link add br0 type bridge')
  const mac = async () => /link\/ether (\S+)/.exec(await kernel.sh('ip link show br0'))?.[1]
  const own = await mac()
  const it = on(kernel, link, { link: 'lan', master: 'br0' })
  const before = await it.apply()
  expect(await mac()).toBe('02:00:00:00:00:01')
  await it.undo(before)
  expect(await mac()).toBe(own)
})

test.each([
  { moveTo: 'ns2' },
  { moveTo: 'ns2', state: 'up', mtu: 1400, alias: 'x' },
  { moveTo: 'ns2', state: 'up', master: 'br0' },
  { netns: 'ns1', moveTo: 'ns2', mac: '02:00:00:00:00:08', mtu: 1000 },
])('moves a link: %j, and back', async (change) => {
  const kernel = await lab()
  await kernel.sh('ip -n ns2 link add br0 index 90 address 02:00:00:00:00:99 type bridge')
  await kernel.sh('sysctl -w net/ipv4/conf/lan/rp_filter=2')
  await thereAndBack(kernel, { link: 'lan', ...change })
})

test('does not move a link that would lose addresses and routes', async () => {
  const kernel = await lab()
  await busy(kernel, '')
  const before = await settled(kernel)
  const { conflict } = await on(kernel, link, { link: 'lan', moveTo: 'ns2' }).plan()
  expect(conflict).toMatch('it would lose the address 10.0.0.1/24')
  expect(conflict).toMatch('it would lose the route unicast 10.9.0.0/16 via 10.0.0.2')
  expect(await settled(kernel)).toEqual(before)
})

test('is satisfied with a link that was moved before, and leaves it there', async () => {
  const kernel = await lab()
  const it = on(kernel, link, { link: 'lan', moveTo: 'ns2', state: 'up' })
  await it.apply()
  const before = await it.apply()
  await it.undo(before)
  expect(await it.observe()).toMatchObject({ moved: true, link: { up: true } })
})

/** Applies and undoes; the fingerprint is as before once duplicate address detection is over. */
async function thereAndBack(kernel: Kernel, input: unknown): Promise<void> {
  const fingerprintBefore = await settled(kernel)
  const it = on({ ...kernel, exec: atHome(kernel) }, link, input)
  const before = await it.apply()
  expect(await look(kernel), 'applying changes the kernel').not.toEqual(fingerprintBefore)
  await it.undo(before)
  await vi.waitFor(async () => expect(await look(kernel)).toEqual(fingerprintBefore), { timeout: 30_000 })
}

/** The pid of the test is not to be seen in the private kernel; its own first process is. */
const atHome =
  ({ exec }: Kernel): Kernel['exec'] =>
  (command) =>
    exec({ ...command, argv: command.argv.map((word) => (word === HOST_NETNS ? '/proc/1/ns/net' : word)) })

/** Looks until two looks are the same: an address is tentative only once the kernel has noticed the carrier. */
async function settled(kernel: Kernel): Promise<unknown> {
  let last: unknown
  await vi.waitFor(
    async () => {
      for (const netns of ['', '-n ns1 ', '-n ns2 '])
        expect(await kernel.sh(`ip ${netns}-6 address show tentative up`)).toBe('')
      const [before, now] = [last, await look(kernel)]
      last = now
      expect(now).toEqual(before)
    },
    { timeout: 30_000, interval: 100 },
  )
  return last
}

/** The fingerprint without the offload capability that a bridge takes over from its first port for good. */
async function look({ exec }: Kernel): Promise<unknown> {
  return JSON.parse(JSON.stringify(await fingerprint(exec), leaveOut))
}

const leaveOut = (key: string, value: unknown): unknown => (key === 'tso_max_size' ? undefined : value)

/**
 * A kernel with a veth in the host and in ns1, both up, their ifindexes free in ns2. Which end has its routes first is up to
 * when the kernel notices their carriers; once a link was set down and up its own come last, as they do after an undo.
 */
async function lab(name = 'lan'): Promise<Kernel> {
  const kernel = await privateKernel()
  for (const netns of ['ns1', 'ns2']) await kernel.sh(`ip netns add ${netns}`)
  for (const [netns, index] of [
    ['', 10],
    ['-n ns1 ', 20],
  ] as const) {
    const make = `ip ${netns}link add name ${name} index ${index} address 02:00:00:00:00:01 type veth`
    await kernel.sh(`${make} peer name far index ${index + 1} address 02:00:00:00:00:02`)
    for (const end of [name, 'far']) await kernel.sh(`ip ${netns}link set dev ${end} up`)
    await vi.waitFor(
      async () => expect(await kernel.sh(`ip ${netns}-6 route show type multicast table local dev far`)).not.toBe(''),
      { timeout: 30_000 },
    )
    for (const state of ['down', 'up']) await kernel.sh(`ip ${netns}link set dev ${name} ${state}`)
  }
  return kernel
}

async function busy({ sh }: Kernel, netns: string, name = 'lan'): Promise<void> {
  for (const line of [
    `address add 10.0.0.1/24 dev ${name}`,
    `address add 10.0.0.5/24 dev ${name}`,
    `address add fd00::1/64 dev ${name} nodad`,
    `address add fd00::5/128 dev ${name} metric 50 noprefixroute`,
    `address add fe80::1/64 dev ${name} nodad`,
    `route add 10.9.0.0/16 via 10.0.0.2 dev ${name} metric 7 mtu lock 1400`,
    `route add 10.8.0.0/16 dev ${name} table 99 src 10.0.0.5 proto static`,
    `route add 10.7.0.0/16 nexthop via 10.0.0.2 dev ${name} nexthop via 10.0.0.3 dev ${name} weight 3`,
    `route add default via 10.0.0.2 dev ${name}`,
    `-6 route add fd01::/64 via fd00::2 dev ${name}`,
    `-6 route add fd02::/64 dev ${name} src fd00::1 metric 9 table 98`,
    `-6 route add default nexthop via fd00::2 dev ${name} nexthop via fd00::3 dev ${name}`,
  ])
    await sh(`ip ${netns}${line}`)
}
