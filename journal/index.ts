import { Low, type Adapter } from 'lowdb'
import { constants } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { check, number, object, optional, record, text, type Check } from './check.ts'
import { openPrivate } from './private.ts'

/** What `list` shows of a run, without reading its journal again. */
export interface Summary {
  readonly id: string
  readonly workflow: string
  readonly path: string
  readonly status: string
  readonly steps: number
  /** How many of the steps hold. */
  readonly holding: number
  /** How many of the steps are ours to undo. */
  readonly ours: number
  /** Names what the run does; its lock is named so. */
  readonly work: string
  readonly startedAt: string
  readonly changedAt: string
  readonly boot: string
  /** The systemd unit that began it. */
  readonly unit?: string | undefined
}

/** A summary, with the size and time of the journal it was made of: another size or time makes it old. */
export interface Row extends Summary {
  readonly bytes: number
  readonly mtimeMs: number
}

interface Rows {
  readonly version: 1
  rows: Record<string, Row>
}

const row = {
  id: text,
  workflow: text,
  path: text,
  status: text,
  steps: number,
  holding: number,
  ours: number,
  work: text,
  startedAt: text,
  changedAt: text,
  boot: text,
  unit: optional(text),
  bytes: number,
  mtimeMs: number,
} satisfies { readonly [field in keyof Row]-?: Check }

const mistakeIn = object({ version: check('1', (value) => value === 1), rows: record(object(row)) })

const empty = (): Rows => ({ version: 1, rows: {} })

/** Reads the index of runs; a missing, broken or foreign one is empty, for every row can be made anew from a journal. */
export async function readIndex(path: string): Promise<Record<string, Row>> {
  try {
    const db = new Low<Rows>(privateFile(path), empty())
    await db.read()
    return mistakeIn(db.data) === undefined ? db.data.rows : {}
  } catch {
    return {}
  }
}

/** Writes the index of runs; the caller holds its lock. */
export async function writeIndex(path: string, rows: Record<string, Row>): Promise<void> {
  const db = new Low<Rows>(privateFile(path), { version: 1, rows })
  await db.write().catch(() => rm(path, { force: true }).catch(() => undefined))
}

/** Keeps the index in a private file, which is written beside it and put in its place: links are replaced, not followed. */
const privateFile = (path: string): Adapter<Rows> => ({
  read: async () => {
    const file = await openPrivate(path, constants.O_RDONLY)
    return JSON.parse(await file.readFile('utf8').finally(() => file.close())) as Rows
  },
  write: async (rows) => {
    const temporary = `${path}.new`
    await rm(temporary, { force: true })
    const file = await openPrivate(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL)
    await file.writeFile(JSON.stringify(rows)).finally(() => file.close())
    await rename(temporary, path)
  },
})
