import { expect, test } from 'vitest'
import { linkKey } from '../../core/resource.ts'
import addr from '../../plugins/addr.ts'
import { conforms, on } from '../support/conforms.ts'
import { context, given } from '../support/given.ts'
import { privateKernel, settledFingerprint as fingerprint, type Kernel } from '../support/kernel.ts'

const v4 = { link: 'lan', address: '10.0.0.1/24' }
const bare = { link: [2, null], near: [], entry: null, rival: null, behind: [] } as const
const flags = { nodad: false, dadfailed: false, lifetime: 'forever', metric: null } as const
const entry = { peer: null, broadcast: null, scope: 'global', label: 'lan', ...flags }

test('adds and deletes an address', () =>
  given(addr, v4)
    .seeing(bare)
    .plans({ apply: ['ip address add 10.0.0.1/24 dev lan'], undo: ['ip address delete 10.0.0.1/24 dev lan'] }))

test('writes an IPv6 address as the kernel does', () =>
  given(addr, { link: 'lan', netns: 'ns1', address: '2001:DB8:0::1/64', nodad: true })
    .seeing(bare)
    .plans({
      apply: ['ip -n ns1 address add 2001:db8::1/64 dev lan nodad'],
      undo: ['ip -n ns1 address delete 2001:db8::1/64 dev lan'],
    }))

test('gives the peer the prefix length', () =>
  given(addr, { ...v4, address: '10.0.0.1/32', peer: '10.9.9.9', scope: 'link', label: 'lan:1' })
    .seeing(bare)
    .plans({
      apply: ['ip address add 10.0.0.1 peer 10.9.9.9/32 dev lan scope link label lan:1'],
      undo: ['ip address delete 10.0.0.1 peer 10.9.9.9/32 dev lan'],
    }))

test('is satisfied with an address that is there', () =>
  given(addr, v4)
    .seeing({ ...bare, entry })
    .isSatisfied())

test('takes "+" for the last address of the prefix', () =>
  given(addr, { ...v4, broadcast: '+' })
    .seeing({ ...bare, entry: { ...entry, broadcast: '10.0.0.255' } })
    .isSatisfied())

test('names the label that is there and the one asked for', () =>
  given(addr, { ...v4, label: 'lan:1' })
    .seeing({ ...bare, entry })
    .conflicts('10.0.0.1/24 on link lan has label lan, expected lan:1'))

test('says when another host has the address', () =>
  given(addr, { link: 'lan', address: 'fd00::1/64' })
    .seeing({ ...bare, entry: { ...entry, dadfailed: true } })
    .conflicts('used by another host'))

test('says which link is not there, and what is called alike', () => {
  const seen = given(addr, v4).observes(JSON.stringify([{ ifindex: 2, ifname: 'lan0', flags: [], mtu: 1500 }]), '')
  expect(seen).toMatchObject({ link: null, near: ['lan0'] })
  given(addr, v4).seeing(seen).conflicts('link lan does not exist in the host')
})

test.each([
  [{ ...v4, nodad: true }, 'IPv4 has none'],
  [{ link: 'lan', address: 'fd00::1/64', label: 'lan:1' }, 'an IPv4 address with label'],
  [{ ...v4, peer: 'fd00::1' }, 'expected an IPv4 address'],
  [{ ...v4, label: 'wan' }, 'starts with the name of the link'],
  [{ ...v4, address: '10.0.0.1' }, 'with prefix length'],
])('refuses %j', (input, message) => expect(() => given(addr, input)).toThrow(message))

const cases = [
  v4,
  { ...v4, netns: 'ns1' },
  { ...v4, broadcast: '+', scope: 'link', label: 'lan:1' },
  { ...v4, peer: '10.9.9.9', address: '10.0.0.1/32' },
  { link: 'lan', address: 'fd00:0::1/64', nodad: true },
  { link: 'lan', netns: 'ns1', address: 'fd00::1/128', peer: 'fd00::2' },
  { ...v4, link: '$(x)' },
  { ...v4, link: '-x', address: 'fd00::1/64', nodad: true },
  { ...v4, link: 'a;b' },
  { ...v4, link: 'a.b*' },
]

test.each(cases)('adds and deletes %j in the kernel', async (input) => conforms(await lan(input.link), addr, input))

test('keeps the addresses that others added behind ours', async () => {
  const [kernel, other] = [await lan(), await lan()]
  const it = on(kernel, addr, v4)
  const before = await it.apply()
  for (const each of [kernel, other]) await each.sh('ip address add 10.0.0.9/24 dev lan')
  await it.undo(before)
  const [mine, theirs] = [await parts(kernel.exec), await parts(other.exec)]
  expect(mine.routes).toEqual(theirs.routes)
  expect(mine.addresses).toContain('10.0.0.9')
  expect(mine.addresses).not.toMatch(/10\.0\.0\.1"|secondary/)
  expect(await kernel.sh('sysctl -n net/ipv4/conf/lan/promote_secondaries')).toBe('0\n')
})

test('an undo that was cut off behind setting promote_secondaries takes that back too', async () => {
  const kernel = await lan()
  const it = on(kernel, addr, v4)
  const before = await it.apply()
  await kernel.sh('ip address add 10.0.0.9/24 dev lan')
  const { input } = given(addr, v4)
  for (const command of addr.undo!(input, before, await it.observe(), context).slice(0, 2)) await kernel.exec(command)
  expect(await kernel.sh('sysctl -n net/ipv4/conf/lan/promote_secondaries')).not.toBe('0\n')
  await it.undo(before)
  expect(await kernel.sh('sysctl -n net/ipv4/conf/lan/promote_secondaries')).toBe('0\n')
  expect(await kernel.sh('ip -json address show dev lan')).toMatch(/^(?!.*10\.0\.0\.1").*10\.0\.0\.9/)
})

test('keeps a foreign secondary address in a netns', async () => {
  const kernel = await lan()
  const it = on(kernel, addr, { ...v4, netns: 'ns1' })
  const before = await it.apply()
  await kernel.sh('ip -n ns1 address add 10.0.0.9/24 dev lan')
  await it.undo(before)
  const left = await kernel.sh('ip -n ns1 -json -4 address show')
  expect(left).toContain('10.0.0.9')
  expect(left).not.toContain('10.0.0.1"')
})

test('is a secondary address behind somebody else’s, and goes alone', async () => {
  const kernel = await lan()
  await kernel.sh('ip address add 10.0.0.9/24 dev lan')
  await conforms(kernel, addr, v4)
})

test('adds the address next to the same one with another prefix length', async () => {
  const kernel = await lan()
  await kernel.sh('ip address add 10.0.0.1/25 dev lan')
  await conforms(kernel, addr, v4)
})

test('adds the address that another link has', async () => {
  const kernel = await lan()
  await kernel.sh('ip link set dev far up')
  await kernel.sh('ip address add 10.0.0.1/24 dev far')
  await conforms(kernel, addr, v4)
})

test.each([
  ['ip address add fd00::1/128 dev lan nodad', { link: 'lan', address: 'fd00::1/64' }, 'has fd00::1/128'],
  ['ip address add 10.0.0.1/24 scope link dev lan', { ...v4, scope: 'global' }, 'has scope link, expected global'],
  ['ip address add 10.0.0.1 peer 10.0.0.2/24 dev lan', v4, 'has 10.0.0.1 peer 10.0.0.2/24'],
])('conflicts after %s', async (line, input, message) => {
  const kernel = await lan()
  await kernel.sh(line)
  const before = await fingerprint(kernel.exec)
  expect((await on(kernel, addr, input).plan()).conflict).toMatch(message)
  expect(await fingerprint(kernel.exec)).toEqual(before)
})

test('leaves an address alone that was there before', async () => {
  const kernel = await lan()
  await kernel.sh('ip address add 10.0.0.1/24 dev lan')
  const it = on(kernel, addr, v4)
  const before = await it.apply()
  await it.undo(before)
  expect(await kernel.sh('ip -json address show dev lan')).toContain('10.0.0.1')
})

test('foretells what it sees of a link that an earlier step makes', async () => {
  const { input, observes } = given(addr, v4)
  const veth = { ...context, uses: 'veth', input: {}, resources: { creates: [linkKey(undefined, v4.link)] } }
  const foretold = addr.foretell!(input, observes('[]'), veth)
  const seen = await on(await lan(v4.link), addr, v4).observe()
  expect({ ...seen, link: [0, null] }).toEqual(foretold)
})

/** A kernel with a veth in the host and in ns1, up and without addresses of their own. */
async function lan(link = 'lan'): Promise<Kernel> {
  const kernel = await privateKernel()
  await kernel.sh('ip netns add ns1')
  for (const netns of ['', '-n ns1 ']) {
    await kernel.sh(`ip ${netns}link add name ${link} address 02:00:00:00:00:01 type veth peer name far`)
    for (const end of [link, 'far']) {
      await kernel.sh(`ip ${netns}link set dev ${end} addrgenmode none`)
      await kernel.sh(`ip ${netns}link set dev ${end} up`)
    }
  }
  return kernel
}

const parts = async (exec: Kernel['exec']) => {
  const { host } = (await fingerprint(exec)) as { host: Record<string, unknown> }
  return { addresses: JSON.stringify(host['addresses']), routes: host['routes'], sysctls: host['sysctls'] }
}
