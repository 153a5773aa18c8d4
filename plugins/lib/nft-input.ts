import { z } from 'zod'
import { choice } from '../../core/choice.ts'
import { netnsName } from '../../core/net.ts'
import { mistakeInRule, parseTableBlock, type FAMILIES, type TableBlock } from './nft-text.ts'

const families: { readonly [family in (typeof FAMILIES)[number]]: string } = {
  ip: 'IPv4 packets',
  ip6: 'IPv6 packets',
  inet: 'IPv4 and IPv6 packets',
  arp: 'ARP packets',
  bridge: 'packets that pass a bridge',
  netdev: 'all packets of a link, as they come in or go out',
}

const name = z
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
  table: name.optional().meta({ description: 'name of the table that the rule goes to', examples: ['lab'] }),
  chain: name.optional().meta({ description: 'name of the chain that the rule goes to', examples: ['forward'] }),
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

/** Reads a valid input. */
export function askedBy({ ruleset, family = 'ip', table = '', chain = '', rule = '' }: NftablesInput): Asked {
  if (ruleset === undefined) return { family, name: table, chain, rule }
  const block = parseTableBlock(textOf(ruleset))
  if (typeof block === 'string') throw new Error(block)
  return block
}

const textOf = (ruleset: string | readonly string[]): string =>
  typeof ruleset === 'string' ? ruleset : ruleset.join('\n')
