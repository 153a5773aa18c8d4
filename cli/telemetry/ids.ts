import { createHash } from 'node:crypto'
import type { Entry, RunStarted } from '../../core/events.ts'

/** Names the trace of a run: 16 bytes in hex, those of the trace that the run is part of where it has a parent. */
export function traceIdOf({ at }: Entry, { run, traceparent }: RunStarted): string {
  return partsOf(traceparent)?.traceId ?? hashed(32, run, at)
}

/** Names a span by the event that begins it: 8 bytes in hex, the same whenever it is computed. */
export function spanIdOf({ run }: RunStarted, seq: number, kind: string): string {
  return hashed(16, run, `${seq}`, kind)
}

/** The span that a run was begun in; undefined when there is none. */
export const parentIn = ({ traceparent }: RunStarted): string | undefined => partsOf(traceparent)?.spanId

/** Takes a `TRACEPARENT` that names a span; undefined for others. @see https://www.w3.org/TR/trace-context/ */
export const usableParent = (traceparent: string | undefined): string | undefined => partsOf(traceparent) && traceparent

interface Parent {
  readonly traceId: string
  readonly spanId: string
}

function partsOf(traceparent: string | undefined): Parent | undefined {
  const [, traceId, spanId] =
    /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}$/.exec(traceparent ?? '') ?? []
  return traceId !== undefined && spanId !== undefined ? { traceId, spanId } : undefined
}

const hashed = (digits: number, ...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, digits)
