import type { Given } from '../core/given.ts'
import type { Step } from '../core/step.ts'
import type { Opened } from '../journal/journals.ts'
import type { WorkLock } from '../journal/lock.ts'
import { locked, lockOf } from './locked.ts'
import { registryOfRun, type RunRegistry } from './plugins.ts'
import { secretsFor, type GivenSecrets } from './run-secrets.ts'
import type { Session } from './session.ts'
import type { Turn } from './turn.ts'

/** A session that finds the plugins and the secrets of each run by itself. */
export interface Working extends Omit<Session, 'registry' | 'secrets'> {
  readonly given: Given
  /** Step types beside those that nsnet brings along and the plugins of the run. */
  readonly steps: readonly Step[]
}

/** A run that is open, with its plugins and what is known of its secrets. */
export interface OpenedRun extends Opened {
  readonly session: Session & { readonly registry: RunRegistry }
  readonly known: GivenSecrets
}

/**
 * Works on a run, under the lock of what it does and a turn at the kernel: whoever held that before may have gone on with
 * this very run, so its journal is read now, once.
 *
 * @throws LOCKED, RUN_NOT_FOUND, JOURNAL_BROKEN, JOURNAL_UNWRITABLE
 */
export async function workOn<T>(
  working: Working,
  id: string,
  how: 'shared' | 'alone',
  work: (opened: OpenedRun, turn: Turn, lock: WorkLock) => Promise<T>,
): Promise<T> {
  const begun = await working.store.started(id)
  return await locked(working, begun, how, (turn, lock) =>
    withRun(working, id, async (opened) => {
      const { started } = opened.moment.run
      // what a run does is named with the netns it is in, which may be another one after a reboot
      const also = started.facts.netns === begun.facts.netns ? undefined : await lockOf(working, started, false)
      return await work(opened, turn, lock).finally(also?.release)
    }),
  )
}

/** Opens a run for as long as it is worked on; whoever calls holds the lock. @throws JOURNAL_BROKEN, JOURNAL_UNWRITABLE */
export async function withRun<T>(working: Working, id: string, work: (opened: OpenedRun) => Promise<T>): Promise<T> {
  const { store, given, note, steps } = working
  const { journal, moment } = await store.open(id)
  try {
    if (journal.torn > 0) note({ what: 'torn', bytes: journal.torn, path: journal.path })
    const { started } = moment.run
    const known = secretsFor(started, given)
    const session = { ...working, registry: await registryOfRun(started, steps), secrets: known.secrets }
    return await work({ journal, moment, session, known })
  } finally {
    await journal.close()
  }
}
