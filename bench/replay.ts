/** Reads a journal and folds it, and prints the milliseconds that it took: what a resume cannot go below. */
import { replay } from '../core/machine.ts'
import { readJournal } from '../journal/journal.ts'

const began = performance.now()
const { entries } = await readJournal(process.argv[2]!)
replay(entries.map(({ event }) => event))
process.stdout.write(`${performance.now() - began}\n`)
