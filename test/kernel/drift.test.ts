import { describe, expect, test } from 'vitest'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { ranOne, workspace, type StepText } from '../support/runs.ts'
import { sandboxed } from '../support/sandbox.ts'

const { fileOf } = workspace()

const forward: StepText = { id: 'forward', uses: 'sysctl', with: { key: 'net.ipv4.ip_forward', value: 1 } }
const table: StepText = {
  id: 'table',
  uses: 'nftables',
  with: { ruleset: 'table inet lab { chain c { type filter hook forward priority 0; } }' },
}
const blue: StepText = { id: 'blue', uses: 'netns', with: { netns: 'blue' } }
const cable: StepText = { id: 'cable', uses: 'veth', with: { name: 'wan', peer: { name: 'lan', netns: 'blue' } } }
const mtu: StepText = { id: 'mtu', uses: 'link', with: { link: 'enp1s0', mtu: 1400 } }
const address: StepText = { id: 'address', uses: 'addr', with: { link: 'enp1s0', address: '10.7.0.1/24' } }
const route = (replace: boolean): StepText => ({
  id: 'route',
  uses: 'route',
  with: { to: '10.9.0.0/16', via: '198.51.100.1', replace },
})
const lifetime: StepText = { id: 'lifetime', uses: 'sysctl', with: { key: 'net.ipv4.ip_default_ttl', value: 70 } }
const rule: StepText = { id: 'rule', uses: 'iptables', with: { chain: 'FORWARD', rule: '-i wan -j ACCEPT' } }
const chain: StepText = { id: 'chain', uses: 'iptables', with: { chain: 'LAB' } }

interface Case {
  readonly steps: readonly StepText[]
  /** What is there before the run. */
  readonly first?: string
  /** What others do since. */
  readonly others: string
  /** What undo says. */
  readonly says: RegExp
  /** A command, and what it prints as long as theirs is there. */
  readonly theirs: readonly [string, RegExp]
  /** What they take away themselves in the end. */
  readonly last?: string
  /** What they take away before nsnet can. */
  readonly early?: string
}

const cases: { readonly [name: string]: Case } = {
  'a rule in our nft table': {
    steps: [table],
    others: 'nft add rule inet lab c udp dport 9 drop',
    says: /kept +table .*table inet lab says something else now/,
    theirs: ['nft list ruleset', /udp dport 9 drop/],
  },
  'another policy of a chain of our nft table': {
    steps: [table],
    others: `nft 'chain inet lab c { policy drop ; }'`,
    says: /kept +table .*table inet lab says something else now/,
    theirs: ['nft list ruleset', /policy drop/],
  },
  'our veth in their bridge': {
    steps: [blue, cable],
    others: 'ip link add br9 type bridge; ip link set dev wan master br9',
    says: /kept +cable .*link wan in the host belongs to br9/,
    theirs: ['ip link show dev wan', /master br9/],
    last: 'ip link delete dev br9',
  },
  'another mtu of our veth': {
    steps: [blue, cable],
    others: 'ip -n blue link set dev lan mtu 1300',
    says: /kept +cable .*link lan in netns blue has mtu 1300, had 1500/,
    theirs: ['ip -n blue link show dev lan', /mtu 1300/],
  },
  'another name of our veth': {
    steps: [blue, cable],
    others: 'ip link set dev wan name uplink',
    says: /kept +cable .*link wan in the host is called uplink/,
    theirs: ['ip link show dev uplink', /uplink@/],
  },
  'another netns of an end of our veth': {
    steps: [blue, cable],
    first: 'ip netns add green',
    others: 'ip -n blue link set dev lan netns green',
    says: /kept +cable .*somebody changed it since/,
    theirs: ['ip -n green link show dev lan', /lan@/],
  },
  'an address on our veth': {
    steps: [blue, cable, { id: 'address', uses: 'addr', with: { link: 'wan', address: '10.7.0.1/24' } }],
    others: 'ip address change 10.7.0.1/24 dev wan valid_lft 1000 preferred_lft 1000',
    says: /kept +address .*\n.*kept +cable .*address is kept, and needs it\n.*kept +blue .*cable is kept, and needs it/,
    theirs: ['ip address show dev wan', /10\.7\.0\.1/],
  },
  'their link in our netns': {
    steps: [blue],
    others: 'ip link add name guest type veth peer name home netns blue',
    says: /kept +blue .*somebody changed it since: home is in it/,
    theirs: ['ip link show dev guest', /guest@/],
  },
  'another mtu of a link that we changed': {
    steps: [mtu],
    others: 'ip link set dev enp1s0 mtu 1350',
    says: /kept +mtu .*somebody changed it since/,
    theirs: ['ip link show dev enp1s0', /mtu 1350/],
  },
  'a lifetime of our address': {
    steps: [address],
    others: 'ip address change 10.7.0.1/24 dev enp1s0 valid_lft 1000 preferred_lft 1000',
    says: /kept +address .*its lifetime is limited, was forever/,
    theirs: ['ip address show dev enp1s0', /10\.7\.0\.1/],
  },
  'an mtu of our route': {
    steps: [route(false)],
    others: 'ip route replace 10.9.0.0/16 via 198.51.100.1 mtu 1400',
    says: /kept +route .*in its place is "unicast 10.9.0.0\/16 via 198.51.100.1 .*mtu 1400/,
    theirs: ['ip route show 10.9.0.0/16', /mtu 1400/],
  },
  'another route in the place of the one that we put into the place of another': {
    steps: [route(true)],
    first: 'ip route add 10.9.0.0/16 via 198.51.100.7 advmss 1300',
    others: 'ip route replace 10.9.0.0/16 via 198.51.100.9',
    says: /kept +route .*in its place is "unicast 10.9.0.0\/16 via 198.51.100.9/,
    theirs: ['ip route show 10.9.0.0/16', /via 198.51.100.9/],
  },
  'another value of a sysctl': {
    steps: [lifetime],
    others: 'sysctl -q -w net.ipv4.ip_default_ttl=80',
    says: /kept +lifetime .*somebody changed it since/,
    theirs: ['sysctl -n net.ipv4.ip_default_ttl', /^80$/m],
  },
  'another text of our iptables rule': {
    steps: [rule],
    others: `iptables-nft -R FORWARD 1 -i wan -j DROP -m comment --comment "$(iptables-nft -S FORWARD | grep -o 'nsnet:[^ "]*')"`,
    says: /kept +rule .*somebody replaced it since/,
    theirs: ['iptables-nft -S FORWARD', /-i wan .*-j DROP/],
    early: 'iptables-nft -F FORWARD',
  },
}

describe('what others changed since is kept and reported, the rest is undone, --force takes it back too', () => {
  test.each(Object.entries(cases))('%s', async (name, { steps, others, says, theirs, ...lines }) => {
    const world = await sandboxed()
    const sh = async (line: string): Promise<string> => {
      const { stdout, stderr, exitCode } = await world.exec({ argv: ['sh', '-c', line] })
      expect({ line, exitCode, stderr }).toMatchObject({ exitCode: 0 })
      return stdout
    }
    await sh(lines.first ?? 'true')
    const before = await fingerprint(world.exec)
    await ranOne(world, fileOf(name.replaceAll(/\W/g, '-'), forward, ...steps))
    await sh(others)
    for (const again of [false, true]) {
      const { exitCode, stderr } = await world.nsnet('undo')
      expect({ again, exitCode, stderr }).toEqual({ again, exitCode: 2, stderr: expect.stringMatching(says) })
      expect(await sh(theirs[0])).toMatch(theirs[1])
    }
    expect(await sh('sysctl -n net.ipv4.ip_forward')).toBe('0\n')
    await sh(lines.early ?? 'true')
    expect(await world.nsnet('undo', '--force')).toMatchObject({ exitCode: 0 })
    await sh(lines.last ?? 'true')
    expect(await fingerprint(world.exec)).toEqual(before)
  })
})

test('an own iptables chain with a rule of others is kept, also with --force, and goes when they have left it', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  await ranOne(world, fileOf('chain', chain, forward))
  await world.sh('iptables-nft -A LAB -j DROP')
  for (const flags of [[], ['--force']]) {
    const { exitCode, stderr } = await world.nsnet('undo', ...flags)
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringMatching(/kept +chain .*others use chain:/),
    })
    expect(await world.sh('iptables-nft -S LAB')).toContain('-A LAB -j DROP')
  }
  await world.sh('iptables-nft -F LAB')
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})
