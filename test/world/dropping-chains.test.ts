import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { has, settledFingerprint as fingerprint } from '../support/kernel.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-drops-'))
chmodSync(dir, 0o755)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** A shipped workflow whose checks give up at the first try. */
function impatient(name: string): string {
  const workflow = JSON.parse(readFileSync(`workflows/${name}.json`, 'utf8'))
  for (const step of workflow.steps)
    if (step.uses === 'check') Object.assign(step.with, { within: 0, timeout: 1, count: 1 })
  const path = join(dir, `${name}.json`)
  writeFileSync(path, JSON.stringify({ ...workflow, $schema: undefined }))
  return path
}

const native = impatient('internet-nftables')
const byIptables = impatient('internet')

const lines = async ({ exec }: Sandboxed, script: string): Promise<void> => {
  const { exitCode, stderr } = await exec({ argv: ['sh', '-ec', script] })
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.any(String) })
}

const firewalld = `nft -f - <<'EOF'
table inet firewalld {
  chain filter_INPUT { type filter hook input priority filter + 10; policy accept; tcp dport 22 drop; }
  chain filter_FORWARD { type filter hook forward priority filter + 10; policy drop; iifname "docker0" accept; ct state invalid drop; }
  chain filter_OUTPUT { type filter hook output priority filter + 10; policy drop; accept; }
}
EOF`
const jumpedTo = `nft -f - <<'EOF'
table inet lab {
  chain bad { meta l4proto tcp drop; icmp type echo-request counter drop; }
  chain other { counter drop; }
  chain forward { type filter hook forward priority 5; policy accept; iifname "docker0" jump other; iifname vmap { "lo" : accept, "veth-host" : jump bad }; }
}
EOF`
/** What packets between the netns and the host itself do not meet. */
const elsewhere = `nft 'table inet elsewhere { chain f { type filter hook forward priority 0; policy drop; }; }'`
const inNetns = (hook: string): string =>
  `ip netns list | grep -q ns1 || ip netns add ns1; ip -n ns1 link set lo up; ${elsewhere}; ip netns exec ns1 nft 'table ip own { chain ${hook} { type filter hook ${hook} priority 0; ip protocol icmp counter drop; }; }'`

const accusedIn = (stderr: string): readonly string[] =>
  stderr.split('\n').flatMap((line) => /(?:^ +hint +|^ {17})(in .*, chain .*)$/.exec(line)?.[1] ?? [])

const cases = [
  {
    what: 'the policy of a native table',
    workflow: native,
    breaks: firewalld,
    mends: 'nft delete table inet firewalld',
    names:
      'in the host, chain filter_FORWARD of table inet firewalld (nft, hook forward) drops by its policy; look: nft list chain inet firewalld filter_FORWARD',
  },
  {
    what: 'the policy of iptables-nft, as Docker sets it',
    workflow: native,
    breaks: 'iptables-nft -P FORWARD DROP; iptables-nft -A FORWARD -o docker0 -j DROP',
    mends: 'iptables-nft -P FORWARD ACCEPT; iptables-nft -D FORWARD -o docker0 -j DROP; nft delete table ip filter',
    names:
      'in the host, chain FORWARD of table filter (iptables-nft, IPv4, hook forward) drops by its policy; look: iptables-nft -t filter -S FORWARD',
  },
  {
    what: 'a rule in a chain that is jumped to',
    workflow: native,
    breaks: jumpedTo,
    mends: 'nft delete table inet lab',
    names:
      'in the host, chain bad of table inet lab (nft, hook forward, which chain forward leads to) drops by its rule "icmp type echo-request counter drop", 1 packets so far; look: nft list chain inet lab bad',
  },
  {
    what: 'a rule of iptables behind a jump',
    workflow: native,
    breaks: 'iptables-nft -N lab; iptables-nft -A lab -p icmp -j DROP; iptables-nft -A FORWARD -j lab',
    mends: 'nft delete table ip filter',
    names:
      'in the host, chain lab of table filter (iptables-nft, IPv4, hook forward, which chain FORWARD leads to) drops by its rule "-A lab -p icmp -j DROP", 1 packets so far; look: iptables-nft -t filter -S lab',
  },
  {
    what: 'a rule that rejects',
    workflow: native,
    breaks: `nft 'table inet lab { chain f { type filter hook forward priority 5; reject with icmpx admin-prohibited; }; }'`,
    mends: 'nft delete table inet lab',
    names:
      'in the host, chain f of table inet lab (nft, hook forward) rejects by its rule "reject with icmpx admin-prohibited"; look: nft list chain inet lab f',
  },
  ...(['input', 'output', 'prerouting', 'postrouting'] as const).map((hook) => ({
    what: `a rule in the ${hook} chain of the netns itself`,
    workflow: native,
    breaks: inNetns(hook),
    mends: 'nft delete table inet elsewhere; ip netns exec ns1 nft delete table ip own',
    names: `in netns ns1, chain ${hook} of table ip own (nft, hook ${hook}) drops by its rule "ip protocol icmp counter drop", 1 packets so far; look: ip netns exec ns1 nft list chain ip own ${hook}`,
  })),
]

/** Whom a check that nobody answers accuses, behind a chain of the same run that drops all but what it accepts. */
async function accusedBehind(accept: string): Promise<readonly string[]> {
  const world = await sandboxed()
  const chain = ['  chain o {', '    type filter hook output priority 0; policy drop;', accept, '  }']
  const steps = [
    { id: 'guard', uses: 'nftables', with: { ruleset: ['table inet guard {', ...chain, '}'] } },
    { id: 'far', uses: 'check', with: { ping: '203.0.113.99', within: 0, timeout: 1, count: 1 } },
  ]
  const path = join(dir, 'guard.json')
  writeFileSync(path, JSON.stringify({ name: 'guard', steps }))
  const { exitCode, stderr } = await world.nsnet('run', path)
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/far .*cannot be reached/) })
  return accusedIn(stderr)
}

test('a chain of the run itself is accused of its policy only where it does not let the packets through', async () => {
  expect(await accusedBehind('    oifname { "lo", "enp1s0" } accept')).toEqual([])
  expect(await accusedBehind('    tcp dport 22 accept')).toEqual([
    expect.stringMatching(/chain o of table inet guard .* drops by its policy/),
  ])
})

const legacy = {
  what: 'the policy of iptables-legacy',
  workflow: byIptables,
  breaks: 'iptables-legacy -P FORWARD DROP',
  mends: 'iptables-legacy -P FORWARD ACCEPT',
  names:
    'in the host, chain FORWARD of table filter (iptables-legacy, IPv4, hook forward) drops by its policy, 1 packets so far; look: iptables-legacy -t filter -S FORWARD',
}
const seesLegacy = has('iptables-legacy') && process.getuid?.() === 0

describe.each([...cases, ...(seesLegacy ? [legacy] : [])])('$what', ({ workflow, breaks, mends, names }) => {
  test('is named by the failed check and nothing else is; mended, the run resumes and is undone exactly', async () => {
    const world = await sandboxed()
    for (const each of [breaks, mends]) await lines(world, each)
    const before = await fingerprint(world.exec)
    await lines(world, breaks)
    const { exitCode, stderr } = await world.nsnet('run', workflow)
    expect(exitCode).toBe(1)
    expect(accusedIn(stderr)).toEqual([names])
    expect(await world.exec({ argv: ['sh', '-c', names.replace(/^.*; look: /, '')] })).toMatchObject({ exitCode: 0 })
    await lines(world, mends)
    expect(await world.nsnet('resume')).toMatchObject({ exitCode: 0 })
    expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(world.exec)).toEqual(before)
  })
})
