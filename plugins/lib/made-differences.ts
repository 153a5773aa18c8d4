import { equal, type Json } from '../../core/json.ts'
import { conflict, type Plan } from '../../core/step.ts'
import { place } from './ip-json.ts'
import type { MadeInput } from './made-input.ts'
import { madeKinds } from './made-kinds.ts'
import type { MadeState, Maker } from './maker.ts'
import { didYouMean } from './near-names.ts'

/** What of a link that is there is not as asked for. */
interface Difference {
  readonly what: string
  readonly message: string
}

/** Says which link that is to be there is not, or belongs to another bridge; undefined when all are there. */
export function missingOf<Input extends MadeInput>(
  maker: Maker<Input>,
  wanted: Input,
  { lower, ports, near }: MadeState,
): Plan | undefined {
  const home = maker.home(wanted)
  if (wanted.link !== undefined && lower === null) {
    const elsewhere = `where is it? "linkNetns" names its netns, and without it the one that nsnet runs in is meant`
    const hint = didYouMean(near) ?? elsewhere
    return conflict(`link ${wanted.link} does not exist in ${place(home)}`, hint)
  }
  for (const port of wanted.ports ?? []) {
    if (!Object.hasOwn(ports, port))
      return conflict(`link ${port} does not exist in ${place(wanted.netns)}`, didYouMean(near))
    const master = ports[port] ?? null
    if (master !== null && master !== wanted.name)
      return conflict(`link ${port} belongs to ${master}, expected ${wanted.name} or none`)
  }
  return undefined
}

/** Lists what is not as asked for of a link that is there. */
export function differencesOf<Input extends MadeInput>(
  maker: Maker<Input>,
  wanted: Input,
  { link, ports }: MadeState,
): readonly Difference[] {
  if (link === null) return []
  const { kind } = madeKinds[maker.type]!
  const named = `link ${wanted.name} in ${place(wanted.netns)}`
  if (link.kind !== kind)
    return [
      { what: 'kind', message: `expected a ${kind}, got ${named} of kind ${link.kind} (ifindex ${link.ifindex})` },
    ]
  if (link.name !== wanted.name) return [{ what: 'name', message: `${named} is called ${link.name}` }]
  const asked = { mac: wanted.mac, mtu: wanted.mtu, link: wanted.link, ...maker.asks(wanted) }
  const found: { readonly [what: string]: Json } = { ...link.params, mac: link.mac, mtu: link.mtu, link: link.over }
  const wrong = Object.entries(asked).flatMap(([what, value]) =>
    value === undefined || equal(value, found[what])
      ? []
      : [{ what, message: `${named} has ${what} ${inWords(found[what])}, expected ${inWords(value)}` }],
  )
  const away = (wanted.ports ?? []).filter((port) => (ports[port] ?? null) !== wanted.name)
  return [
    ...wrong,
    ...away.map((port) => ({ what: 'ports', message: `${named} is there, and ${port} is not a port of it` })),
  ]
}

const inWords = (value: Json | undefined): string =>
  value === null || value === undefined ? 'none' : typeof value === 'object' ? JSON.stringify(value) : `${value}`

/** Says what others did to a link since; undefined when nothing. */
export function driftOf<Input extends MadeInput>(
  { followsMtu }: Maker<Input>,
  { name, netns }: Input,
  after: MadeState | undefined,
  { link, carries }: MadeState,
): string | undefined {
  if (link === null) return undefined
  const [named, was] = [`link ${name} in ${place(netns)}`, after?.link]
  if (link.name !== name) return `${named} is called ${link.name}`
  if (link.master !== null && link.master !== was?.master) return `${named} belongs to ${link.master}`
  const guests = after ? carries.filter((it) => !after.carries.includes(it)) : []
  if (guests.length > 0) return `${guests.join(', ')} ${guests.length === 1 ? 'stands' : 'stand'} on ${named}`
  if (!was) return undefined
  if (!followsMtu && was.mtu !== link.mtu) return `${named} has mtu ${link.mtu}, had ${was.mtu}`
  const what = Object.keys(was.params).find((it) => !equal(was.params[it], link.params[it]))
  return what && `${named} has ${what} ${inWords(link.params[what])}, had ${inWords(was.params[what])}`
}
