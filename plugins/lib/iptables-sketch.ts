import { show } from '../../core/command.ts'
import type { Sketch, SketchedTranslation } from '../../core/sketch.ts'
import { makesChain, wordsOf, type IptablesInput } from './iptables-input.ts'
import { clausesOf, networkIn, type Clause } from './iptables-rules.ts'

/**
 * Draws an iptables rule: address translation in its usual forms as such, everything else as the text that it is. A rule
 * in an own chain is never drawn as translation, for who gets there is decided elsewhere.
 *
 * @see iptables-extensions(8), MASQUERADE, SNAT, DNAT
 */
export function sketchIptables(input: IptablesInput): readonly Sketch[] {
  const { netns, table, chain, rule, policy, family } = input
  const command = family === 'ipv6' ? 'ip6tables' : 'iptables'
  const where = [...(family === 'ipv6' ? [command] : []), ...(table === 'filter' ? [] : [table]), chain].join(' ')
  const note = (text: string): readonly Sketch[] => [{ draw: 'note', netns, text }]
  if (makesChain(input)) return note(`chain ${where}`)
  if (rule === undefined) return note(`${where} policy ${policy}`)
  const words = wordsOf(rule)
  const translation = table === 'nat' ? translationIn(chain, clausesOf(words)) : undefined
  return translation ? [{ ...translation, netns }] : note(`${where} ${show({ argv: words })}`)
}

/** Reads a translation; undefined when the rule says anything that a picture would leave out. */
function translationIn(chain: string, clauses: readonly Clause[]): SketchedTranslation | undefined {
  const said = new Map(clauses.map(({ option, args }) => [option, args[0] ?? '']))
  const target = targets[`${chain} ${said.get('-j')}`]
  const usual = clauses.every((clause) => target?.options.test(`${clause.option} `) && isPlain(clause))
  if (!target || !usual || said.size < new Set(clauses.map(keyOf)).size) return undefined
  const { kind } = target
  const link = said.get(kind === 'dnat' ? '-i' : '-o')
  if (link?.endsWith('+')) return undefined
  const to = said.get(kind === 'dnat' ? '--to-destination' : '--to-source')
  const arriving = [said.get('-d'), said.get('-p'), said.get('--dport')].filter((it) => it !== undefined).join(' ')
  const source = said.get('-s')
  const of = kind === 'dnat' ? arriving || undefined : source && (networkIn(source) ?? source)
  return { draw: 'translation', kind, link, of, to }
}

const targets: {
  readonly [where: string]: { readonly kind: 'masquerade' | 'snat' | 'dnat'; readonly options: RegExp }
} = {
  'POSTROUTING MASQUERADE': { kind: 'masquerade', options: /^(-[somj]|--comment) / },
  'POSTROUTING SNAT': { kind: 'snat', options: /^(-[somj]|--comment|--to-source) / },
  'PREROUTING DNAT': { kind: 'dnat', options: /^(-[idpmj]|--comment|--dport|--to-destination) / },
}

/** Matches that say nothing by themselves may stand anywhere. */
const isPlain = ({ option, negated, args }: Clause): boolean =>
  !negated && args.length === 1 && (option !== '-m' || /^(comment|tcp|udp)$/.test(args[0]!))

const keyOf = ({ option, args }: Clause): string => (option === '-m' ? '-m' : [option, ...args].join(' '))
