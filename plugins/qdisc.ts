import { inNetns, ip, type Command } from '../core/command.ts'
import { inside, keyIn, linkKey } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, type Plan } from '../core/step.ts'
import { qdiscDocs } from './docs/qdisc.ts'
import { inputOf, makes } from './lib/earlier.ts'
import { linkNamed, listLinks, parseLinks } from './lib/ip-json.ts'
import type { Input as LinkInput } from './lib/link-input.ts'
import { isOnSameLink, linkSeen, noLink, unborn, type OnLink } from './lib/on-link.ts'
import { FIELDS, qdiscInput, type QdiscInput } from './lib/qdisc-input.ts'
import { differing, parseRoots } from './lib/qdisc-json.ts'

/**
 * Gives a link a root qdisc: how its packets queue, how fast they leave, how badly they fare.
 *
 * In the place of the one that the kernel puts there by itself (`noqueue`, `pfifo_fast`, `mq` … with the handle 0), which
 * comes back when ours is deleted; one that somebody else has set up is a conflict, unless it is as asked for.
 *
 * @see tc(8), tc-tbf(8), tc-netem(8)
 */
export default defineStep<QdiscInput, State>({
  type: 'qdisc',
  summary: 'Gives a link a root qdisc: rate limit, delay, loss.',
  docs: qdiscDocs,
  input: qdiscInput as never,
  resources: ({ netns, link }) => ({
    creates: [keyIn('qdisc', netns, link)],
    uses: [...inside(netns), linkKey(netns, link)],
  }),
  probe: ({ netns }) => [listLinks(netns), { argv: inNetns(netns, ['tc', '-json', 'qdisc', 'show']) }],
  observe({ stdout }, wanted, { outputs }): State {
    const seen = linkSeen(stdout, wanted.link)
    if (seen.link === null) return { ...seen, root: null }
    const bare = linkNamed(parseLinks(stdout), wanted.link)?.txqlen === undefined
    const root = parseRoots(outputs[1]?.stdout ?? '').find(({ dev }) => dev === wanted.link)
    return {
      ...seen,
      ...(bare ? { bare } : {}),
      root: root === undefined || root.handle === '0:' ? null : rootOf(wanted, root.kind, root.handle, root.options),
    }
  },
  watches: () => [],
  foretell(wanted, state, earlier): State | undefined {
    if (makes(earlier, linkKey(wanted.netns, wanted.link))) return state.link === null ? fresh : state
    const change = inputOf<LinkInput>(earlier, 'link')
    if (change?.link === wanted.link && change.netns === wanted.netns)
      return change.moveTo === undefined ? state : undefined
    const other = inputOf<QdiscInput>(earlier, 'qdisc')
    return other?.link === wanted.link && other.netns === wanted.netns ? undefined : state
  },
  outcome: ({ kind }, { bare: _, ...before }): State => ({ ...before, root: { kind, handle: '', wrong: [] } }),
  plan(wanted, now): Plan {
    const { link, netns, kind } = wanted
    if (now.link === null) return noLink(wanted, now)
    if (now.root === null) return { apply: [add(wanted)], undo: [remove(wanted), ...bareAgain(wanted, now)] }
    if (now.root.kind === kind && now.root.wrong.length === 0) return nothingToDo
    const other = now.root.kind === kind ? `${kind} with another ${now.root.wrong.join(', ')}` : now.root.kind
    return conflict(
      `expected link ${link} with the qdisc of the kernel's own, or the same one; somebody gave it ${other}`,
      `look at it: ${[...inNetns(netns, ['tc', 'qdisc', 'show', 'dev']), link].join(' ')}; with "delete" and "root" it goes`,
    )
  },
  undo: (wanted, before, now): readonly Command[] =>
    before.root !== null
      ? []
      : [...(now.root === null ? [] : [remove(wanted)]), ...(now.bare ? [] : bareAgain(wanted, before))],
  mine: (_wanted, before, now, attempt) => isOnSameLink(before, now, attempt),
  identity: ({ link, root }) => (root === null || link === null ? null : [...link, root.handle]),
  drift: (wanted, after, { root }) => {
    if (!after?.root || !root || root.kind !== wanted.kind) return undefined
    return root.wrong.length === 0 ? undefined : `its ${root.wrong.join(', ')} is another one`
  },
  diagnosis: {
    probe: (_, { output }) => (/qdisc kind is unknown/.test(output?.stderr ?? '') ? [{ argv: ['uname', '-r'] }] : []),
    read: ([kernel], { kind }) =>
      `this kernel (${kernel?.stdout.trim()}) has no qdisc "${kind}"; where it is a module: modprobe sch_${kind.replace(/^[pb](?=fifo)/, '')}`,
  },
  sketch: (wanted) => [
    { draw: 'link', netns: wanted.netns, link: wanted.link, note: words(wanted).map(inLargeUnits).join(' ') },
  ],
})

const units: readonly (readonly [ending: string, step: number, larger: readonly string[]])[] = [
  ['bit', 1000, ['kbit', 'mbit', 'gbit']],
  ['b', 1024, ['kb', 'mb']],
  ['us', 1000, ['ms', 's']],
]

/** Writes a word of tc in the largest unit that it is a whole number of, as people do: `1000000bit` is `1mbit`. */
function inLargeUnits(word: string): string {
  const [, digits, ending] = /^(\d+)(bit|b|us)$/.exec(word) ?? []
  const [, step = 1, larger = []] = units.find(([known]) => known === ending) ?? []
  let [count, unit] = [Number(digits), ending]
  for (const next of larger)
    if (count > 0 && count % step === 0) [count, unit] = [count / step, next]
    else break
  return unit === undefined ? word : `${count}${unit}`
}

type State = OnLink & {
  /** The queue of the link holds nothing. */
  readonly bare?: boolean
  /** The root qdisc that somebody has set up; null for that of the kernel's own. */
  readonly root: {
    readonly kind: string
    readonly handle: string
    /** Fields that are not as asked for. */
    readonly wrong: readonly string[]
  } | null
}

const fresh: State = { link: unborn, root: null }

const rootOf = (wanted: QdiscInput, kind: string, handle: string, options: object): State['root'] => ({
  kind,
  handle,
  wrong: kind === wanted.kind ? differing(wanted, options) : [],
})

const add = (wanted: QdiscInput): Command => tc(wanted, 'add', words(wanted))

const remove = (wanted: QdiscInput): Command => tc(wanted, 'delete', [])

/** The kernel lengthens an empty queue of links that need none when a qdisc is given to them. @see qdisc_create() in net/sched/sch_api.c */
const bareAgain = ({ netns, link }: QdiscInput, { bare }: State): readonly Command[] =>
  bare ? [ip(netns, 'link', 'set', 'dev', link, 'txqueuelen', '0')] : []

const tc = ({ netns, link }: QdiscInput, verb: string, args: readonly string[]): Command => ({
  argv: inNetns(netns, ['tc', 'qdisc', verb, 'dev', link, 'root', ...args]),
})

function words(wanted: QdiscInput): readonly string[] {
  const fields = FIELDS[wanted.kind] as readonly (keyof QdiscInput)[]
  return [wanted.kind, ...fields.flatMap((field) => wordsOf(wanted, field))]
}

function wordsOf(wanted: QdiscInput, field: keyof QdiscInput): readonly string[] {
  const value = wanted[field]
  if (value === undefined) return []
  // netem takes the jitter behind its delay
  if (field === 'jitter') return [`${value}us`]
  return [field, `${value}${UNITS[field] ?? ''}`]
}

const UNITS: { readonly [field: string]: string } = {
  rate: 'bit',
  burst: 'b',
  latency: 'us',
  delay: 'us',
  target: 'us',
  interval: 'us',
  loss: '%',
  duplicate: '%',
  corrupt: '%',
}
