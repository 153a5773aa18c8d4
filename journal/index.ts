import { Low } from 'lowdb'
import { JSONFile } from 'lowdb/node'
import { rm } from 'node:fs/promises'

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

const empty = (): Rows => ({ version: 1, rows: {} })

/** Reads the index of runs; a missing, broken or foreign one is empty, for every row can be made anew from a journal. */
export async function readIndex(path: string): Promise<Record<string, Row>> {
  try {
    const db = new Low<Rows>(new JSONFile(path), empty())
    await db.read()
    return db.data?.version === 1 && typeof db.data.rows === 'object' ? db.data.rows : {}
  } catch {
    return {}
  }
}

/** Writes the index of runs; the caller holds its lock. */
export async function writeIndex(path: string, rows: Record<string, Row>): Promise<void> {
  const db = new Low<Rows>(new JSONFile(path), empty())
  db.data = { version: 1, rows }
  await db.write().catch(() => rm(path, { force: true }))
}
