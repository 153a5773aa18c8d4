import { expect, test } from 'vitest'
import { ip, tagOf, z } from '../../core/index.ts'
import { linkKey, listLinks, netnsKey } from '../../net/index.ts'
import type { Output } from '../../core/command.ts'
import type { Context, Look, Step } from '../../core/step.ts'
import { conforms } from '../../testing/conforms.ts'
import { laws, type Rule } from '../../testing/laws.ts'
import type { Example } from '../../testing/trial.ts'

type Wanted = { readonly link: string; readonly both: readonly string[]; readonly netns?: string }
type Twin = Step<Wanted, readonly boolean[]>

/** What breaks a rule: another part in a sound step, or another file or example of it; and what the message says. */
interface Wrong {
  readonly why: string
  readonly rule: Rule
  readonly says: RegExp
  readonly part?: { readonly [field: string]: unknown }
  readonly file?: string
  readonly example?: Partial<Example>
}

const at = (name: string): URL => new URL(`./wrong/${name}.mjs`, import.meta.url)
const stepIn = async (name: string): Promise<Twin> =>
  ((await import(at(name).href)) as { readonly default: Twin }).default

const sound = await stepIn('twin')
const input = { link: 'enp1s0', both: ['10.7.0.1/32', '10.7.0.2/32'] }
const inNetns = {
  input: { ...input, link: 'lo', netns: 'ns1' },
  before: ['ip netns add ns1', 'ip -n ns1 link set lo up'],
}
const first = `ip address add ${input.both[0]} dev enp1s0`.split(' ')
const none = { apply: [], undo: [] }
const sh = (line: string) => ({ argv: ['sh', '-c', line] })

let count = 0

const wrong: readonly Wrong[] = [
  {
    why: 'a field too many',
    rule: 'example-valid',
    says: /not an input of twin/,
    example: { input: { ...input, x: 1 } },
  },
  {
    why: 'an input that becomes a Date',
    rule: 'input-json',
    says: /\/at is a Date/,
    part: { input: z.any().transform(() => ({ ...input, at: new Date(0) })) },
  },
  { why: 'a plan that throws', rule: 'shape', says: /"plan": TypeError: oops/, part: { plan: thrower } },
  { why: 'a plan that is none', rule: 'shape', says: /"plan": expected \{ apply: /, part: { plan: () => [] } },
  {
    why: 'an observe that reads the clock',
    rule: 'pure',
    says: /"observe", called twice [^]*\/2: expected \d+, found \d+/,
    part: { observe: () => [false, false, Date.now()] },
  },
  {
    why: 'an observe that counts',
    rule: 'pure',
    says: /"observe", called twice/,
    part: { observe: () => [false, false, count++] },
  },
  {
    why: 'an observe that changes its input',
    rule: 'arguments-kept',
    says: /"observe" changed what it was given:[^]*\/1\/both/,
    part: { observe: (_: unknown, wanted: { both: string[] }) => wanted.both.splice(0).map(() => false) },
  },
  {
    why: 'a plan that changes the state',
    rule: 'arguments-kept',
    says: /"plan" changed what it was given/,
    part: { plan: (wanted: Wanted, there: boolean[]) => planned(wanted, there.fill(false)) },
    example: { before: [first.join(' ')] },
  },
  {
    why: 'a command with a Date in it',
    rule: 'commands-data',
    says: /in a command, \/until is a Date/,
    part: { plan: () => ({ apply: [{ argv: first, until: new Date(0) }], undo: [] }) },
  },
  {
    why: 'a probe that fails for what is absent',
    rule: 'probe-lists',
    says: /ip address show dev absent0: exit code 1[^]*"absent0" does not exist/,
    part: { probe: () => ip(undefined, 'address', 'show', 'dev', 'absent0') },
  },
  {
    why: 'a probe that changes the kernel',
    rule: 'probe-looks',
    says: /after the probes:[^]*ifalias[^]*seen/,
    part: { probe: () => [listLinks(undefined), sh('ip link set dev enp1s0 alias seen')] },
  },
  {
    why: 'a state with a Map',
    rule: 'state-json',
    says: /\/2 is a Map/,
    part: { observe: () => [false, false, new Map()] },
  },
  { why: 'a state with NaN', rule: 'state-json', says: /\/0 is NaN/, part: { observe: () => [Number.NaN] } },
  {
    why: 'a conflict with nothing',
    rule: 'no-conflict',
    says: /the conflict: not today/,
    part: { plan: () => ({ conflict: 'not today' }) },
  },
  { why: 'a plan without commands', rule: 'acts', says: /a plan without commands/, part: { plan: () => none } },
  {
    why: 'a command that fails',
    rule: 'apply-runs',
    says: /ip link set dev absent0 up: exit code 1/,
    part: { plan: () => ({ apply: [ip(undefined, 'link', 'set', 'dev', 'absent0', 'up')], undo: [] }) },
  },
  {
    why: 'an apply that does half of it',
    rule: 'goal',
    says: /planned again:[^]*address add 10\.7\.0\.2\/32/,
    part: { plan: (wanted: Wanted, there: boolean[]) => shortened(planned(wanted, there)) },
  },
  {
    why: 'a plan that is never satisfied',
    rule: 'goal',
    says: /planned again:[^]*address replace/,
    part: { plan: () => ({ apply: [ip(undefined, 'address', 'replace', '10.7.0.1/32', 'dev', 'enp1s0')], undo: [] }) },
  },
  {
    why: 'an effect that nobody sees',
    rule: 'visible',
    says: /no difference/,
    part: {
      probe: () => sh('cat /run/mark || true'),
      observe: ({ stdout }: { stdout: string }) => [stdout !== ''],
      plan: (_: unknown, [there]: boolean[]) => (there ? none : { apply: [sh('echo 1 >/run/mark')], undo: [] }),
      undo: () => [],
    },
  },
  {
    why: 'a step that knows its own mark only',
    rule: 'once',
    says: /in another run, the commands:[^]*--comment nsnet:another1\/other/,
    part: marking(),
  },
  {
    why: 'a step that no run can claim',
    rule: 'claimed',
    says: /nothing in "creates" and nothing in "shares"/,
    part: { resources: () => ({ uses: [linkKey(undefined, 'enp1s0')] }) },
  },
  {
    why: 'a plan that asks nothing of another run',
    rule: 'claimed',
    says: /another run plans nothing/,
    part: {
      plan: (wanted: Wanted, there: readonly boolean[], { run }: Context) =>
        run === 'another1' ? none : planned(wanted, there),
    },
  },
  {
    why: 'an outcome that is half of it',
    rule: 'outcome',
    says: /planned on it, the commands:[^]*address add 10\.7\.0\.2/,
    part: { outcome: () => [true, false] },
  },
  {
    why: 'an outcome whose outputs are others',
    rule: 'outcome',
    says: /in the outputs, \/first: expected "there", found "unknown"/,
    part: {
      observe: (...given: Parameters<Twin['observe']>) => [...sound.observe(...given), 'there'],
      outcome: () => [true, true, ''],
      outputs: { first: ([, , third]: readonly string[]) => third || 'unknown' },
    },
  },
  {
    why: 'a foretell that sees no change',
    rule: 'foretell',
    says: /after example \(twin\), of what was foretold:[^]*planned on it: ip address add[^]*in the state, [^]*expected true, found false/,
    part: { foretell: (_: unknown, there: readonly boolean[]) => there },
  },
  {
    why: 'resources that do not name what others change',
    rule: 'foretell',
    says: /after example \(addr\), of what was foretold:[^]*in the state, [^]*expected true, found false/,
    part: { resources: () => ({ creates: [linkKey(undefined, 'other0')] }) },
    example: { before: [{ uses: 'addr', with: { link: 'enp1s0', address: input.both[0] } }] },
  },
  {
    why: 'a step that disowns what it made',
    rule: 'still-own',
    says: /"mine" said false/,
    part: { mine: () => false },
  },
  {
    why: 'a drift that nobody made',
    rule: 'still-own',
    says: /"drift" said, with undefined as "after": it is odd/,
    part: { drift: (_: unknown, after: unknown) => (after === undefined ? 'it is odd' : undefined) },
  },
  {
    why: 'an identity that does not stay',
    rule: 'still-own',
    says: /"identity" gave "[\d. ]+\\n", and a moment later "[\d. ]+\\n"/,
    part: {
      probe: (wanted: Wanted) => [listLinks(wanted.netns), { argv: ['cat', '/proc/uptime'] }],
      observe: (output: Output, wanted: Wanted, look: Look) => [
        ...sound.observe(output, wanted, look),
        look.outputs[1]!.stdout,
      ],
      identity: ([, , uptime]: readonly string[]) => uptime,
    },
  },
  {
    why: 'changes that change nothing',
    rule: 'changes',
    says: /got {7}addresses: 2 → 2/,
    part: { changes: () => [{ what: 'addresses', from: '2', to: '2' }] },
  },
  {
    why: 'a comment that nobody sets',
    rule: 'handle',
    says: /no "mine" in what the first probe prints/,
    part: { commentOfHandle: () => 'mine' },
  },
  {
    why: 'a comment without a handle',
    rule: 'handle',
    says: /no "# handle" up to the end of the line with "UP"/,
    part: { commentOfHandle: () => 'UP' },
  },
  {
    why: 'exit codes that tell nothing',
    rule: 'exit-code-tells',
    says: /before "apply", exit codes 0/,
    part: { exitCodeTells: true },
  },
  {
    why: 'a picture that is none',
    rule: 'shape',
    says: /"sketch": expected a list of sketches/,
    part: { sketch: () => ['a box'] },
  },
  {
    why: 'an identity that has to be waited for',
    rule: 'shape',
    says: /"identity": expected plain JSON, got a promise/,
    part: { identity: async () => 'x' },
  },
  {
    why: 'an output that JSON does not hold',
    rule: 'shape',
    says: /"outputs.since": expected plain JSON, got a Date/,
    part: { outputs: { since: () => new Date(0) } },
  },
  {
    why: 'a check that fails',
    rule: 'looks-only',
    says: /the conflict: not there/,
    part: { onlyLooks: true, plan: () => ({ conflict: 'not there' }) },
  },
  {
    why: 'a netns that is not named',
    rule: 'netns-named',
    says: /resources without netns:ns1[^]*ip -n ns1 address add/,
    part: { resources: () => ({ shares: [linkKey(undefined, 'lo')] }) },
    example: inNetns,
  },
  {
    why: 'a netns that is used and not there',
    rule: 'resources-there',
    says: /not there before: netns:ns9/,
    part: { resources: () => ({ uses: [netnsKey('ns9')], shares: [linkKey(undefined, 'lo')] }) },
  },
  {
    why: 'a netns that is made and not named',
    rule: 'made-named',
    says: /not in "creates": netns:ns5/,
    part: {
      plan: (wanted: Wanted, there: boolean[]) => withNetns(planned(wanted, there)),
      undo: (...given: Parameters<NonNullable<Twin['undo']>>) => {
        const left = sound.undo!(...given)
        return left.length === 0 ? [] : [...left, ip(undefined, 'netns', 'delete', 'ns5')]
      },
    },
  },
  {
    why: 'an undo without an end',
    rule: 'undo-ends',
    says: /left to run:[^]*address delete 10\.7\.0\.9/,
    part: { undo: () => [ip(undefined, 'address', 'delete', '10.7.0.9/32', 'dev', 'enp1s0')] },
  },
  {
    why: 'an undo that leaves something',
    rule: 'undo-restores',
    says: /after undo:[^]*found [^]*10\.7\.0\.2/,
    part: {
      undo: (...given: Parameters<NonNullable<Twin['undo']>>) =>
        sound.undo!(...given).filter(({ argv }) => !argv.includes(input.both[1]!)),
    },
  },
  {
    why: 'an undo that takes what is not its own',
    rule: 'undo-own',
    says: /gone after undo, and there before it:[^]*198\.51\.100\.2/,
    part: {
      undo: (...given: Parameters<NonNullable<Twin['undo']>>) =>
        sound.undo!(...given).length === 0 ? [] : [ip(undefined, '-4', 'address', 'flush', 'dev', 'enp1s0')],
    },
  },
  { why: 'what the real nsnet cannot do', rule: 'runs', says: /nsnet run: exit code 1[^]*not for /, file: 'runs' },
  {
    why: 'what is done twice',
    rule: 'twice',
    says: /after a second run:[^]*192\.0\.2\.1/,
    file: 'twice',
    example: { before: ['iptables -A INPUT -s 192.0.2.9 -j ACCEPT'] },
  },
  {
    why: 'half-done work that is not resumed',
    rule: 'resumes',
    says: /nsnet resume, after a kill of nsnet run behind its change 1: exit code 1[^]*one of both addresses is there/,
    file: 'resumes',
  },
  {
    why: 'half-done work that is not undone',
    rule: 'undoes-half',
    says: /after the undo, after a kill of nsnet run behind its change 1:[^]*found [^]*10\.7\.0\.1/,
    file: 'undoes-half',
  },
  {
    why: 'an undo that does other things the second time',
    rule: 'undo-resumes',
    says: /after a kill of nsnet undo behind its change 1:[^]*10\.66\.0\.9/,
    file: 'undo-resumes',
  },
]

test.concurrent.each(wrong)('$why breaks the rule $rule', async ({ rule, says, part = {}, file = 'twin', example }) => {
  const step = { ...(await stepIn(file)), ...part }
  const broken = conforms(step, [{ input, ...example }], { plugin: at(file) })
  const { [rule]: law } = laws
  await expect(broken).rejects.toMatchObject({ name: 'ContractBroken', rule, type: 'twin' })
  const { message } = (await broken.catch((error: unknown) => error)) as Error
  expect(message).toMatch(says)
  expect(message).toContain(`  expected  ${law.law}`)
  expect(message).toContain(`  change    ${law.change}`)
})

test('for each rule there is a step that breaks it', () => {
  expect(new Set(wrong.map(({ rule }) => rule))).toEqual(new Set(Object.keys(laws)))
})

test('the step that they are made of keeps the contract', async () => {
  await conforms(sound, [{ input }, inNetns], { plugin: at('twin') })
}, 300_000)

test('without its file a step cannot be killed, and the message says what to add', async () => {
  await expect(conforms(sound, [{ input }])).rejects.toThrow(
    /"plugin" with the file of the step type "twin"[^]*\{ plugin: new URL\('\.\/mtu\.js', import\.meta\.url\) \}/,
  )
  await expect(conforms(sound, [], { plugin: at('twin') })).rejects.toThrow('at least one example')
})

function thrower(): never {
  throw new TypeError('oops')
}

const planned = (wanted: Wanted, there: readonly boolean[]) => sound.plan(wanted, there, {} as never)

type Planned = ReturnType<typeof planned>

const shortened = (plan: Planned): Planned =>
  plan.conflict === undefined ? { ...plan, apply: plan.apply.slice(0, 1) } : plan

const withNetns = (plan: Planned): Planned =>
  plan.conflict === undefined && plan.apply.length > 0
    ? { ...plan, apply: [...plan.apply, ip(undefined, 'netns', 'add', 'ns5')] }
    : plan

/** A rule that is found by the comment with this run and step. */
function marking(): NonNullable<Wrong['part']> {
  type Where = Parameters<typeof tagOf>[0]
  return {
    probe: () => ({ argv: ['iptables-save'] }),
    observe: ({ stdout }: { stdout: string }, _: unknown, where: Where) => [stdout.includes(tagOf(where))],
    plan: (_: unknown, [there]: boolean[], where: Where) =>
      there ? none : { apply: [drop('-A', tagOf(where))], undo: [drop('-D', tagOf(where))] },
  }
}

const drop = (verb: string, comment: string) => ({
  argv: `iptables ${verb} INPUT -s 192.0.2.1 -m comment --comment ${comment} -j DROP`.split(' '),
})
