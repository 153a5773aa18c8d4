import { ofText } from '../../core/memo.ts'
import { FIELDS, type QdiscInput } from './qdisc-input.ts'

/** The root qdisc of a link as `tc -json qdisc show` prints it. */
export interface Root {
  readonly dev: string
  readonly kind: string
  /** `0:` for one that the kernel has put there by itself. */
  readonly handle: string
  readonly options: object
}

/** Reads the root qdiscs of `tc -json qdisc show`; a link that was never up has none. @see tc(8) */
export const parseRoots = ofText((stdout): readonly Root[] => {
  const rows = stdout.trim() === '' ? [] : (JSON.parse(stdout) as readonly (Root & { readonly root?: boolean })[])
  return rows.filter(({ root, dev }) => root === true && dev !== undefined)
})

/** Names the fields in which a root qdisc of that kind differs from what is asked for. */
export function differing(wanted: QdiscInput, options: object): readonly string[] {
  const there = valuesIn(wanted, options)
  const fields = FIELDS[wanted.kind] as readonly (keyof Values)[]
  return fields.filter((field) => !isAsAsked(wanted, field, there[field]))
}

type Values = { readonly [field in Field]?: number | undefined }
type Field = Exclude<keyof QdiscInput, 'netns' | 'link' | 'kind'>

function isAsAsked(wanted: QdiscInput, field: Field, there: number | undefined): boolean {
  const asked = wanted[field]
  // what was not asked for is the kernel's to choose, but for what a netem does beside
  if (asked === undefined) return wanted.kind !== 'netem' || field === 'limit' || (there ?? 0) === 0
  return there !== undefined && Math.abs(there - asked) <= slack(wanted, field, asked)
}

/** The kernel counts in ticks of up to a microsecond, and tc prints some values rounded. */
function slack({ rate = 0 }: QdiscInput, field: Field, asked: number): number {
  if (field === 'limit' || field === 'perturb') return 0
  if (field === 'burst') return 16 + asked / 100 + (rate / 8) * 2e-6
  if (field === 'loss' || field === 'duplicate' || field === 'corrupt') return 0.001
  return field === 'rate' ? 8 : 2 + asked / 100
}

/** Reads what the options say, in the units of the input. */
function valuesIn({ kind }: QdiscInput, options: object): Values {
  const at = (...path: readonly string[]): number | undefined => {
    const found = path.reduce<unknown>(
      (inner, key) => (inner as { [key: string]: unknown } | undefined)?.[key],
      options,
    )
    return typeof found === 'string' ? sizeOf(found) : (found as number | undefined)
  }
  if (kind !== 'netem')
    return { rate: times(8, at('rate')), burst: at('burst'), latency: at('lat'), limit: at('limit'), ...queues(at) }
  return {
    limit: at('limit'),
    delay: times(1e6, at('delay', 'delay')),
    jitter: times(1e6, at('delay', 'jitter')),
    loss: times(100, at('loss-random', 'loss')),
    duplicate: times(100, at('duplicate', 'duplicate')),
    corrupt: times(100, at('corrupt', 'corrupt')),
    rate: times(8, at('rate', 'rate')),
  }
}

const times = (factor: number, value: number | undefined): number | undefined => value && value * factor

const queues = (at: (key: string) => number | undefined): Values => ({
  target: at('target'),
  interval: at('interval'),
  perturb: at('perturb'),
})

/** tc writes some sizes as `4Kb` or `4Kb/1`. */
function sizeOf(text: string): number {
  const [, number = '', unit = ''] = /^([\d.]+)([KMG]?)b?/.exec(text) ?? []
  return Number(number) * 1024 ** ' KMG'.indexOf(unit || ' ')
}
