import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { NsnetError } from '../core/errors.ts'
import { syncDirectory } from './journal.ts'

/** What stands beside a journal, by the ends of the names; the journal is last. */
const FILES = ['.log', '.sent', '.jsonl']

/**
 * Deletes a run's journal and what stands beside it. The journal goes last: a kill on the way leaves a run that is still
 * known, and lacks its debug log, and the note of what was sent of it. That it is gone is on disk when this resolves.
 *
 * @throws JOURNAL_UNWRITABLE
 */
export async function removeRun(runs: string, id: string): Promise<void> {
  try {
    for (const end of FILES) await rm(join(runs, `${id}${end}`), { force: true })
    await syncDirectory(runs)
  } catch (error) {
    const message = `cannot delete the journal of run ${id}: ${(error as Error).message}`
    throw new NsnetError('JOURNAL_UNWRITABLE', message, `see who may write there: ls -ld ${runs}`, { cause: error })
  }
}
