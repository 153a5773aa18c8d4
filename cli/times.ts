import { beginsAgain, type Entry } from '../core/events.ts'

/** Says how long ago something was, in the unit that people say it in: `3 min ago`. */
export function ago(at: string, now: number): string {
  const seconds = Math.round((now - Date.parse(at)) / 1000)
  if (seconds < 0) return 'in the future'
  const [, size, unit] = units.find(([most]) => seconds < most)!
  return `${Math.floor(seconds / size)} ${unit} ago`
}

const units: readonly (readonly [most: number, size: number, unit: string])[] = [
  [60, 1, 's'],
  [3600, 60, 'min'],
  [48 * 3600, 3600, 'h'],
  [Infinity, 24 * 3600, 'days'],
]

/** Writes a time of an event to the second: `2026-01-02 03:04:05`, in UTC. */
export const toTheSecond = (at: string): string => at.slice(0, 19).replace('T', ' ')

/** Milliseconds that nsnet was at work between two events: what lies between two goes at a run does not count. */
export const workedMs = (before: Entry | undefined, { at, event }: Entry): number =>
  before === undefined || beginsAgain(event) ? 0 : Date.parse(at) - Date.parse(before.at)

/** Writes what passed since the start in at most eight columns: `+1.234s`, `+12m 30s`, `+3d 4h`. */
export function since(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 60) return `+${seconds.toFixed(3)}s`
  const [size, unit, part, partUnit] = steps.find(([, , , , most]) => seconds < most)!
  return `+${Math.floor(seconds / size)}${unit} ${Math.floor((seconds % size) / part)}${partUnit}`
}

const steps: readonly (readonly [size: number, unit: string, part: number, partUnit: string, most: number])[] = [
  [60, 'm', 1, 's', 3600],
  [3600, 'h', 60, 'm', 24 * 3600],
  [24 * 3600, 'd', 3600, 'h', Infinity],
]
