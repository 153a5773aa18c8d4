import { expect, test } from 'vitest'
import { fingerprint } from '../../core/fingerprint.ts'
import nftables from '../../plugins/nftables.ts'
import nftset from '../../plugins/nftset.ts'
import { conforms, on } from '../support/conforms.ts'
import { given } from '../support/given.ts'
import { privateKernel } from '../support/kernel.ts'

const wanted = { family: 'inet', table: 't', name: 's', type: 'ipv4_addr', flags: ['interval'] }
const none = given(nftset, wanted).observes('table inet t { # handle 1\n}\n')
const there = { ...none, set: { handle: 4, own: false } }
const elements = ['10.0.0.0/24', '10.1.0.1-10.1.0.9']
const keys = ['167772160-167772415', '167837697-167837705']

test('makes a set with its elements, and takes away what it made', () =>
  given(nftset, { ...wanted, elements, netns: 'ns1' })
    .seeing(none)
    .plans({
      apply: [
        `ip netns exec ns1 nft -f - <<'EOF'\ncreate set inet t s { type ipv4_addr; flags interval; comment "nsnet:r1/s1"; }\n` +
          `add element inet t s { 10.0.0.0/24 comment "nsnet:r1/s1", 10.1.0.1-10.1.0.9 comment "nsnet:r1/s1" }\nEOF`,
      ],
      undo: [`ip netns exec ns1 nft -f - <<'EOF'\ndelete set inet t s\nEOF`],
    }))

test('adds what a set lacks, and takes only that away', () =>
  given(nftset, { ...wanted, elements })
    .seeing({ ...there, elements: [keys[0]!] })
    .plans({
      apply: [`nft -f - <<'EOF'\nadd element inet t s { 10.1.0.1-10.1.0.9 comment "nsnet:r1/s1" }\nEOF`],
      undo: [`nft -f - <<'EOF'\ndelete element inet t s { 10.1.0.1-10.1.0.9 }\nEOF`],
    }))

const listed = (type: string, text: string, flags: string) =>
  `table ip t { # handle 1\n\tset s { # handle 2\n\t\ttype ${type}\n${flags}\t\telements = { ${text} }\n\t}\n}\n`

const found = (type: string, element: string | number, text: string) =>
  given(nftset, { table: 't', name: 's', type, elements: [element], flags: ['interval'] }).observes(
    listed(type, text, '\t\tflags interval\n'),
  ).elements.length

test('reads elements in each writing of nft', () => {
  for (const [type, element, text] of [
    ['ipv4_addr', '10.0.0.0-10.0.0.255', '10.0.0.0/24 comment "a, b",\n\t\t\t     10.1.0.1'],
    ['ipv6_addr', '2001:DB8:0::1', '2001:db8::1 counter packets 0 bytes 0'],
    ['ether_addr', '02:00:00:00:00:AA', '02:00:00:00:00:aa'],
    ['inet_service', 80, '22, 80'],
    ['inet_proto', 6, 'tcp'],
    ['mark', '0-15', '0x00000000/28'],
    ['ifname', 'eth0', '"eth0"'],
    ['ipv4_addr . inet_service', '10.0.0.1  .  80-90', '10.0.0.1 . 80-90 timeout 1h'],
  ] as const)
    expect({ type, found: found(type, element, text) }).toEqual({ type, found: 1 })
  expect(found('inet_service', 81, '80, 82')).toBe(0)
})

test('conflicts with a set of another kind, one that changes by itself, and elements that overlap', () => {
  const seen = (...lines: readonly string[]) => {
    const it = given(nftset, { ...wanted, elements: ['10.0.0.7'] })
    return it.seeing(
      it.observes(`table inet t { # handle 1\n\tset s { # handle 2\n\t\t${lines.join('\n\t\t')}\n\t}\n}\n`),
    )
  }
  seen('type ipv6_addr', 'flags interval').conflicts('expected a set s of type ipv4_addr, found one of type ipv6_addr')
  seen('typeof ip saddr', 'flags interval').conflicts('found one of type typeof')
  seen('type ipv4_addr').conflicts('found one without the flag interval')
  seen('type ipv4_addr', 'flags interval', 'auto-merge').conflicts('timeout or auto-merge')
  seen('type ipv4_addr', 'timeout 1h').conflicts('timeout or auto-merge')
  seen('type ipv4_addr', 'flags interval', 'elements = { 10.0.0.0/24 }').conflicts(
    'element 10.0.0.7 overlaps with one that set s has',
  )
  given(nftset, wanted).seeing(given(nftset, wanted).observes('')).conflicts('expected a table inet t, found none')
})

test.each([
  [{ type: 'ipv4' }, ['type']],
  [{ elements: ['10.0.0.1; flush ruleset'] }, ['elements', 0]],
  [{ elements: ['fd00::1'] }, ['elements', 0]],
  [{ elements: ['10.0.0.9-10.0.0.1'] }, ['elements', 0]],
  [{ elements: ['10.0.0.0/24', '10.0.0.7'] }, ['elements']],
  [{ elements: ['10.0.0.1', '10.0.0.1/32'] }, ['elements']],
  [{ elements: ['10.0.0.0/24'], flags: [] }, ['elements', 0]],
  [{ type: 'ifname', elements: ['a"b'] }, ['elements', 0]],
  [{ type: 'inet_service', elements: [65_536] }, ['elements', 0]],
  [{ name: 'a b' }, ['name']],
])('refuses %j', (more, path) =>
  expect(nftset.input['~standard'].validate({ ...wanted, ...more })).toMatchObject({ issues: [{ path }] }),
)

const set = (type: string, ...each: readonly (string | number)[]) => ({ ...wanted, type, elements: each })

test('conforms on the kernel, alone and in a set of others', async () => {
  const kernel = await privateKernel()
  await kernel.sh('ip netns add ns1')
  for (const netns of ['', 'ip netns exec ns1 ']) await kernel.sh(`${netns}nft add table inet t`)
  await kernel.sh('nft add set inet t mine { type ipv4_addr; flags interval; }')
  await kernel.sh('nft add element inet t mine { 10.9.0.0/16, 10.1.0.1-10.1.0.9 }')
  await kernel.sh('nft add set inet t counted { type ipv4_addr; counter; }')
  await kernel.sh('nft add element inet t counted { 10.9.0.1, 10.9.0.2 comment "theirs" }')
  for (const input of [
    { ...wanted, flags: [], name: 'counted', elements: ['10.9.0.1', '10.9.0.2', '10.9.0.3'] },
    { ...wanted, netns: 'ns1', elements },
    { ...wanted, name: 'mine', elements },
    set('ipv6_addr', 'fd00::/64', 'FD01::1'),
    set('ether_addr', '02:00:00:00:00:AA'),
    set('inet_service', 22, '80-90'),
    set('inet_proto', 'tcp', 17),
    set('mark', '0x10', '32-63'),
    set('ipv4_addr . inet_service', '10.0.0.0/24 . 80-90', '10.1.0.1 . 22'),
    { family: 'inet', table: 't', name: 's', type: 'ifname . inet_proto', elements: ['eth0 . udp'] },
    { family: 'inet', table: 't', name: 's', type: 'ipv4_addr', flags: ['timeout', 'dynamic'] },
  ])
    await conforms(kernel, nftset, input)
})

test('leaves what others have in its set, and the set while they need it', async () => {
  const kernel = await privateKernel()
  const { sh, exec } = kernel
  await sh('nft add table inet t')
  await sh('nft add chain inet t c')
  const before = await fingerprint(exec)
  const own = on(kernel, nftset, { ...wanted, elements })
  const seen = await own.apply()
  await sh('nft add element inet t s { 10.7.0.0/16 }')
  await sh('nft add rule inet t c ip saddr @s accept')
  await own.undo(seen)
  expect(await sh('nft list set inet t s')).toContain('elements = { 10.7.0.0/16 }')
  expect(nftset.rest!(given(nftset, wanted).input, seen, await own.observe())).toEqual(['set:host/nft/inet/t/s'])
  await sh('nft delete element inet t s { 10.7.0.0/16 }')
  await own.undo(seen)
  expect(await sh('nft list set inet t s')).toContain('set s')
  await sh('nft flush chain inet t c')
  await own.undo(seen)
  expect(await fingerprint(exec)).toEqual(before)
})

test('is no change of the table by others, for the step that made the table', async () => {
  const kernel = await privateKernel()
  const ruleset = 'table inet t { set mine { type ipv4_addr; elements = { 10.9.0.1, 10.9.0.2 } } }'
  const table = on(kernel, nftables, { ruleset })
  await table.apply()
  const { text } = await table.observe()
  await on(kernel, nftset, { family: 'inet', table: 't', name: 's', type: 'mark', elements: [1] }).apply()
  const more = on(kernel, nftset, {
    ...wanted,
    flags: [],
    name: 'mine',
    elements: ['10.9.0.2', '10.9.0.3', '10.8.0.0'],
  })
  await more.apply()
  expect((await table.observe()).text).toBe(text)
  await kernel.sh('nft add element inet t mine { 10.7.0.1 }')
  expect((await table.observe()).text).not.toBe(text)
})
