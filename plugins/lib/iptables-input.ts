import { createHash } from 'node:crypto'
import { z } from 'zod'
import { choice } from '../../core/choice.ts'
import { ofObject, ofText } from '../../core/memo.ts'
import { netnsName } from '../../core/net.ts'
import { keyIn, type ResourceKey } from '../../core/resource.ts'
import { tagOf, type Context } from '../../core/step.ts'
import { canonicalRule, clausesOf, networkIn, TAKES_TEXT } from './iptables-rules.ts'
import { splitWords } from './shell-words.ts'

/** Chains that the kernel knows in each table; only they have a policy. @see iptables(8), TABLES */
export const BUILT_IN: { readonly [table: string]: readonly string[] } = {
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  raw: ['PREROUTING', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
}

/** Characters of a rule: the kernel takes no longer argument than twice that. @see execve(2) */
const MAX_RULE = 65_536

const shape = z.strictObject({
  netns: netnsName.optional(),
  family: choice('which packets the chain sees', { ipv4: 'IPv4, by iptables', ipv6: 'IPv6, by ip6tables' }).default(
    'ipv4',
  ),
  table: choice('table that the chain is in', {
    filter: 'lets packets pass or drops them',
    nat: 'rewrites addresses and ports',
    mangle: 'changes other fields of packets, and marks them',
    raw: 'comes before connection tracking',
    security: 'labels packets for SELinux',
  }).default('filter'),
  chain: z
    .string()
    .refine(isChainName, 'expected a chain name: 1 to 28 bytes without white space, not starting with "-", "!" or ":"')
    .meta({
      description: 'chain: a built-in one of the table, or an own one; 1 to 28 bytes',
      examples: ['FORWARD', 'nsnet-lab'],
    }),
  rule: z
    .union([z.string().max(MAX_RULE, { abort: true }), z.array(z.string()).max(MAX_RULE, { abort: true })])
    .optional()
    .meta({
      description: 'matches and target, as after "iptables -A CHAIN": one text, or a list of words',
      examples: ['-i veth-host -j ACCEPT', ['-i', 'veth-host', '-j', 'ACCEPT']],
    }),
  position: z
    .int()
    .min(1)
    .optional()
    .meta({
      description: 'number of the rule before which it is inserted, from 1; without it, it is the last one',
      examples: [1],
    }),
  policy: choice('what a built-in chain does with packets that no rule decides on', {
    ACCEPT: 'lets them pass',
    DROP: 'drops them without a word',
  }).optional(),
})

/** What a workflow says to `iptables`: a rule, the policy of a built-in chain, or (with neither) an own chain. */
export const iptablesInput = shape.superRefine((input, context) => {
  const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
  const { rule, policy, position, table, chain } = input
  const names = BUILT_IN[table]?.join(', ')
  if (rule !== undefined && policy !== undefined) refuse('policy', 'expected either "rule" or "policy", not both')
  if (rule === undefined && position !== undefined) refuse('position', 'expected "position" only beside "rule"')
  if (policy !== undefined && !isBuiltIn(input)) refuse('chain', `expected a chain that has a policy: one of ${names}`)
  if (policy === 'DROP' && table === 'nat') refuse('policy', 'expected ACCEPT: the nat table is not for filtering')
  if (rule === undefined && policy === undefined && isBuiltIn(input))
    refuse('chain', `expected "rule" or "policy" beside a built-in chain, or the name of an own chain`)
  const mistake = rule === undefined ? undefined : mistakeIn(rule)
  if (mistake !== undefined) refuse('rule', mistake)
  if (/^(ACCEPT|DROP|QUEUE|RETURN)$/.test(chain)) refuse('chain', 'expected a chain name that is not that of a target')
})

export type IptablesInput = z.infer<typeof shape>

/** Keys the table that the chain is in. */
export const tableKey = ({ netns, family, table }: Pick<IptablesInput, 'netns' | 'family' | 'table'>): ResourceKey =>
  keyIn('table', netns, family, table)

/** Says whether the kernel has this chain in this table by itself. */
export const isBuiltIn = ({ table, chain }: IptablesInput): boolean => BUILT_IN[table]?.includes(chain) ?? false

/** Lists the words of a rule; a string is read as a POSIX shell would, without expanding anything. */
export const wordsOf = (rule: string | readonly string[]): readonly string[] =>
  typeof rule === 'string' ? wordsIn(rule) : rule

const wordsIn = ofText((rule): readonly string[] => splitWords(rule) ?? [])

/** Says whether the step makes an own chain: it says neither a rule nor a policy. */
export const makesChain = ({ rule, policy }: IptablesInput): boolean => rule === undefined && policy === undefined

/** Tells rules apart by what was asked for: 6 hex digits over family, table, chain and the rule's words. */
export const hashOf = ofObject(({ family, table, chain, rule }: IptablesInput): string => {
  const said = JSON.stringify([family, table, chain, ...wordsOf(rule ?? [])])
  return createHash('sha256').update(said).digest('hex').slice(0, 6)
})

/** Writes what the step's rule means. @see canonicalRule */
export const meaningOf = ofObject(({ rule }: IptablesInput): string => canonicalRule(wordsOf(rule ?? [])))

/** Writes the comment of the rule that this very step makes: `nsnet:RUN/STEP:HASH`. */
export const tagIn = (input: IptablesInput, context: Context): string => `${tagOf(context)}:${hashOf(input)}`

function mistakeIn(rule: string | readonly string[]): string | undefined {
  if (typeof rule === 'string' && !splitWords(rule)) return 'expected closed quotes and no backslash at the end'
  const words = wordsOf(rule)
  if (!/^(-|!$)/.test(words[0] ?? ''))
    return 'expected a rule such as "-i veth-host -j ACCEPT": it begins with an option'
  if (words.some((word) => /[\x00-\x1f\x7f]/.test(word))) return 'expected a rule without control characters'
  const command = words.find((word, at) => isCommand(word) && !isText(words, at))
  if (command !== undefined)
    return `expected only matches and a target, each option a word of its own, not "${command}"`
  const wrong = clausesOf(words).find(({ option, args }) => /^-[sd]$/.test(option) && !networkIn(args[0] ?? ''))
  if (wrong) return `expected one address or prefix after ${wrong.option}: names and lists make several rules`
  return undefined
}

/**
 * Says whether a word is the text of the option before it. What stands before that option must not look like one: it could
 * take the option for its own argument, as in `--name --comment -t nat`.
 */
const isText = (words: readonly string[], at: number): boolean =>
  TAKES_TEXT.test(words[at - 1] ?? '') && !(words[at - 2] ?? '').startsWith('-')

/** Long options that are no part of a rule; getopt_long(3) takes abbreviations of them too. */
const COMMANDS = [
  'append',
  'check',
  'delete',
  'delete-chain',
  'exact',
  'flush',
  'help',
  'insert',
  'ipv4',
  'ipv6',
].concat(
  ['line-numbers', 'list', 'list-rules', 'modprobe', 'new-chain', 'numeric', 'policy', 'rename-chain', 'replace'],
  ['set-counters', 'table', 'verbose', 'version', 'wait', 'wait-interval', 'zero'],
)

/** Options of matches that look like abbreviations of commands: of `recent`, `statistic` and `policy`. */
const NO_COMMANDS = new Set(['--set', '--mode', '--pol'])

function isCommand(word: string): boolean {
  const [option = ''] = word.split('=')
  if (!option.startsWith('-') || option === '-' || NO_COMMANDS.has(option)) return false
  if (!option.startsWith('--')) return !/^-[sdiopmjgf]$/.test(option)
  return COMMANDS.some((name) => name.startsWith(option.slice(2)))
}

function isChainName(name: string): boolean {
  return Buffer.byteLength(name) <= 28 && /^[^\s\x00-\x1f\x7f!:-][^\s\x00-\x1f\x7f]*$/.test(name)
}
