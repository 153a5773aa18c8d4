import { ip, type Command } from '../core/command.ts'
import { canonical } from '../core/net.ts'
import { equal } from '../core/json.ts'
import { inside, keyIn, linkKey } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, type Plan } from '../core/step.ts'
import { neighDocs } from './docs/neigh.ts'
import { inputOf, makes } from './lib/earlier.ts'
import { listLinks } from './lib/ip-json.ts'
import type { Input as LinkInput } from './lib/link-input.ts'
import { isOnSameLink, linkSeen, noLink, unborn, type OnLink } from './lib/on-link.ts'
import { entryOf, input, parseNeighbours, type Entry, type Input } from './lib/neigh-state.ts'

/**
 * Tells a link the mac of a neighbour for good, or has it answer for an address of another network (`proxy`).
 *
 * What the kernel has learnt by itself of the address does not count: it gives way, and is learnt anew after undo. Another
 * permanent entry is a conflict, or with `replace` is put back at undo. All entries of a link go when it is set down.
 *
 * @see ip-neighbour(8), arp(7)
 */
export default defineStep({
  type: 'neigh',
  summary: 'Adds a permanent entry of the neighbour table.',
  docs: neighDocs,
  input,
  resources: (wanted) => {
    const uses = [...inside(wanted.netns), linkKey(wanted.netns, wanted.link)]
    return wanted.replace === true ? { shares: [keyOf(wanted)], uses } : { creates: [keyOf(wanted)], uses }
  },
  probe: ({ netns, proxy }) => [
    listLinks(netns),
    ip(netns, '-json', 'neigh', 'show', ...(proxy === true ? ['proxy'] : ['nud', 'all'])),
  ],
  observe({ stdout }, wanted, { outputs }): State {
    const seen = linkSeen(stdout, wanted.link)
    if (seen.link === null) return { ...seen, entry: null }
    return { ...seen, entry: entryOf(parseNeighbours(outputs[1]?.stdout ?? ''), wanted) }
  },
  watches: () => [],
  foretell(wanted, state, earlier): State | undefined {
    if (makes(earlier, linkKey(wanted.netns, wanted.link))) return state.link === null ? fresh : state
    const change = inputOf<LinkInput>(earlier, 'link')
    if (change?.link === wanted.link && change.netns === wanted.netns) {
      const stays = change.moveTo === undefined && change.state !== 'down' && change.mac === undefined
      return stays ? state : undefined
    }
    const other = inputOf<Input>(earlier, 'neigh')
    return other && keyOf(other) === keyOf(wanted) ? { ...state, entry: asked(other) } : state
  },
  outcome: (wanted, before): State => ({ ...before, entry: asked(wanted) }),
  changes: (wanted, { entry }) => [
    { what: `mac of ${wanted.address}`, from: entry === null ? null : said(entry), to: said(asked(wanted)) },
  ],
  plan(wanted, now): Plan {
    const { link, address } = wanted
    if (now.link === null) return noLink(wanted, now)
    if (holds(wanted, now.entry)) return nothingToDo
    if (now.entry === null) return { apply: [set(wanted, asked(wanted))], undo: [remove(wanted)] }
    if (wanted.replace !== true)
      return conflict(
        `${address} on link ${link} is said to be ${said(now.entry)}, expected ${said(asked(wanted))}`,
        'add "replace": true to put it in the place of that entry until undo',
      )
    return { apply: [set(wanted, asked(wanted))], undo: [set(wanted, now.entry)] }
  },
  undo(wanted, before, now): readonly Command[] {
    if (equal(before.entry, now.entry) || now.link === null) return []
    return [before.entry === null ? remove(wanted) : set(wanted, before.entry)]
  },
  mine: (_wanted, before, now, attempt) => isOnSameLink(before, now, attempt),
  identity: ({ link, entry }) => (entry === null ? null : link),
  drift: (_, after, { entry }) =>
    after?.entry && entry && !equal(after.entry, entry) ? `it is ${said(entry)}, was ${said(after.entry)}` : undefined,
  sketch: ({ netns, link, address, mac, proxy }) => [
    {
      draw: 'note',
      netns,
      text: proxy === true ? `${link} answers for ${address}` : `${address} is ${mac} on ${link}`,
    },
  ],
})

type State = OnLink & {
  /** The entry that lasts; null when there is none, or one that the kernel has learnt. */
  readonly entry: Entry | null
}

const fresh: State = { link: unborn, entry: null }

const keyOf = ({ netns, link, address, proxy }: Input) =>
  keyIn('neigh', netns, link, proxy === true ? 'proxy' : 'mac', canonical(address))

const asked = ({ mac, proxy }: Input): Entry =>
  proxy === true ? { state: 'proxy', mac: null, flags: [] } : { state: 'permanent', mac: mac!, flags: [] }

const holds = (wanted: Input, entry: Entry | null): boolean =>
  entry !== null && entry.state === asked(wanted).state && entry.mac === asked(wanted).mac

const said = ({ state, mac, flags }: Entry): string => [...(mac === null ? [] : [mac]), state, ...flags].join(' ')

function set(wanted: Input, { state, mac, flags }: Entry): Command {
  if (state === 'proxy') return neigh(wanted, 'replace', 'proxy', canonical(wanted.address), ...flags)
  return neigh(
    wanted,
    'replace',
    canonical(wanted.address),
    ...(mac === null ? [] : ['lladdr', mac]),
    'nud',
    state,
    ...flags,
  )
}

const remove = (wanted: Input): Command =>
  neigh(wanted, 'delete', ...(wanted.proxy === true ? ['proxy'] : []), canonical(wanted.address))

const neigh = ({ netns, link }: Input, verb: string, ...words: readonly string[]): Command =>
  ip(netns, 'neigh', verb, ...words, 'dev', link)
