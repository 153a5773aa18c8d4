import { describe, expect, test } from 'vitest'
import { fingerprint } from '../../core/fingerprint.ts'
import { undoOf } from '../../core/step.ts'
import type { NftablesState } from '../../plugins/lib/nft-state.ts'
import nftables from '../../plugins/nftables.ts'
import { parseRuleset } from '../../plugins/lib/nft-ruleset.ts'
import { normal } from '../../plugins/lib/nft-text.ts'
import { conforms, on } from '../support/conforms.ts'
import { context, given } from '../support/given.ts'
import { privateKernel, type Kernel } from '../support/kernel.ts'

const lab = {
  ruleset: [
    'table inet lab { # { a comment',
    '  set hosts { type ipv4_addr; flags interval; elements = { 10.0.0.0/24,',
    '    10.1.0.1 } }',
    '  chain forward { type filter hook forward priority 0; policy accept;',
    '    ip saddr @hosts counter accept',
    '    log prefix "# } not the end" }',
    '}',
  ].map((line) => line.replace(/ \}$/, '; }')),
}
const simple = { ruleset: 'table t { chain c { tcp dport 22 accept; }; }' }
const rule = { family: 'inet', table: 't', chain: 'c', rule: 'tcp dport { 22, 80 } accept' }

const seen = (state: Partial<NftablesState>, around: Partial<NftablesState['around']> = {}): NftablesState => ({
  handle: null,
  text: null,
  ...state,
  around: { table: null, chain: false, same: false, managed: false, ...around },
})

const commentOf = (input: unknown): string => {
  const step = given(nftables, input)
  const plan = nftables.plan(
    step.input,
    seen({}, { table: step.input.rule === undefined ? null : '', chain: true }),
    context,
  )
  return /nsnet:r1\/s1:[0-9a-f]{6}/.exec(plan.conflict ?? plan.apply[0]?.stdin ?? '')![0]
}

const issueOf = (input: unknown): string | undefined => {
  const result = nftables.input['~standard'].validate(input)
  if (result instanceof Promise) throw new Error('expected a synchronous schema')
  return result.issues?.[0]?.message
}

const feed = async (kernel: Kernel, text: string): Promise<void> => {
  const output = await kernel.exec({ argv: ['nft', '-f', '-'], stdin: text })
  if (output.exitCode !== 0) throw new Error(output.stderr)
}

describe('what it plans', () => {
  test('creates a table with its comment first', () =>
    given(nftables, simple)
      .seeing(seen({}))
      .plans({
        apply: [
          `nft -f - <<'EOF'\ncreate table ip t { comment "${commentOf(simple)}"; }\ntable ip t {\n\tchain c { tcp dport 22 accept; };\n}\nEOF`,
        ],
        undo: ["nft -f - <<'EOF'\ndelete table ip handle @handle\nEOF"],
      }))

  test('adds a rule with its comment last, or inserts it, in a netns', () => {
    const text = `rule inet t c tcp dport { 22, 80 } accept comment "${commentOf(rule)}"`
    const undo = "nft -f - <<'EOF'\ndelete rule inet t c handle @handle\nEOF"
    given(nftables, rule)
      .seeing(seen({}, { table: '', chain: true }))
      .plans({ apply: [`nft -f - <<'EOF'\nadd ${text}\nEOF`], undo: [undo] })
    given(nftables, { ...rule, netns: 'blue', position: 'first' })
      .seeing(seen({}, { table: '', chain: true }))
      .plans({
        apply: [`ip netns exec blue nft -f - <<'EOF'\ninsert ${text}\nEOF`],
        undo: [`ip netns exec blue ${undo}`],
      })
  })

  test('is satisfied with what it made and with what says the same', () => {
    given(nftables, simple)
      .seeing(seen({ handle: 4, text: '' }))
      .isSatisfied()
    given(nftables, simple)
      .seeing(seen({}, { table: '', same: true }))
      .isSatisfied()
  })

  test('conflicts with a table of other content, and where there is no table or chain', () => {
    given(nftables, simple)
      .seeing(seen({}, { table: 'chain d { }' }))
      .conflicts('the one that is there is "chain d { }"')
    given(nftables, rule).seeing(seen({})).conflicts('expected a table inet t, found none')
    given(nftables, rule)
      .seeing(seen({}, { table: '' }))
      .conflicts('expected a chain c in table inet t, found none')
    given(nftables, rule)
      .seeing(seen({}, { table: '', chain: true, managed: true }))
      .conflicts('managed by iptables-nft')
  })

  test('takes away by handle, and only what was not there before', () => {
    const { input } = given(nftables, rule)
    const undo = (before: NftablesState, now: NftablesState) => undoOf(nftables, input, before, now, context)
    expect(undo(seen({}), seen({ handle: 7 }))).toEqual([
      { argv: ['nft', '-f', '-'], stdin: 'delete rule inet t c handle 7\n' },
    ])
    expect(undo(seen({}), seen({}, { same: true }))).toEqual([])
    expect(undo(seen({ handle: 7 }), seen({ handle: 7 }))).toEqual([])
  })
})

const table = (body: string) => ({ ruleset: `table ip t {${body}}` })

describe('what it refuses', () => {
  test.each([
    [{}, /^expected "ruleset", or/],
    [{ table: 't', chain: 'c' }, /^expected "ruleset", or.*"rule"/],
    [{ ...simple, table: 't' }, /^expected "ruleset" without "table"/],
    [{ ruleset: 'flush ruleset\ntable ip t { }' }, /^expected one block/],
    [{ ruleset: 'table ip t { }\ntable ip u { }' }, /^expected nothing after/],
    [{ ruleset: 'table ip t { } ; flush ruleset' }, /^expected nothing after/],
    [{ ruleset: 'table ip t { chain c { }' }, /^expected closed quotes/],
    [{ ruleset: 'table ip t { chain c { log prefix "} } }' }, /^expected closed quotes/],
    [{ ruleset: 'table ipx t { }' }, /^expected a family/],
    [table('\ninclude "/etc/passwd"\n'), /^expected a table without "include"/],
    [table(' define x = 1\n'), /^expected a table without "define"/],
    [table('\ncomment "mine"\n'), /^expected a table without a comment/],
    [{ ...rule, table: 't; flush ruleset' }, /^expected a name of nft/],
    [{ ...rule, chain: '-x' }, /^expected a name of nft/],
    [{ ...rule, rule: 'accept; flush ruleset' }, /^expected one rule/],
    [{ ...rule, rule: 'accept }; flush ruleset; {' }, /^expected balanced braces/],
    [{ ...rule, rule: 'accept\nflush ruleset' }, /^expected a rule on one line/],
    [{ ...rule, rule: 'accept comment "mine"' }, /^expected a rule without comment/],
    [{ ...rule, rule: 'accept # mine' }, /^expected a rule without "#"/],
    [{ ...rule, rule: 'log prefix "a' }, /^expected closed quotes/],
    [{ ...rule, rule: 'accept \\' }, /^expected closed quotes/],
    [{ ...rule, rule: 'handle 4 accept' }, /^expected "position"/],
    [{ ...rule, rule: ' ' }, /^expected a rule such as/],
  ])('%j', (input, message) => expect(issueOf(input)).toMatch(message))

  test('but takes comments, lists over several lines, and odd text in quotes', () => {
    expect(issueOf(lab)).toBeUndefined()
    expect(issueOf({ ...rule, rule: 'log prefix "# comment; }" accept' })).toBeUndefined()
    expect(issueOf(table(' chain c { comment "mine"; } '))).toBeUndefined()
  })
})

describe('two writings of one text', () => {
  test.each([
    ['chain c { accept; }', 'chain c {\n\taccept\n}'],
    ['tcp dport { 1,2,\n 3 } accept', 'tcp dport {1, 2, 3} accept'],
    ['counter packets 5 bytes 300 accept', 'counter accept'],
    ['a # b\nc \\\n d', 'a\nc d'],
  ])('%j = %j', (one, other) => expect(normal(one)).toBe(normal(other)))

  test.each([
    ['log prefix "a  b"', 'log prefix "a b"'],
    ['ip saddr { 1.2.3.4 } accept', 'ip saddr { 1.2.3.4 }\naccept'],
  ])('%j ≠ %j', (one, other) => expect(normal(one)).not.toBe(normal(other)))
})

test('reads tables, chains and rules with what is around them', () => {
  const listing = [
    'table ip t { # handle 3',
    '\tcomment "nsnet:r1/s1:abcdef"',
    '\tset seen { # handle 4',
    '\t\ttype ipv4_addr',
    '\t\tflags dynamic,timeout',
    '\t\telements = { 10.0.0.1 expires 4s,',
    '\t\t\t     10.0.0.2 expires 5s }',
    '\t}',
    '',
    '\tchain c { # handle 1',
    '\t\ttype filter hook input priority filter; policy accept;',
    '\t\tlog prefix "a "b # { " accept # handle 5',
    '\t\tdrop comment "nsnet:r2/s2:123456" # handle 6',
    '\t}',
    '}',
    '',
  ].join('\n')
  expect(parseRuleset(listing)).toEqual([
    {
      family: 'ip',
      body: expect.stringContaining('chain c {'),
      name: 't',
      handle: 3,
      comment: 'nsnet:r1/s1:abcdef',
      text: expect.not.stringMatching(/10\.0\.0|drop|handle|nsnet/) as string,
      chains: {
        c: [
          { handle: 5, comment: null, text: expect.stringContaining('log prefix') as string },
          { handle: 6, comment: 'nsnet:r2/s2:123456', text: 'drop' },
        ],
      },
    },
  ])
})

describe('in the kernel', () => {
  test.each([lab, simple, { ruleset: 'table arp t { }' }, { ruleset: 'table ip6 t {\nflags dormant\n}' }])(
    'makes and removes a table: %j',
    async (input) => conforms(await privateKernel(), nftables, input),
  )

  test('puts all of a table into the kernel', async () => {
    const kernel = await privateKernel()
    await on(kernel, nftables, lab).apply()
    const listing = await kernel.sh('nft --stateless list ruleset')
    expect(listing.replace(/^\s*comment.*\n/m, '')).toBe(
      [
        'table inet lab {',
        '\tset hosts {',
        '\t\ttype ipv4_addr',
        '\t\tflags interval',
        '\t\telements = { 10.0.0.0/24, 10.1.0.1 }',
        '\t}',
        '',
        '\tchain forward {',
        '\t\ttype filter hook forward priority filter; policy accept;',
        '\t\tip saddr @hosts counter accept',
        '\t\tlog prefix "# } not the end"',
        '\t}',
        '}',
        '',
      ].join('\n'),
    )
  })

  test('makes and removes a table in a named netns', async () => {
    const kernel = await privateKernel()
    await kernel.sh('ip netns add blue')
    await conforms(kernel, nftables, { ...lab, netns: 'blue' })
  })

  test.each(['first', 'last'])('adds a rule %s, and removes it from among those of others', async (position) => {
    const kernel = await privateKernel()
    await feed(kernel, 'table inet t { chain c { udp dport 1 drop; udp dport 2 drop; }; }')
    const before = await fingerprint(kernel.exec)
    const step = on(kernel, nftables, { ...rule, position })
    const state = await step.apply()
    const rules = (await kernel.sh('nft list chain inet t c')).split('\n').filter((line) => line.includes('dport'))
    expect(rules.at(position === 'first' ? 0 : -1)).toMatch(/tcp dport \{ 22, 80 \} accept comment "nsnet:r1\/s1:/)
    await feed(kernel, 'add rule inet t c tcp dport { 22, 80 } accept')
    await step.undo(state)
    const foreign = '\t\ttcp dport { 22, 80 } accept'
    expect(await kernel.sh('nft list chain inet t c')).toContain(`${foreign}\n`)
    const now = await fingerprint(kernel.exec)
    expect(JSON.parse(JSON.stringify(now).replace(`${JSON.stringify(foreign)},`, ''))).toEqual(before)
  })

  test('is satisfied with a table and a rule of others that say the same', async () => {
    const kernel = await privateKernel()
    await feed(kernel, 'table ip t { chain c { tcp dport 22 counter accept; }; }')
    const sameTable = { ruleset: 'table t {\n chain c {\n tcp dport 22 counter accept # ssh\n }\n}' }
    const again = { table: 't', chain: 'c', rule: 'tcp dport  22 counter accept' }
    for (const input of [sameTable, again]) {
      const step = on(kernel, nftables, input)
      expect(await step.plan()).toMatchObject({ apply: [], undo: [] })
      await step.undo(await step.observe())
    }
    expect(await kernel.sh('nft list ruleset')).toContain('tcp dport 22')
  })

  test('is satisfied with the same table of another run, and never takes it away', async () => {
    const kernel = await privateKernel()
    const state = await on(kernel, nftables, lab, { ...context, run: 'r2' }).apply()
    const step = on(kernel, nftables, lab)
    expect(await step.plan()).toMatchObject({ apply: [] })
    await step.undo(state)
    expect(await kernel.sh('nft list ruleset')).toContain('nsnet:r2/s1')
  })

  test('does not mix its rules into a table that somebody makes at the same time', async () => {
    const kernel = await privateKernel()
    const step = on(kernel, nftables, simple)
    const plan = await step.plan()
    await feed(kernel, 'table ip t { chain theirs { }\n }')
    if (plan.conflict !== undefined) throw new Error(plan.conflict)
    expect(await kernel.exec(plan.apply[0]!)).toMatchObject({ exitCode: 1 })
    expect(await step.plan()).toMatchObject({ conflict: expect.stringContaining('chain theirs') as string })
  })

  test('shows what others change in its table, but not the rules of other steps', async () => {
    const kernel = await privateKernel()
    const step = on(kernel, nftables, simple)
    await step.apply()
    const after = await step.observe()
    const added = { table: 't', chain: 'c', rule: 'udp dport 53 accept' }
    await on(kernel, nftables, added, { ...context, step: 's2' }).apply()
    expect(await step.observe()).toEqual(after)
    await feed(kernel, 'add rule ip t c drop')
    expect((await step.observe()).text).not.toBe(after.text)
  })

  test('tells its table from another of the same name', async () => {
    const kernel = await privateKernel()
    const step = on(kernel, nftables, simple)
    const state = await step.apply()
    expect(nftables.identity!(await step.observe())).toBeGreaterThan(0)
    await feed(kernel, 'delete table ip t\ntable ip t { chain theirs { }\n }')
    expect(nftables.identity!(await step.observe())).toBeNull()
    await step.undo(state)
    expect(await kernel.sh('nft list ruleset')).toContain('theirs')
  })

  test('leaves tables of iptables-nft alone', async () => {
    const kernel = await privateKernel()
    await kernel.sh('iptables-nft -A FORWARD -j ACCEPT')
    const step = on(kernel, nftables, { table: 'filter', chain: 'FORWARD', rule: 'drop' })
    expect(await step.plan()).toMatchObject({ conflict: expect.stringContaining('managed') as string })
  })

  test('passes on hostile text as it is', async () => {
    const kernel = await privateKernel()
    await feed(kernel, 'table inet t { chain c { }\n }')
    const text = String.raw`-x; } # \ 'flush' (x)`
    const step = on(kernel, nftables, { ...rule, rule: `log prefix "${text}"` })
    const state = await step.apply()
    expect(await kernel.sh('nft list chain inet t c')).toContain(`log prefix "${text}" comment "nsnet:`)
    await step.undo(state)
    expect(await kernel.sh('nft list ruleset')).toBe('table inet t {\n\tchain c {\n\t}\n}\n')
  })
})
