import { chmodSync } from 'node:fs'
import { expect, test } from 'vitest'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { workspace, type StepText } from '../support/runs.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'
import { users } from '../support/users.ts'

const { dir, fileOf } = workspace()
chmodSync(dir, 0o755)

const netns = 'blue'
const [mac, prefix] = ['02:00:00:00:00:01', '10.5.0.0/24']

/** Each of the step types on a link and a netns that earlier steps of the run make. */
const steps: readonly StepText[] = [
  { id: 'names', uses: 'dns', with: { netns, nameservers: ['192.0.2.1'], hosts: { '10.5.0.1': ['gate'] } } },
  { id: 'blue', uses: 'netns', with: { netns } },
  { id: 'cable', uses: 'veth', with: { name: 'cable', peer: { name: 'eth0', netns } } },
  { id: 'up', uses: 'link', with: { link: 'cable', state: 'up' } },
  { id: 'up-there', uses: 'link', with: { netns, link: 'eth0', state: 'up' } },
  { id: 'address', uses: 'addr', with: { link: 'cable', address: '10.5.0.1/24' } },
  { id: 'there', uses: 'addr', with: { netns, link: 'eth0', address: 'fd05::2/64' } },
  { id: 'carrier', uses: 'wait', with: { netns, link: 'eth0' } },
  { id: 'usable', uses: 'wait', with: { netns, address: 'fd05::2' } },
  { id: 'by-sender', uses: 'rule', with: { from: prefix, table: 100, priority: 1000 } },
  { id: 'first', uses: 'rule', with: { iif: 'cable', table: 'main' } },
  { id: 'second', uses: 'rule', with: { oif: 'cable', action: 'prohibit' } },
  { id: 'inside', uses: 'rule', with: { netns, family: 'ipv6', table: 100 } },
  { id: 'neighbour', uses: 'neigh', with: { netns, link: 'eth0', address: '10.5.0.1', mac } },
  { id: 'proxy', uses: 'neigh', with: { link: 'cable', address: '10.5.0.9', proxy: true } },
  { id: 'slow', uses: 'qdisc', with: { link: 'cable', kind: 'pfifo', limit: 50 } },
  { id: 'slow-there', uses: 'qdisc', with: { netns, link: 'eth0', kind: 'bfifo', limit: 90_000 } },
  { id: 'table', uses: 'nftables', with: { netns, ruleset: 'table inet lab { chain c { accept; } }' } },
  {
    id: 'allowed',
    uses: 'nftset',
    with: {
      netns,
      family: 'inet',
      table: 'lab',
      name: 'allowed',
      type: 'ipv4_addr',
      flags: ['interval'],
      elements: [prefix],
    },
  },
  {
    id: 'pass',
    uses: 'nftables',
    with: { netns, family: 'inet', table: 'lab', chain: 'c', rule: 'ip saddr @allowed accept' },
  },
  {
    id: 'text',
    uses: 'file',
    with: { path: '/etc/netns/blue/lab/text', content: "no end, and $(id) 'quoted'", mode: '0600' },
  },
  { id: 'ready', uses: 'wait', with: { file: '/etc/netns/blue/lab/text', within: 0 } },
]

const workflow = fileOf('more', ...steps)

async function expectMade({ sh, exec }: Sandboxed): Promise<void> {
  expect(await sh('ip rule')).toMatch(
    /^0:.*\n998:.*oif cable.* prohibit\n999:.*iif cable.*\n1000:.*from 10.5.0.0\/24 lookup 100/m,
  )
  expect(await sh('ip -n blue -6 rule')).toContain('32765:\tfrom all lookup 100')
  expect(await sh('ip -n blue neigh show dev eth0 nud permanent')).toContain(`10.5.0.1 lladdr ${mac}`)
  expect(await sh('ip neigh show proxy')).toContain('10.5.0.9 dev cable')
  expect(await sh('tc qdisc show dev cable')).toContain('limit 50p')
  expect(await sh('ip netns exec blue nft list table inet lab')).toContain('10.5.0.0/24 comment "nsnet:')
  expect(await sh('ip netns exec blue cat /etc/resolv.conf')).toBe('nameserver 192.0.2.1\n')
  expect(await sh('stat -c %a /etc/netns/blue/lab/text')).toBe('600\n')
  expect((await exec({ argv: ['cat', '/etc/netns/blue/lab/text'] })).stdout).toBe("no end, and $(id) 'quoted'")
}

test.each(users)(
  'a run of all of them holds, is satisfied when it is run again, and undone exactly, by %s',
  async (_, open) => {
    const world = await open()
    const before = await fingerprint(world.exec)
    const planned = await world.nsnet('plan', workflow, '--json')
    expect(planned).toMatchObject({ exitCode: 0, stderr: '' })
    expect(await world.nsnet('run', workflow, '--id', 'one')).toMatchObject({ exitCode: 0 })
    await expectMade(world)
    expect((await world.nsnet('verify', 'one')).stdout).toContain(`holds: ${steps.length} hold`)
    const again = await world.nsnet('run', workflow, '--json')
    expect(again).toMatchObject({ exitCode: 0, stdout: expect.not.stringContaining('StepApplied') })
    expect(await world.nsnet('undo', 'one')).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(world.exec)).toEqual(before)
  },
)

test('a script of it makes the same, and its way back leads back', async () => {
  const world = await sandboxed()
  const checks = new Set(['carrier', 'usable', 'ready'])
  const without = fileOf('script', ...steps.filter(({ id }) => !checks.has(id) && id !== 'first' && id !== 'second'))
  const before = await fingerprint(world.exec)
  const [up, down] = await Promise.all([
    world.nsnet('export', without, '--id', 'one'),
    world.nsnet('export', without, '--id', 'one', '--undo'),
  ])
  expect([up.exitCode, up.stderr, down.exitCode, down.stderr]).toEqual([0, '', 0, ''])
  expect(await world.exec({ argv: ['sh'], stdin: up.stdout })).toMatchObject({ exitCode: 0 })
  expect((await world.exec({ argv: ['cat', '/etc/netns/blue/lab/text'] })).stdout).toBe("no end, and $(id) 'quoted'")
  expect(await world.exec({ argv: ['sh'], stdin: down.stdout })).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})
