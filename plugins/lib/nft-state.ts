import type { Context } from '../../core/step.ts'
import { hashOf, said, tagIn, type Asked } from './nft-input.ts'
import { hashIn, isManagedByIptables, ruleOfComment, saysElsewhere, type NftTable } from './nft-ruleset.ts'

/** What an nftables step sees. */
export type NftablesState = {
  /** Handle of the table or rule that this very step made; null when it is not there. */
  readonly handle: number | null
  /** What that table or rule says, without handles, counters and nsnet's comments; null when it is not there. */
  readonly text: string | null
  /** What is not the step's, and decides whether there is something to do. */
  readonly around: {
    /** Content of somebody else's table of that name; for a rule, the empty text when its table is there. */
    readonly table: string | null
    /** The chain that a rule goes to is there. */
    readonly chain: boolean
    /** Somebody else's table or rule says the same. */
    readonly same: boolean
    /** iptables-nft works on the table: a rule that nft writes there makes it unreadable for iptables. */
    readonly managed: boolean
  }
}

const absent: NftablesState = {
  handle: null,
  text: null,
  around: { table: null, chain: false, same: false, managed: false },
}

/** Sees a table that the step makes. */
export function observeTable(table: NftTable | undefined, asked: Asked, context: Context): NftablesState {
  if (!table) return absent
  const { handle, text, comment } = table
  if (comment === tagIn(asked, context)) return { ...absent, handle, text }
  const same = hashIn(comment) === hashOf(asked) || text === said(asked)
  return { ...absent, around: { ...absent.around, table: text, same } }
}

/** Sees a rule that the step adds to a table. */
export function observeRule(table: NftTable | undefined, asked: Asked, context: Context): NftablesState {
  if (!table || asked.rule === undefined) return absent
  const rules = table.chains[asked.chain]
  const mine = ruleOfComment(rules ?? [], tagIn(asked, context))
  const same = saysElsewhere(rules ?? [], mine, said(asked), hashOf(asked))
  return {
    handle: mine?.handle ?? null,
    text: mine?.text ?? null,
    around: { table: '', chain: rules !== undefined, same, managed: isManaged(table) },
  }
}

const isManaged = ({ family, name, chains }: NftTable): boolean =>
  isManagedByIptables(family, name, Object.keys(chains))
