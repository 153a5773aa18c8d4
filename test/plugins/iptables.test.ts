import { describe, expect, test } from 'vitest'
import { fingerprint } from '../../core/fingerprint.ts'
import { undoOf, type Context } from '../../core/step.ts'
import iptables from '../../plugins/iptables.ts'
import { canonicalRule } from '../../plugins/lib/iptables-rules.ts'
import type { IptablesState } from '../../plugins/lib/iptables-state.ts'
import { splitWords } from '../../plugins/lib/shell-words.ts'
import { conforms, on } from '../support/conforms.ts'
import { context, given } from '../support/given.ts'
import { has, privateKernel, type Kernel } from '../support/kernel.ts'

const forward = { chain: 'FORWARD', rule: '-i veth-host -j ACCEPT' }
const HASH = /nsnet:r1\/s1:([0-9a-f]{6})/

const legacy: Context = { ...context, facts: { ...context.facts, iptables: 'legacy' } }
const none: Context = { ...context, facts: { ...context.facts, iptables: 'none' } }

const seen = (state: Partial<IptablesState>, around: Partial<IptablesState['around']> = {}): IptablesState => ({
  ours: null,
  policy: null,
  chain: null,
  ...state,
  around: {
    readable: true,
    chain: 'ACCEPT',
    same: null,
    rules: 0,
    users: 0,
    kernel: { table: true, chain: true, rest: true },
    ...around,
  },
})

const issueOf = (input: unknown): string | undefined => {
  const result = iptables.input['~standard'].validate(input)
  if (result instanceof Promise) throw new Error('expected a synchronous schema')
  return result.issues?.[0]?.message
}

const comment = (input: unknown, where: Context = context): string => {
  const step = given(iptables, input, where)
  const plan = iptables.plan(step.input, seen({}, { rules: 9 }), where)
  return HASH.exec(JSON.stringify(plan))![0]
}

describe('what it plans', () => {
  const tag = comment(forward)
  const spec = '-i veth-host -j ACCEPT -m comment --comment ' + tag

  test('appends a rule with its comment', () =>
    given(iptables, forward)
      .seeing(seen({}))
      .plans({
        apply: [`iptables-nft -w 5 -t filter -A FORWARD ${spec}`],
        undo: [`iptables-nft -w 5 -t filter -D FORWARD ${spec}`],
      }))

  test('takes away the chain and the table that come with the first rule', () =>
    given(iptables, forward)
      .seeing(seen({}, { kernel: { table: false, chain: false, rest: false } }))
      .plans({
        apply: [`iptables-nft -w 5 -t filter -A FORWARD ${spec}`],
        undo: [
          `iptables-nft -w 5 -t filter -D FORWARD ${spec}`,
          'iptables-nft -w 5 -t filter -X FORWARD',
          "nft -f - <<'EOF'\ncreate chain ip filter INPUT\ncreate chain ip filter FORWARD\ncreate chain ip filter OUTPUT\ndelete table ip filter\nEOF",
        ],
      }))

  test('inserts at a position, in a netns, by the other backend and family', () => {
    const input = { ...forward, netns: 'blue', family: 'ipv6', position: 2 }
    const rule = `-i veth-host -j ACCEPT -m comment --comment ${comment(input, legacy)}`
    return given(iptables, input, legacy)
      .seeing(seen({}, { rules: 1 }))
      .plans({
        apply: [`ip netns exec blue ip6tables-legacy -w 5 -t filter -I FORWARD 2 ${rule}`],
        undo: [`ip netns exec blue ip6tables-legacy -w 5 -t filter -D FORWARD ${rule}`],
      })
  })

  test('sets a policy and remembers the old one', () =>
    given(iptables, { chain: 'INPUT', policy: 'DROP' })
      .seeing(seen({ policy: 'ACCEPT' }))
      .plans({
        apply: ['iptables-nft -w 5 -t filter -P INPUT DROP'],
        undo: ['iptables-nft -w 5 -t filter -P INPUT ACCEPT'],
      }))

  test('makes an own chain', () =>
    given(iptables, { table: 'nat', chain: 'lab' })
      .seeing(seen({}, { chain: null, kernel: { table: true, chain: false, rest: true } }))
      .plans({ apply: ['iptables-nft -w 5 -t nat -N lab'], undo: ['iptables-nft -w 5 -t nat -X lab'] }))

  test('is satisfied with its own rule and with that of another', () => {
    given(iptables, forward)
      .seeing(seen({ ours: spec }))
      .isSatisfied()
    given(iptables, forward)
      .seeing(seen({}, { same: '-i veth-host -j ACCEPT' }))
      .isSatisfied()
  })

  test('conflicts where it cannot work', () => {
    given(iptables, forward, none).seeing(seen({})).conflicts('no iptables is installed')
    expect(iptables.plan(given(iptables, forward).input, seen({}), none)).toMatchObject({
      hint: expect.stringContaining('nsnet doctor'),
    })
    given(iptables, forward)
      .seeing(seen({}, { readable: false }))
      .conflicts('cannot express')
    given(iptables, { ...forward, chain: 'lab' })
      .seeing(seen({}, { chain: null }))
      .conflicts('expected a chain lab in table filter, found none')
    given(iptables, { ...forward, position: 3 })
      .seeing(seen({}, { rules: 1 }))
      .conflicts('expected a position from 1 to 2 in chain FORWARD, got 3')
  })

  test('keeps an own chain that others use, and a base chain with a policy that is not plain', () => {
    const own = given(iptables, { chain: 'lab' }).input
    const absent = seen({}, { chain: null, kernel: { table: true, chain: false, rest: true } })
    const used = seen({ chain: 7 }, { chain: '-', users: 1 })
    expect(undoOf(iptables, own, absent, used, context)).toEqual([])
    const rule = given(iptables, forward).input
    const fresh = seen({}, { kernel: { table: false, chain: false, rest: false } })
    const dropping = seen({}, { chain: 'DROP', kernel: { table: true, chain: true, rest: false } })
    expect(undoOf(iptables, rule, fresh, dropping, context)).toEqual([])
  })
})

const save = (...lines: readonly string[]): string =>
  ['*filter', ':INPUT ACCEPT [0:0]', ':FORWARD DROP [1:2]', ':lab - [0:0]', ...lines, 'COMMIT', ''].join('\n')

describe('what it sees', () => {
  test.each([
    ['-A FORWARD -i veth-host -j ACCEPT', true],
    [`-A FORWARD -i veth-host -m comment --comment "nsnet:r9/web:${comment(forward).slice(-6)}" -j LOG`, true],
    ['-A FORWARD ! -i veth-host -j ACCEPT', false],
    ['-A INPUT -i veth-host -j ACCEPT', false],
    ['-A FORWARD -m comment --comment "a\n-A FORWARD -i veth-host -j ACCEPT" -j DROP', false],
  ])('%s', (line, same) => {
    const { around, ours } = given(iptables, forward).observes(save(line))
    expect([around.same !== null, ours]).toEqual([same, null])
  })

  test('reads policies and own chains', () => {
    expect(given(iptables, { chain: 'FORWARD', policy: 'DROP' }).observes(save()).policy).toBe('DROP')
    expect(given(iptables, { chain: 'lab' }).observes(save('-A INPUT -j lab'))).toMatchObject({
      chain: 0,
      around: { users: 1, rules: 0 },
    })
  })

  test('sees a table that iptables cannot read', () =>
    expect(
      given(iptables, forward).observes("# Table `filter' is incompatible, use 'nft' tool.\n").around.readable,
    ).toBe(false))

  test('sees in nothing what a netns has that was made a moment ago', () => {
    const kernel = { table: false, chain: false, rest: false }
    const around = { readable: true, same: null, rules: 0, users: 0, kernel }
    const nothing = { ours: null, policy: null, chain: null }
    expect(inNothing(forward)).toEqual({ ...nothing, around: { ...around, chain: 'ACCEPT' } })
    expect(inNothing({ chain: 'lab' })).toEqual({ ...nothing, around: { ...around, chain: null } })
    expect(inNothing({ chain: 'INPUT', policy: 'DROP' })).toEqual({
      ...nothing,
      policy: 'ACCEPT',
      around: { ...around, chain: 'ACCEPT' },
    })
  })
})

const inNothing = (input: unknown) => given(iptables, input).observes('', '')

const words = (text: string) => canonicalRule(splitWords(text)!)

describe('two writings of one rule', () => {
  test.each([
    ['-s 10.0.0.5/24 -j ACCEPT', '-s 10.0.0.0/24 -j ACCEPT'],
    ['--source 10.0.0.1 --jump DROP', '-s 10.0.0.1/32 -j DROP'],
    ['-s 10.0.0.0/255.255.255.0 -j DROP', '-s 10.0.0.0/24 -j DROP'],
    ['-d 2001:DB8:0::1 -j DROP', '-d 2001:db8::1/128 -j DROP'],
    ['-s 0.0.0.0/0 -d 0/0 -p all -j DROP', '-j DROP'],
    ['-j ACCEPT -p TCP --destination-port 80', '-p tcp -m tcp --dport 80 -j ACCEPT'],
    ['-p 17 ! --dport=53 -j DROP', '-p udp -m udp ! --dport 53 -j DROP'],
    ['-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT', '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'],
    ['-p tcp -m state --state NEW --dport 80 -j DROP', '-p tcp -m tcp --dport 80 -m state --state NEW -j DROP'],
    ['-p tcp --syn -j DROP', '-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP'],
    [
      '-p icmp --icmp-type echo-request -j REJECT',
      '-p icmp -m icmp --icmp-type 8 -j REJECT --reject-with icmp-port-unreachable',
    ],
    ['-j MARK --set-mark 7', '-j MARK --set-xmark 0x7/0xffffffff'],
    ['-m limit --limit 5/minute -j LOG', '-m limit --limit 5/min -j LOG'],
    ['-j DNAT -p tcp --to 10.0.0.2:80', '-p tcp -j DNAT --to-destination 10.0.0.2:80'],
  ])('%s = %s', (one, other) => expect(words(one)).toBe(words(other)))

  test.each([
    ['-s 10.0.0.1 -j DROP', '! -s 10.0.0.1 -j DROP'],
    ['-s 10.0.0.1 -j DROP', '-d 10.0.0.1 -j DROP'],
    ['! -s 0/0 -j DROP', '-j DROP'],
    ['-m mark --mark 1 -m connmark --mark 2 -j DROP', '-m mark --mark 2 -m connmark --mark 1 -j DROP'],
    ['-m comment --comment one -j DROP', '-j DROP'],
    ['-j LOG --log-prefix "a b"', '-j LOG --log-prefix "b a"'],
    ['-j chain', '-g chain'],
  ])('%s ≠ %s', (one, other) => expect(words(one)).not.toBe(words(other)))
})

describe('what it refuses', () => {
  test.each<readonly [unknown, RegExp]>([
    [{ chain: 'FORWARD' }, /^expected "rule" or "policy"/],
    [{ chain: 'lab', policy: 'DROP' }, /^expected a chain that has a policy/],
    [{ chain: 'INPUT', policy: 'DROP', rule: '-j ACCEPT' }, /^expected either/],
    [{ chain: 'INPUT', policy: 'DROP', position: 1 }, /^expected "position" only/],
    [{ table: 'nat', chain: 'OUTPUT', policy: 'DROP' }, /^expected ACCEPT/],
    [{ chain: '-F' }, /^expected a chain name/],
    [{ chain: 'a b' }, /^expected a chain name/],
    [{ chain: 'x'.repeat(29) }, /^expected a chain name/],
    [{ chain: 'ACCEPT' }, /^expected a chain name/],
    ...[
      '-j "ACCEPT',
      "-j 'ACCEPT",
      '-j ACCEPT \\',
      'ACCEPT',
      '',
      '-A FORWARD -j ACCEPT',
      '-t nat -j ACCEPT',
      '-j A -F',
    ].map((rule) => [{ chain: 'FORWARD', rule }, /^expected/] as const),
    ...[
      '-vt nat',
      '--tab nat',
      '--table=nat',
      '-j ACCEPT -w',
      '-N x',
      '-j ACCEPT --',
      '-ptcp',
      '-j LOG --log-prefix --comment -F',
      '-m recent --name --comment -t nat',
      '-j ACCEPT --flush',
    ].map((rule) => [{ chain: 'FORWARD', rule: `-i lo ${rule}` }, /^expected only matches and a target/] as const),
    [{ chain: 'FORWARD', rule: '-s 10.0.0.1,10.0.0.2 -j DROP' }, /^expected one address/],
    [{ chain: 'FORWARD', rule: '-s example.org -j DROP' }, /^expected one address/],
    [{ chain: 'FORWARD', rule: ['-m', 'comment', '--comment', 'a\nb'] }, /^expected a rule without control/],
  ])('%j', (input, message) => expect(issueOf(input)).toMatch(message))

  test('but takes text that looks like an option, and options that look like commands', () => {
    expect(issueOf({ chain: 'FORWARD', rule: '-m comment --comment -F -j LOG --log-prefix --flush' })).toBeUndefined()
    expect(issueOf({ chain: 'FORWARD', rule: '-m recent --set -m policy --dir in --pol none' })).toBeUndefined()
  })
})

test('splits words as a shell does', () => {
  expect(splitWords(String.raw`a 'b c' "d \"e\" \x $(f)" g\ h ''  i'j'"k"`)).toEqual([
    'a',
    'b c',
    String.raw`d "e" \x $(f)`,
    'g h',
    '',
    'ijk',
  ])
  expect(splitWords('  ')).toEqual([])
  expect(splitWords("it's")).toBeUndefined()
})

/** The kernel lets only the real root see which legacy tables there are (`/proc/net/ip_tables_names`, mode 0440). */
const seesLegacy = has('iptables-legacy') && process.getuid?.() === 0
const backends = [context, ...(seesLegacy ? [legacy] : [])]
const inputs = [
  forward,
  { ...forward, family: 'ipv6' },
  { table: 'nat', chain: 'POSTROUTING', rule: '-s 10.0.0.0/24 -o eth0 -j MASQUERADE' },
  { table: 'mangle', chain: 'FORWARD', rule: ['-p', 'tcp', '--syn', '-j', 'TCPMSS', '--clamp-mss-to-pmtu'] },
  { chain: 'FORWARD', policy: 'DROP' },
  { family: 'ipv6', chain: 'INPUT', policy: 'DROP' },
  { chain: 'lab' },
  { table: 'nat', family: 'ipv6', chain: '$(x);-x' },
  { chain: 'INPUT', rule: `-m comment --comment '$(x) "-x" \\'"'" -j LOG --log-prefix '-A "$(x)'` },
]

describe.each(backends)('in the kernel, $facts.iptables', (where) => {
  const program = `iptables-${where.facts.iptables}`
  const other = (step: string): Context => ({ ...where, step })
  const rulesIn = async (kernel: Kernel, table = 'filter'): Promise<string> =>
    (await kernel.sh(`${program}-save -t ${table}`))
      .split('\n')
      .filter((line) => line.startsWith('-A'))
      .map((line) => line.replace(/ -m comment --comment "?nsnet\S*/, ''))
      .join('\n')

  test.each(inputs)('applies and undoes %j', async (input) => {
    const kernel = await privateKernel()
    const before = await fingerprint(kernel.exec)
    const step = on(kernel, iptables, input, where)
    const state = await step.apply()
    expect(await fingerprint(kernel.exec)).not.toEqual(before)
    await step.undo(state)
    expect(await fingerprint(kernel.exec)).toEqual(before)
  })

  test('works in a named netns', async () => {
    const kernel = await privateKernel()
    await kernel.sh('ip netns add blue')
    const before = await fingerprint(kernel.exec)
    const step = on(kernel, iptables, { ...forward, netns: 'blue' }, where)
    const state = await step.apply()
    expect(await kernel.sh(`ip netns exec blue ${program}-save`)).toContain('-i veth-host')
    expect(await rulesIn(kernel)).toBe('')
    await step.undo(state)
    expect(await fingerprint(kernel.exec)).toEqual(before)
  })

  test('inserts at a position and leaves the rules of others above and below', async () => {
    const kernel = await privateKernel()
    await kernel.sh(`${program} -A FORWARD -i a -j DROP`)
    await kernel.sh(`${program} -A FORWARD -i b -j DROP`)
    const step = on(kernel, iptables, { ...forward, position: 2 }, where)
    const state = await step.apply()
    const [above, below] = ['-A FORWARD -i a -j DROP', '-A FORWARD -i b -j DROP']
    expect(await rulesIn(kernel)).toBe(`${above}\n-A FORWARD -i veth-host -j ACCEPT\n${below}`)
    await step.undo(state)
    expect(await rulesIn(kernel)).toBe(`${above}\n${below}`)
  })

  test('is satisfied with an identical rule of another, which survives', async () => {
    const kernel = await privateKernel()
    await kernel.sh(`${program} -A FORWARD -j ACCEPT -i veth-host`)
    const step = on(kernel, iptables, forward, where)
    expect(await step.plan()).toMatchObject({ apply: [], undo: [] })
    await step.undo(await step.observe())
    expect(await rulesIn(kernel)).toBe('-A FORWARD -i veth-host -j ACCEPT')
  })

  test('removes its own one of two identical rules', async () => {
    const kernel = await privateKernel()
    const step = on(kernel, iptables, forward, where)
    const state = await step.apply()
    await kernel.sh(`${program} -I FORWARD -i veth-host -j ACCEPT`)
    await step.undo(state)
    expect(await kernel.sh(`${program}-save`)).toContain('-A FORWARD -i veth-host -j ACCEPT\n')
  })

  test('is satisfied with the same rule of another run', async () => {
    const kernel = await privateKernel()
    await on(kernel, iptables, forward, other('s2')).apply()
    expect(await on(kernel, iptables, forward, where).plan()).toMatchObject({ apply: [] })
  })

  test('keeps a chain and a table that others use by now', async () => {
    const kernel = await privateKernel()
    const step = on(kernel, iptables, forward, where)
    const state = await step.apply()
    await kernel.sh(`${program} -A FORWARD -i a -j DROP`)
    await step.undo(state)
    expect(await rulesIn(kernel)).toBe('-A FORWARD -i a -j DROP')
    const policy = on(kernel, iptables, { chain: 'INPUT', policy: 'DROP' }, where)
    const plain = await policy.apply()
    await policy.undo(plain)
    expect(await rulesIn(kernel)).toBe('-A FORWARD -i a -j DROP')
  })

  test('undoes several steps in reverse, an own chain with its rule among them', async () => {
    const kernel = await privateKernel()
    const before = await fingerprint(kernel.exec)
    const steps = [
      on(kernel, iptables, { chain: 'lab' }, other('a')),
      on(kernel, iptables, { chain: 'lab', rule: '-p tcp --dport 80 -j ACCEPT' }, other('b')),
      on(kernel, iptables, { chain: 'FORWARD', rule: '-j lab' }, other('c')),
      on(kernel, iptables, { chain: 'FORWARD', policy: 'DROP' }, other('d')),
      on(kernel, iptables, { chain: 'INPUT', rule: '-i lo -j ACCEPT' }, other('e')),
    ]
    const states: IptablesState[] = []
    for (const step of steps) states.push(await step.apply())
    for (const step of steps.toReversed()) await step.undo(states.pop()!)
    expect(await fingerprint(kernel.exec)).toEqual(before)
  })

  test('keeps an own chain that others have put a rule into, or jump to', async () => {
    const kernel = await privateKernel()
    const step = on(kernel, iptables, { chain: 'lab' }, where)
    const state = await step.apply()
    await kernel.sh(`${program} -A INPUT -j lab`)
    await step.undo(state)
    expect(await kernel.sh(`${program} -S lab`)).toBe('-N lab\n')
  })

  test('passes on hostile text as it is', async () => {
    const kernel = await privateKernel()
    const text = String.raw`$(x) ' "-x" \ *`
    await on(
      kernel,
      iptables,
      { chain: 'INPUT', rule: ['-m', 'comment', '--comment', text, '-j', 'DROP'] },
      where,
    ).apply()
    const listed = await kernel.sh(`${program} -L INPUT`)
    expect(listed).toContain(`/* ${text} */`)
  })
})

describe('by iptables-nft', () => {
  test('keeps a table in which nft has put something', async () => {
    const kernel = await privateKernel()
    const step = on(kernel, iptables, forward)
    const state = await step.apply()
    await kernel.exec({ argv: ['nft', 'add set ip filter mine { type ipv4_addr; }'] })
    await step.undo(state)
    expect(await kernel.sh('nft list ruleset')).toContain('set mine')
  })

  test('does not delete a table in which a chain is there again by now', async () => {
    const kernel = await privateKernel()
    const step = on(kernel, iptables, forward)
    const before = await step.apply()
    const commands = undoOf(iptables, given(iptables, forward).input, before, await step.observe(), context)
    await kernel.sh('iptables-nft -A INPUT -i a -j DROP')
    for (const command of commands) await kernel.exec(command)
    expect(await kernel.sh('iptables-nft-save')).toContain('-A INPUT -i a -j DROP')
  })

  test('tells an own chain from another of the same name', async () => {
    const kernel = await privateKernel()
    const step = on(kernel, iptables, { chain: 'lab' })
    await step.apply()
    const made = iptables.identity!(await step.observe())
    await kernel.sh('iptables-nft -X lab')
    expect(iptables.identity!(await step.observe())).toBeNull()
    await kernel.sh('iptables-nft -N lab')
    expect(iptables.identity!(await step.observe())).not.toBe(made)
  })

  test('conforms', async () => conforms(await privateKernel(), iptables, forward))
})
