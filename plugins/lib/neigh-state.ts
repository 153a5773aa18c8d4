import { z } from 'zod'
import { ofText } from '../../core/memo.ts'
import { canonical, hostAddress, linkName, mac, netnsName } from '../../core/net.ts'

/** What the step `neigh` is given: a mac, or `proxy`. */
export const input = z
  .strictObject({
    netns: netnsName.optional(),
    link: linkName,
    address: hostAddress.meta({ description: 'address of the neighbour', examples: ['10.0.0.2', '2001:db8::2'] }),
    mac: mac.optional(),
    proxy: z
      .boolean()
      .optional()
      .meta({
        description: 'instead of a mac: the link answers for the address, whose packets are then forwarded',
        default: false,
        examples: [true],
      }),
    replace: z
      .boolean()
      .optional()
      .meta({
        description: 'put it in the place of another permanent entry, and that one back at undo',
        default: false,
        examples: [true],
      }),
  })
  .refine(({ mac: given, proxy }) => (given === undefined) === (proxy === true), {
    error: 'expected either "mac" or "proxy": true',
    path: ['mac'],
  })

/** A neigh step's input after validation. */
export type Input = z.output<typeof input>

/** An entry that stays until somebody takes it away. */
export type Entry = {
  readonly state: 'permanent' | 'noarp' | 'proxy'
  readonly mac: string | null
  /** `router`, `extern_learn`, `managed` */
  readonly flags: readonly string[]
}

interface Row {
  readonly dst: string
  readonly dev: string
  readonly lladdr?: string
  readonly state?: readonly string[]
  readonly router?: null
  readonly extern_learn?: null
  readonly managed?: null
  readonly proxy?: null
}

/** Reads `ip -json neigh show`, which prints nothing where there is no entry. */
export const parseNeighbours = ofText((stdout): readonly Row[] =>
  stdout.trim() === '' ? [] : (JSON.parse(stdout) as readonly Row[]),
)

/** Finds what lasts of an address on a link; undefined entries and those that the kernel has learnt are none. */
export function entryOf(rows: readonly Row[], { link, address, proxy }: Input): Entry | null {
  const row = rows.find(({ dev, dst }) => dev === link && canonical(dst) === canonical(address))
  if (!row) return null
  const flags = FLAGS.filter((flag) => row[flag] !== undefined)
  if (proxy === true) return { state: 'proxy', mac: null, flags }
  const state = (['permanent', 'noarp'] as const).find((it) => row.state?.includes(it.toUpperCase()))
  return state === undefined ? null : { state, mac: row.lladdr ?? null, flags }
}

const FLAGS = ['router', 'extern_learn', 'managed'] as const
