import { readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { timed } from './timed.ts'

const program = resolve('dist/nsnet.js')

/** Writes the command line of the built nsnet. */
export const nsnet = (...args: readonly string[]): readonly string[] => [process.execPath, program, ...args]

const PEAK = '/run/peak'

/** Writes the command line of nsnet with something loaded before it. */
export const preloaded = (file: string, args: readonly string[]): readonly string[] => [
  process.execPath,
  '--require',
  resolve('bench/preload', file),
  program,
  ...args,
]

/** What a command of nsnet took: milliseconds, and MB of memory at its peak. */
export interface Cost {
  readonly ms: number
  readonly peak: number
}

/**
 * Runs nsnet and also reads the peak of its memory; loading what tells it takes a millisecond, so that single namespaces are
 * timed without it.
 */
export function costOf(...args: readonly string[]): Cost {
  rmSync(PEAK, { force: true })
  const ms = timed(preloaded('peak.cjs', args))
  return { ms, peak: Number(readFileSync(PEAK, 'utf8')) / 1024 }
}

/** Counts the events of a run's journal. */
export function eventsOf(state: string, id: string): number {
  return readFileSync(journalOf(state, id)).reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 0)
}

/** Where the journal of a run is. */
export const journalOf = (state: string, id: string): string => join(state, 'runs', `${id}.jsonl`)
