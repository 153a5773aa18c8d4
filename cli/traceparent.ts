/** The span of another program that a run was begun in. */
interface Parent {
  readonly traceId: string
  readonly spanId: string
}

/** Takes a `TRACEPARENT` apart; undefined for one that names no span. @see https://www.w3.org/TR/trace-context/ */
export function parentOf(traceparent: string | undefined): Parent | undefined {
  const [, traceId, spanId] =
    /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}$/.exec(traceparent ?? '') ?? []
  return traceId !== undefined && spanId !== undefined ? { traceId, spanId } : undefined
}

/** Takes a `TRACEPARENT` that names a span; undefined for others. */
export const usableParent = (traceparent: string | undefined): string | undefined =>
  parentOf(traceparent) && traceparent
