import { createHash } from 'node:crypto'
import type { Entry, RunStarted } from '../../core/events.ts'
import { parentOf } from '../traceparent.ts'

/** Names the trace of a run: 16 bytes in hex, those of the trace that the run is part of where it has a parent. */
export function traceIdOf({ at }: Entry, { run, traceparent }: RunStarted): string {
  return parentOf(traceparent)?.traceId ?? hashed(32, run, at)
}

/** Names a span by the event that begins it: 8 bytes in hex, the same whenever it is computed. */
export function spanIdOf({ run }: RunStarted, seq: number, kind: string): string {
  return hashed(16, run, `${seq}`, kind)
}

/** The span that a run was begun in; undefined when there is none. */
export const parentIn = ({ traceparent }: RunStarted): string | undefined => parentOf(traceparent)?.spanId

const hashed = (digits: number, ...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, digits)
