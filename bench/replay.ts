/** Reads a journal and folds it, and prints the milliseconds that it took: what a resume cannot go below. */
import { basename, dirname } from 'node:path'
import { ownTheProcess } from '../core/heap.ts'
import { journalsIn } from '../journal/journals.ts'

ownTheProcess()
const began = performance.now()
const path = process.argv[2]!
await journalsIn(dirname(path)).fold(basename(path, '.jsonl'))
process.stdout.write(`${performance.now() - began}\n`)
