import { NsnetError } from '../../core/errors.ts'

/** How old or how many the journals of runs that are over may be. */
export interface Limits {
  /** Milliseconds since the last event; younger ones stay. */
  readonly olderThanMs: number
  /** How many of the latest ones stay. */
  readonly keep: number
  /** Says why a run that is over stays. */
  readonly why: { readonly young: string; readonly latest: string }
}

export interface LimitOptions {
  /** A number with its unit: m(inutes), h(ours), d(ays), w(eeks). */
  readonly olderThan?: string
  readonly keep?: string
}

const DEFAULT_AGE = '30d'

/**
 * Reads `--older-than` and `--keep`. With both, a journal has to be beyond both to be deleted; with neither, older than 30
 * days.
 *
 * @throws USAGE
 */
export function limitsOf({ olderThan, keep }: LimitOptions): Limits {
  const age = olderThan ?? (keep === undefined ? DEFAULT_AGE : '0m')
  const count = keep ?? '0'
  const why = { young: `over, not older than ${age}`, latest: `over, one of the latest ${count}` }
  return { olderThanMs: msOf(age), keep: countOf(count), why }
}

const UNITS: { readonly [unit: string]: number } = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

function msOf(text: string): number {
  const [, count, unit = ''] = /^(\d{1,5})([mhdw])$/.exec(text) ?? []
  if (count !== undefined) return Number(count) * UNITS[unit]!
  throw new NsnetError('USAGE', `expected --older-than with minutes, hours, days or weeks, got "${text}"`, AGE_HINT)
}

function countOf(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new NsnetError('USAGE', `expected --keep with a number of runs, got "${text}"`, 'for example: --keep 20')
}

const AGE_HINT = 'for example: --older-than 90m, 12h, 30d or 4w'
