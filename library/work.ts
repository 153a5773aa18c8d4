import { setMaxListeners } from 'node:events'
import { NsnetError } from '../core/errors.ts'
import type { RunEvent } from '../core/events.ts'
import type { Status } from '../core/machine.ts'
import type { Moment } from '../core/moment.ts'
import type { Run } from '../core/run.ts'
import type { Ending } from './ending.ts'
import { bell } from './entries.ts'
import { refusalOf, type Deed } from './refusals.ts'
import type { Watch } from './watch.ts'

/** What this process does with one run, one thing after the other. */
export interface Work {
  readonly status: () => Status
  /** The run as far as it has come; undefined before its first event. */
  readonly run: () => Run | undefined
  /** Something is done with it, or about to be. */
  readonly isOn: () => boolean
  /** Resolves when there is something new. */
  readonly news: () => Promise<void>
  /** Resolves when the first event is journaled. */
  readonly begun: Promise<void>
  /** Does something, when all is over that was to be done before. @throws what `does` throws, and what its ending means */
  readonly next: (deed: Deed, does: () => Promise<Ending>, signal: AbortSignal | undefined) => Promise<void>
  /** Stops what is done now, unless that is an undo. */
  readonly stop: () => void
  /** Gives what stops that which is done now. */
  readonly giveUp: () => AbortSignal
  readonly watch: (run: string) => Promise<Watch>
}

/** Nobody ends the commands of a library in the middle. */
const never = new AbortController().signal

/** Begins to work on a run; `id` is what tells it from others that are worked on for its sake. */
export function workOnRun(id: string): Work {
  let [run, moment, status]: [Run?, Moment?, Status?] = []
  let [left, deed, stop] = [0, 'set up' as Deed, new AbortController()]
  let last: Promise<unknown> = Promise.resolve()
  const { ring, next: news } = bell()
  const first = bell()
  const begun = first.next()
  const perform = async (does: () => Promise<Ending>, signal: AbortSignal | undefined): Promise<void> => {
    stop = new AbortController()
    const abort = (): void => stop.abort('abort')
    if (signal?.aborted) abort()
    // one signal may stop many runs
    if (signal) setMaxListeners(Infinity, signal)
    signal?.addEventListener('abort', abort)
    try {
      const ending = await does().catch((error: unknown) => {
        throw withReason(error, signal)
      })
      const refusal = refusalOf(ending, deed, id, moment, signal?.reason)
      if (refusal) throw refusal
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }
  const watch: Watch = {
    get signal() {
      return stop.signal
    },
    kill: never,
    entry: (now, { event }) => {
      run = now
      status = statusAfter(event) ?? status
      first.ring()
      ring()
    },
    rest: (now) => {
      ;[run, moment, status] = [now.run, now, now.status]
    },
    progress: nothing,
    command: nothing,
    end: async () => undefined,
  }
  return {
    status: () => status ?? 'running',
    run: () => run,
    isOn: () => left > 0,
    news,
    begun,
    next: (what, does, signal) => {
      left += 1
      const result = last
        .then(() => {
          deed = what
          return perform(does, signal)
        })
        .finally(() => {
          left -= 1
          ring()
        })
      last = result.catch(nothing)
      return result
    },
    stop: () => {
      if (left > 0 && deed === 'set up') stop.abort('end of scope')
    },
    giveUp: () => stop.signal,
    watch: async (other) => (other === id ? watch : { ...watch, signal: stop.signal, entry: nothing, rest: nothing }),
  }
}

/** Who stopped it knows by which reason. */
function withReason(error: unknown, signal: AbortSignal | undefined): unknown {
  if (!(error instanceof NsnetError) || error.code !== 'INTERRUPTED') return error
  return new NsnetError(error.code, error.message, error.hint, { cause: signal?.reason })
}

const nothing = (): void => undefined

/** What a run is while it is worked on; how it ends is told when it stands still. */
function statusAfter({ type }: RunEvent): Status | undefined {
  if (type === 'RunStarted' || type === 'RunResumed' || type === 'RepairStarted') return 'running'
  return type === 'UndoStarted' ? 'undoing' : undefined
}
