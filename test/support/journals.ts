import type { Entry, RunEvent } from '../../core/events.ts'
import { nextLine, type Line } from '../../journal/format.ts'
import { openJournal, type Journal } from '../../journal/journal.ts'
import { nothing, readEntries, reading } from '../../journal/reading.ts'

/** The lines of a journal with these events, journaled at the time that `at` gives for each. */
export const journalOf = (events: readonly RunEvent[], at: (index: number) => Date): readonly Line[] =>
  events.reduce<readonly Line[]>(
    (lines, event, index) => [...lines, nextLine(lines.at(-1)?.entry, event, at(index))],
    [],
  )

/** Reads all entries of a journal. */
export async function entriesIn(path: string): Promise<readonly Entry[]> {
  const all: Entry[] = []
  await reading(path, (file) => readEntries(file, path, (entries) => all.push(...entries), nothing))
  return all
}

/** Opens a journal to go on with it, and reads all its entries. */
export async function openedAt(
  path: string,
): Promise<{ readonly journal: Journal; readonly entries: readonly Entry[] }> {
  const entries: Entry[] = []
  const { journal } = await openJournal(path, (file) => ({
    extent: readEntries(file, path, (some) => entries.push(...some), nothing),
  }))
  return { journal, entries }
}
