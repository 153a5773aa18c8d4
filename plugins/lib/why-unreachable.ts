import { inNetns, ip, succeeded, type Command, type Output } from '../../core/command.ts'
import { netnsIn } from '../../core/resource.ts'
import type { Diagnosis, Failed } from '../../core/step.ts'
import type { FilterTable } from './chains.ts'
import { lookAt, suspectsIn, type Suspect } from './dropping-chains.ts'
import { parseLinks, place } from './ip-json.ts'
import { parseIptablesChains } from './iptables-chains.ts'
import { parseNftChains } from './nft-chains.ts'
import type { Traffic } from './packet-limits.ts'
import { pathFrom, type View, type Way } from './packet-path.ts'
import type { Reach } from './ping-text.ts'

/** Whom a check wanted to reach, and how. */
export interface Asked {
  readonly netns?: string | undefined
  readonly ping?: string | undefined
  readonly tcp?: string | undefined
  readonly family?: 'ipv4' | 'ipv6' | undefined
}

/**
 * Finds the chains that drop or reject what a check waited for, in every netns on the way: native tables of nft, and the
 * rules of both iptables. It looks only where packets can have been lost, not where a name or a route is missing.
 */
export const whyUnreachable: Diagnosis<Asked, Reach> = {
  probe: (asked, failed) =>
    lostBy(failed) === undefined ? [] : questionsOf(asked, failed).map(({ command }) => command),
  read(outputs, asked, failed) {
    const answers = questionsOf(asked, failed).map((question, at) => ({ ...question, output: outputs[at]! }))
    const seen = answers.filter(({ command, output }) => succeeded(command, output))
    const views = scopeOf(asked, failed).map((netns) => viewOf(netns, seen))
    const traffic = trafficOf(asked, failed, views)
    const found = pathFrom(views).flatMap(({ netns, hooks, links }) =>
      suspectsIn(tablesOf(netns, seen), hooks, { ...traffic, links }, `nsnet:${failed.run}/`).map((it) => ({
        ...it,
        netns,
      })),
    )
    const guilty = found.filter(({ rule }) => lostBy(failed) === 'any' || rule?.verdict === 'reject')
    const others = guilty.filter(({ own }) => !own)
    const told = (others.length > 0 ? others : guilty).toSorted((a, b) => countOf(b) - countOf(a)).slice(0, 3)
    return told.length === 0 ? undefined : told.map(sentence).join('\n')
  },
}

/** Whether packets can have been dropped (`any`) or somebody said no (`reject`); undefined when it was neither. */
function lostBy({ state }: Failed<Reach>): 'any' | 'reject' | undefined {
  const error = state?.error ?? ''
  if (error === '' || /not known|ENOTFOUND|No address associated|^connect: Network is unreachable/.test(error))
    return undefined
  return /unreachable|prohibited|filtered|REFUSED/i.test(error) ? 'reject' : 'any'
}

type Question = { readonly netns: string | undefined; readonly command: Command } & (
  | { readonly what: 'links' | 'way' | 'nft' }
  | { readonly what: 'iptables-nft' | 'iptables-legacy'; readonly family: 'ipv4' | 'ipv6' }
)

type Answer = Question & { readonly output: Output }

/** The check's netns first, then the host's and the others that the run works in. */
function scopeOf({ netns }: Asked, { around }: Failed): readonly (string | undefined)[] {
  const named = around.flatMap(netnsIn)
  return [...new Set([netns, undefined, ...named])]
}

function questionsOf(asked: Asked, failed: Failed<Reach>): readonly Question[] {
  const families = familiesOf(asked, failed)
  return scopeOf(asked, failed).flatMap((netns): readonly Question[] => {
    const inside = (...argv: readonly string[]): Command => ({ argv: inNetns(netns, argv) })
    return [
      { netns, what: 'links', command: ip(netns, '-json', '-details', 'link', 'show') },
      { netns, what: 'nft', command: inside('nft', 'list', 'ruleset') },
      ...families.flatMap((family): readonly Question[] => {
        const program = family === 'ipv4' ? 'iptables' : 'ip6tables'
        const save = (backend: 'nft' | 'legacy'): Command => inside(`${program}-${backend}-save`, '-c')
        return [
          { netns, what: 'way', command: ip(netns, '-json', 'route', 'get', addressOf(asked, failed) ?? FAR[family]) },
          { netns, what: 'iptables-nft', family, command: save('nft') },
          { netns, what: 'iptables-legacy', family, command: save('legacy') },
        ]
      }),
    ]
  })
}

/** Where nobody is: packets to it go by the default route, as those to an unknown address. @see RFC 5737, RFC 3849 */
const FAR = { ipv4: '192.0.2.1', ipv6: '2001:db8::1' } as const

function addressOf({ ping = '', tcp }: Asked, { state }: Failed<Reach>): string | undefined {
  if (state?.to) return state.to
  const target = tcp === undefined ? ping : tcp.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  return /^[\d.]+$|:/.test(target) ? target.replace(/%.*$/, '') : undefined
}

function familiesOf(asked: Asked, failed: Failed<Reach>): Traffic['families'] {
  const address = addressOf(asked, failed)
  if (address !== undefined) return [address.includes(':') ? 'ipv6' : 'ipv4']
  return asked.family === undefined ? ['ipv4', 'ipv6'] : [asked.family]
}

/** A name that could not be resolved was asked for by UDP. */
function trafficOf(asked: Asked, failed: Failed<Reach>, views: readonly View[]): Traffic {
  const address = addressOf(asked, failed)
  const families = familiesOf(asked, failed)
  const addresses =
    address === undefined ? [] : [address, ...views.flatMap(({ ways }) => ways.flatMap(({ prefsrc }) => prefsrc ?? []))]
  if (/name resolution|EAI_AGAIN/.test(failed.state?.error ?? ''))
    return { families, protocol: 'udp', port: 53, addresses, links: [] }
  const port = asked.tcp === undefined ? null : Number(asked.tcp.replace(/^.*:/, ''))
  return { families, protocol: port === null ? 'icmp' : 'tcp', port, addresses, links: [] }
}

function viewOf(netns: string | undefined, answers: readonly Answer[]): View {
  const said = (what: Question['what']): readonly string[] =>
    answers.flatMap((it) => (it.netns === netns && it.what === what ? [it.output.stdout] : []))
  return {
    netns,
    links: said('links').flatMap(parseLinks),
    ways: said('way').flatMap((stdout) => JSON.parse(stdout || '[]') as readonly Way[]),
  }
}

function tablesOf(netns: string | undefined, answers: readonly Answer[]): readonly FilterTable[] {
  return answers
    .filter((it) => it.netns === netns)
    .flatMap((it) => {
      if (it.what === 'nft') return parseNftChains(it.output.stdout)
      return 'family' in it ? parseIptablesChains(it.output.stdout, it.what, it.family) : []
    })
}

type Told = Suspect & { readonly netns: string | undefined }

const countOf = ({ rule, base }: Told): number => (rule ? rule.packets : base.packets) ?? 0

function sentence(suspect: Told): string {
  const { table, base, chain, rule, netns } = suspect
  const does = rule?.verdict === 'reject' ? 'rejects' : 'drops'
  const why = rule === null ? 'by its policy' : `by its rule "${rule.text}"`
  const count = countOf(suspect) === 0 ? '' : `, ${countOf(suspect)} packets so far`
  const way = base === chain ? '' : `, which chain ${base.name} leads to`
  const kind = table.backend === 'nft' ? '' : `, ${table.family === 'ipv4' ? 'IPv4' : 'IPv6'}`
  const name = table.backend === 'nft' ? `${table.family} ${table.name}` : table.name
  return `in ${place(netns)}, chain ${chain.name} of table ${name} (${table.backend}${kind}, hook ${base.hook}${way}) ${does} ${why}${count}; look: ${lookAt(suspect, netns)}`
}
