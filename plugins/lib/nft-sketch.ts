import type { Sketch, SketchedTranslation } from '../../core/sketch.ts'
import { askedBy, type NftablesInput } from './nft-input.ts'
import { tokensOf } from './nft-text.ts'

/**
 * Draws what goes into an nftables table: address translation in its usual forms as such, the other rules as the text that
 * they are. Only the rules of a base chain for translation are drawn so; a chain that an earlier step made counts as one
 * when it has the usual name, `postrouting` or `prerouting`.
 *
 * @see nft(8), NAT STATEMENTS
 */
export function sketchNftables(input: NftablesInput): readonly Sketch[] {
  const asked = askedBy(input)
  const { netns } = input
  const draw = (chain: Chain): readonly Sketch[] => chain.rules.map((rule) => ruleSketch(netns, chain, rule))
  if (asked.rule !== undefined) {
    const { chain, rule } = asked
    return draw({ name: chain, nat: /^(post|pre)routing$/i.exec(chain)?.[0].toLowerCase(), rules: [tokensOf(rule)] })
  }
  const { family, name, body } = asked
  return [{ draw: 'note', netns, text: `nft table ${family} ${name}` }, ...chainsIn(tokensOf(body)).flatMap(draw)]
}

interface Chain {
  readonly name: string
  /** The hook of a base chain for address translation. */
  readonly nat: string | undefined
  readonly rules: readonly (readonly string[])[]
}

function ruleSketch(netns: string | undefined, { name, nat }: Chain, rule: readonly string[]): Sketch {
  const text = rule.join(' ').replaceAll(' ,', ',')
  const translation = nat === undefined ? undefined : translationIn(nat, text)
  return translation ? { ...translation, netns } : { draw: 'note', netns, text: `${name}: ${text}` }
}

const LINK = '(?:[io]if(?:name)? (?:"([^"*]+)"|([^\\s"*!{]+)) ?)?'

const SOURCE = new RegExp(
  `^(?:ip6? saddr ([\\da-f:./]+) )?${LINK}(?:ip6? saddr ([\\da-f:./]+) )?(?:counter )?(masquerade|snat(?: ip6?)? to (\\S+))$`,
)

const DESTINATION = new RegExp(`^${LINK}((?:tcp|udp) dport \\d+ )?(?:counter )?dnat(?: ip6?)? to (\\S+)$`)

/** Reads a translation; undefined when the rule says anything that a picture would leave out. */
function translationIn(hook: string, text: string): SketchedTranslation | undefined {
  if (hook === 'postrouting' && !/\biif/.test(text)) {
    const [, before, quoted, plain, after, what, to] = SOURCE.exec(text) ?? []
    if (what === undefined || (before !== undefined && after !== undefined)) return undefined
    const kind = what === 'masquerade' ? 'masquerade' : 'snat'
    return { draw: 'translation', kind, link: quoted ?? plain, of: before ?? after, to }
  }
  if (hook !== 'prerouting' || /\boif/.test(text)) return undefined
  const [, quoted, plain, arriving, to] = DESTINATION.exec(text) ?? []
  if (to === undefined) return undefined
  return { draw: 'translation', kind: 'dnat', link: quoted ?? plain, of: arriving?.replace(' dport ', ' ').trim(), to }
}

/** Finds the chains in the body of a table. */
function chainsIn(tokens: readonly string[]): readonly Chain[] {
  const chains: Chain[] = []
  for (let at = 0; at < tokens.length; at += 1) {
    if (tokens[at] !== '{') continue
    const end = closing(tokens, at)
    if (tokens[at - 2] === 'chain') chains.push(chainOf(tokens[at - 1]!, statementsOf(tokens.slice(at + 1, end))))
    at = end
  }
  return chains
}

function chainOf(name: string, statements: readonly (readonly string[])[]): Chain {
  const base = statements.find(([first, , third]) => first === 'type' && third === 'hook')
  const rules = statements.filter((it) => it !== base && !/^(comment|policy accept)\b/.test(it.join(' ')))
  return { name, nat: base?.[1] === 'nat' ? base[3] : undefined, rules }
}

/** Splits at semicolons and line feeds, but for those inside of braces. */
function statementsOf(tokens: readonly string[]): readonly (readonly string[])[] {
  const statements: string[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    depth += token === '{' ? 1 : token === '}' ? -1 : 0
    if (depth === 0 && /^[;\n]$/.test(token)) statements.push([])
    else if (token !== '\n') statements.at(-1)!.push(token)
  }
  return statements.filter((words) => words.length > 0)
}

function closing(tokens: readonly string[], from: number): number {
  let depth = 0
  for (let at = from; at < tokens.length; at += 1) {
    depth += tokens[at] === '{' ? 1 : tokens[at] === '}' ? -1 : 0
    if (depth === 0) return at
  }
  return tokens.length
}
