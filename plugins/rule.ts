import { ip, type Command } from '../core/command.ts'
import { equal } from '../core/json.ts'
import { everyKey, inside, keyIn } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, type Context, type Plan } from '../core/step.ts'
import { ruleDocs } from './docs/rule.ts'
import { inputOf } from './lib/earlier.ts'
import { ruleInput, type RuleInput } from './lib/rule-input.ts'
import { covers, nextPriority, parseRules, type PolicyRule } from './lib/rule-json.ts'

/**
 * Adds a rule of policy routing: which routing table is looked at for which packets.
 *
 * Rules are asked in the order of their priority, the lowest first. Without `priority` the rule gets the one that the kernel
 * would choose, in front of all but the first; an equal rule of any priority satisfies the step then. The kernel deletes the
 * first rule of a priority that has at least what is named: where another one would be taken for ours, the step is refused.
 *
 * @see ip-rule(8), fib_rules.c in net/core
 */
export default defineStep({
  type: 'rule',
  summary: 'Adds a rule of policy routing.',
  docs: ruleDocs,
  input: ruleInput,
  resources: (wanted) => ({ creates: [keyOf(wanted, wanted.priority)], uses: inside(wanted.netns) }),
  probe: ({ netns, family, says }) => {
    // a name of /etc/iproute2/rt_tables is compared by its name, all else by its number
    const numeric = Number.isNaN(Number(says.table ?? 0)) ? [] : ['-N']
    return ip(netns, ...versionOf(family), ...numeric, '-json', '-details', 'rule', 'show')
  },
  observe({ stdout }, wanted): State {
    const rules = parseRules(stdout)
    const own = rules.filter((rule) => isAsked(wanted, rule))
    const at = own.map(({ priority }) => priority)
    const free = nextPriority(rules)
    const place = wanted.priority ?? free
    const end = rules.findIndex((rule) => isAsked(wanted, rule))
    const front = end === -1 ? rules : rules.slice(0, end)
    return { at, free, hidden: front.some((rule) => rule.priority === place && isTakenFor(wanted, rule)) }
  },
  watches: ({ netns }) => [everyKey('policy', netns)],
  foretell(wanted, state, earlier): State | undefined {
    const other = inputOf<RuleInput>(earlier, 'rule')
    if (!other || other.netns !== wanted.netns || other.family !== wanted.family) return state
    if (wanted.priority === undefined || other.priority === undefined) return undefined
    if (other.priority !== wanted.priority) return { ...state, free: Math.min(state.free, other.priority) }
    if (equal(other.says, wanted.says)) return { ...state, at: [wanted.priority] }
    return state.at.length === 0 && covers(other.says, wanted.says) ? { ...state, hidden: true } : state
  },
  outcome: (wanted, before, context): State => ({ ...before, at: [...before.at, priorityOf(wanted, before, context)] }),
  plan(wanted, now, context): Plan {
    if (now.at.length > 0) return nothingToDo
    const priority = priorityOf(wanted, now, context)
    if (now.hidden)
      return conflict(
        `a rule of priority ${priority} says all that this one says, and more: the kernel could not tell them apart when this one is deleted`,
        `give it a "priority" of its own; ip ${versionOf(wanted.family).join('')} rule show lists those that are taken`,
      )
    return { apply: [change(wanted, 'add', priority)], undo: [change(wanted, 'delete', priority)] }
  },
  undo(wanted, before, now): readonly Command[] {
    const priority = wanted.priority ?? before.free
    return before.at.length > 0 || !now.at.includes(priority) ? [] : [change(wanted, 'delete', priority)]
  },
  mine: (_wanted, _before, _now, { refused }) => !refused,
  drift: (_wanted, after, now) =>
    after && now.at.length > 0 && now.hidden && !after.hidden
      ? 'a rule that says as much stands in front of it'
      : undefined,
  outputs: { priority: ({ at }) => at[0] ?? null },
  sketch: (wanted) => [{ draw: 'note', netns: wanted.netns, text: `rule ${words(wanted, wanted.priority).join(' ')}` }],
})

type State = {
  /** Priorities of the rules that say what is asked for; with a wanted priority only that. */
  readonly at: readonly number[]
  /** The priority that a rule without one gets. */
  readonly free: number
  /** In front of it, a rule of the same priority has all that it says: the kernel would delete that one. */
  readonly hidden: boolean
}

const keyOf = ({ netns, family, says }: RuleInput, priority: number | undefined) =>
  keyIn('policy', netns, family, `${priority ?? 'any'}`, Object.entries(says).flat().join(' '))

const isAsked = (wanted: RuleInput, rule: PolicyRule): boolean =>
  (wanted.priority === undefined || rule.priority === wanted.priority) && equal(rule.says, wanted.says)

const isTakenFor = (wanted: RuleInput, { says }: PolicyRule): boolean =>
  !equal(says, wanted.says) && covers(says, wanted.says)

/** What was chosen when the step was planned first stands, whatever others have added since. */
function priorityOf(wanted: RuleInput, now: State, { before }: Pick<Context, 'before'>): number {
  return wanted.priority ?? (before as State | undefined)?.free ?? now.free
}

const versionOf = (family: RuleInput['family']): readonly string[] => (family === 'ipv6' ? ['-6'] : ['-4'])

const change = (wanted: RuleInput, verb: 'add' | 'delete', priority: number): Command =>
  ip(wanted.netns, ...(wanted.family === 'ipv6' ? ['-6'] : []), 'rule', verb, ...words(wanted, priority))

function words({ says }: RuleInput, priority: number | undefined): readonly string[] {
  const { not, action, table, ...rest } = says
  const matches = Object.entries(rest).flatMap(([word, value]) => [optionOf(word), value])
  const to = table === undefined ? [action!] : ['lookup', table]
  const suppress = matches.indexOf('suppress_prefixlength')
  const [before, after] = suppress === -1 ? [matches, []] : [matches.slice(0, suppress), matches.slice(suppress)]
  const place = priority === undefined ? [] : ['priority', `${priority}`]
  return [...(not === undefined ? [] : ['not']), ...before, ...to, ...after, ...place]
}

const optionOf = (word: string): string => (word === 'suppress' ? 'suppress_prefixlength' : word)
