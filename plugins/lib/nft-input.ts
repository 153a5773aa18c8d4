import { createHash } from 'node:crypto'
import { z } from 'zod'
import { choice } from '../../core/choice.ts'
import { ofObject } from '../../core/memo.ts'
import { netnsName } from '../../core/net.ts'
import { keyIn, type ResourceKey } from '../../core/resource.ts'
import { tagOf, type Context } from '../../core/step.ts'
import { mistakeInRule, normal, parseTableBlock, type FAMILIES, type TableBlock } from './nft-text.ts'

/** What the families of nft are for. */
export const families: { readonly [family in (typeof FAMILIES)[number]]: string } = {
  ip: 'IPv4 packets',
  ip6: 'IPv6 packets',
  inet: 'IPv4 and IPv6 packets',
  arp: 'ARP packets',
  bridge: 'packets that pass a bridge',
  netdev: 'all packets of a link, as they come in or go out',
}

/** A name of nft. */
export const identifier = z
  .string()
  .max(128)
  .regex(/^[A-Za-z][\w./-]*$/, 'expected a name of nft: letters, digits, ".", "_", "/" and "-", a letter first')

const shape = z.strictObject({
  netns: netnsName.optional(),
  ruleset: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .meta({
      description: 'one whole "table FAMILY NAME { … }" block, as text or as a list of lines',
      examples: ['table inet lab { chain forward { type filter hook forward priority 0; } }'],
    }),
  family: choice('family of the table that the rule goes to', families).optional().meta({ default: 'ip' }),
  table: identifier.optional().meta({ description: 'name of the table that the rule goes to', examples: ['lab'] }),
  chain: identifier.optional().meta({ description: 'name of the chain that the rule goes to', examples: ['forward'] }),
  rule: z
    .string()
    .optional()
    .meta({ description: 'one rule: matches and statements, as in nft(8)', examples: ['iifname "veth-host" accept'] }),
  position: choice('where in the chain the rule goes', { first: 'before all others', last: 'behind all others' })
    .optional()
    .meta({ default: 'last' }),
})

/** What a workflow says to `nftables`: a whole table in `ruleset`, or one rule for an existing chain. */
export const nftablesInput = shape.superRefine((input, context) => {
  const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
  const { ruleset, rule, family, table, chain, position } = input
  if (ruleset === undefined) {
    for (const [key, value] of Object.entries({ table, chain, rule }))
      if (value === undefined) refuse(key, `expected "ruleset", or "table", "chain" and "rule": no "${key}" is there`)
    const mistake = rule === undefined ? undefined : mistakeInRule(rule)
    if (mistake !== undefined) refuse('rule', mistake)
    return
  }
  for (const [key, value] of Object.entries({ family, table, chain, rule, position }))
    if (value !== undefined) refuse(key, `expected "ruleset" without "${key}": it says everything itself`)
  const block = parseTableBlock(textOf(ruleset))
  if (typeof block === 'string') refuse('ruleset', block)
})

export type NftablesInput = z.infer<typeof shape>

/** What a valid input asks for. */
export type Asked =
  | (TableBlock & { readonly rule?: undefined })
  | { readonly family: string; readonly name: string; readonly chain: string; readonly rule: string }

/** What is asked for, so that differences of white space and the like do not count. */
export const said = ofObject((asked: Asked): string => normal(asked.rule ?? asked.body))

/** Tells tables and rules apart by what was asked for: 6 hex digits. */
export const hashOf = ofObject((asked: Asked): string => {
  const { family, name } = asked
  const where = asked.rule === undefined ? [family, name] : [family, name, asked.chain]
  return createHash('sha256')
    .update(JSON.stringify([...where, said(asked)]))
    .digest('hex')
    .slice(0, 6)
})

/** Writes the comment of what this very step makes: `nsnet:RUN/STEP:HASH`. */
export const tagIn = (asked: Asked, context: Context): string => `${tagOf(context)}:${hashOf(asked)}`

/** Keys the table that is made, or that the rule goes to. */
export function tableKeyOf(input: NftablesInput): ResourceKey {
  const { family, name } = askedBy(input)
  return nftTableKey(input.netns, family, name)
}

/** Keys a table of nft. */
export const nftTableKey = (netns: string | undefined, family: string, name: string): ResourceKey =>
  keyIn('table', netns, 'nft', family, name)

/** Reads a valid input. */
export const askedBy = ofObject(
  ({ ruleset, family = 'ip', table = '', chain = '', rule = '' }: NftablesInput): Asked => {
    if (ruleset === undefined) return { family, name: table, chain, rule }
    const block = parseTableBlock(textOf(ruleset))
    if (typeof block === 'string') throw new Error(block)
    return block
  },
)

const textOf = (ruleset: string | readonly string[]): string =>
  typeof ruleset === 'string' ? ruleset : ruleset.join('\n')
