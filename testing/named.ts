import { netnsOf, show, type Command } from '../core/command.ts'
import type { Json } from '../core/json.ts'
import { linkKey, netnsIn, netnsKey, type Resources } from '../core/resource.ts'
import { Breach } from './breach.ts'
import type { Picture } from './picture.ts'

/** Expects that each named netns that commands work in is among the resources. @throws Breach */
export function expectNetnsNamed({ creates = [], uses = [] }: Resources, commands: readonly Command[]): void {
  const named = new Set([...creates, ...uses].flatMap(netnsIn))
  const strays = commands.filter((command) => namesIn(command).some((name) => !named.has(name)))
  if (strays.length === 0) return
  const missing = [...new Set(strays.flatMap(namesIn).filter((name) => !named.has(name)))]
  throw new Breach(
    'netns-named',
    `resources without ${missing.map(netnsKey).join(', ')}, and commands that work in there:`,
    ...strays.map(show),
  )
}

/** Expects that the resources name what is there before and after, and what was made. @throws Breach */
export function expectMadeNamed({ creates = [], uses = [] }: Resources, before: Picture, after: Picture): void {
  const [was, is] = [thingsIn(before), thingsIn(after)]
  const early = uses.filter((key) => isThing(key) && !was.has(key))
  if (early.length > 0) throw new Breach('resources-there', `in "uses", and not there before: ${early.join(', ')}`)
  const absent = creates.filter((key) => isThing(key) && (was.has(key) || !is.has(key)))
  if (absent.length > 0)
    throw new Breach('resources-there', `in "creates", and not made by "apply": ${absent.join(', ')}`)
  const isNew = (key: string): boolean => !was.has(key) && !byModule.test(key)
  const made = [...is].filter(([key, netns]) => isNew(key) && (netns === undefined || was.has(netns)))
  const unnamed = made.map(([key]) => key).filter((key) => !creates.some((name) => name === key))
  if (unnamed.length > 0) throw new Breach('made-named', `made, and not in "creates": ${unnamed.join(', ')}`)
}

/** Links that a kernel makes by itself when it loads the module of a tunnel. */
const byModule = /^link:.*\/(sit|tunl|ip6tnl|gre|gretap|erspan|ip6gre|ip_vti|ip6_vti)0$/

/** The netns that a command works in or puts something into. */
function namesIn(command: Command): readonly string[] {
  const { argv } = command
  const into = argv[0] === 'ip' && argv.includes('link') ? argv.filter((_, at) => argv[at - 1] === 'netns') : []
  const names = [netnsOf(command), ...into.filter((word) => !/^[@/]|^\d+$/.test(word))]
  return names.filter((name) => name !== undefined)
}

const isThing = (key: string): boolean => /^netns:|^link:(\/host|[^/]+)\/[^/]+$/.test(key)

/** The keys of all netns and links, each link with the key of its netns (undefined in the host's). */
function thingsIn({ host, netns }: Picture): ReadonlyMap<string, string | undefined> {
  const inside = Object.entries(netns).flatMap(([name, parts]) => [
    [netnsKey(name), undefined] as const,
    ...linksIn(parts['links']).map((link) => [linkKey(name, link), netnsKey(name)] as const),
  ])
  return new Map([...linksIn(host['links']).map((link) => [linkKey(undefined, link), undefined] as const), ...inside])
}

const linksIn = (links: Json | undefined): readonly string[] =>
  ((links ?? []) as readonly { readonly ifname?: string }[]).flatMap(({ ifname }) => ifname ?? [])
