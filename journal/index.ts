import { Low, type Adapter } from 'lowdb'
import { constants } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { z } from 'zod'
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

const rowSchema: z.ZodType<Row> = z.looseObject({
  id: z.string(),
  workflow: z.string(),
  path: z.string(),
  status: z.string(),
  steps: z.number(),
  holding: z.number(),
  ours: z.number(),
  work: z.string(),
  startedAt: z.string(),
  changedAt: z.string(),
  boot: z.string(),
  unit: z.string().optional(),
  bytes: z.number(),
  mtimeMs: z.number(),
})

const rowsSchema = z.object({ version: z.literal(1), rows: z.record(z.string(), rowSchema) })

const empty = (): Rows => ({ version: 1, rows: {} })

/** Reads the index of runs; a missing, broken or foreign one is empty, for every row can be made anew from a journal. */
export async function readIndex(path: string): Promise<Record<string, Row>> {
  try {
    const db = new Low<Rows>(privateFile(path), empty())
    await db.read()
    return rowsSchema.safeParse(db.data).success ? db.data.rows : {}
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
    await file.writeFile(JSON.stringify(rows, null, 2)).finally(() => file.close())
    await rename(temporary, path)
  },
})
