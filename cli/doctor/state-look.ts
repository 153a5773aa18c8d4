import { lstat, mkdtemp, open, readFile, rm, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { NsnetError } from '../../core/errors.ts'
import { acquire, isHeld } from '../../journal/lock.ts'
import { openStore } from '../../journal/store.ts'
import { stateOf } from '../state.ts'
import type { StateSeen } from './state.ts'
import { whyNot } from '../../core/why-not.ts'

/**
 * Looks at the directory of runs. Nothing of it stays: a directory that is not there is not made, what is written to try it is
 * removed. In one that is there, what every verb makes is made: its subdirectories, and the index where it is old.
 */
export async function lookAtState(path: string): Promise<StateSeen> {
  const dir = resolve(path)
  const place = await nearest(dir)
  const nothing = { index: 'none', runs: [], newest: '' } as const
  const base = { dir, place, exists: place === dir, free: await freeIn(place) }
  if (place !== dir) return { ...base, ...nothing, trial: await tryOut(place) }
  try {
    // before the runs are listed, which mends it
    const index = await indexIn(dir)
    const store = await openStore(dir)
    const runs = await store.list()
    return {
      ...base,
      index,
      runs: await Promise.all(runs.map(async (run) => ({ id: run.id, state: await stateOf(store, run) }))),
      newest: runs.reduce((latest, { changedAt }) => (changedAt > latest ? changedAt : latest), ''),
      trial: await tryOut(dir),
    }
  } catch (error) {
    if (!(error instanceof NsnetError)) throw error
    return { ...base, ...nothing, refused: { message: error.message, hint: error.hint ?? '' }, trial: {} }
  }
}

/** The directory itself, or the one above it that is there. */
async function nearest(path: string): Promise<string> {
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  )
  return isThere || dirname(path) === path ? path : await nearest(dirname(path))
}

/** Bytes that may still be written; null where the file system does not say. */
async function freeIn(path: string): Promise<number | null> {
  try {
    const { bavail, bsize, blocks } = await statfs(path)
    return blocks === 0 ? null : bavail * bsize
  } catch {
    return null
  }
}

async function indexIn(dir: string): Promise<StateSeen['index']> {
  try {
    const stat = await lstat(join(dir, 'index.json'))
    if (!stat.isFile()) return 'broken'
    JSON.parse(await readFile(join(dir, 'index.json'), 'utf8'))
    return 'read'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'broken'
  }
}

/** Writes a file in a directory of its own, to the disk, and takes a lock on it that another descriptor has to see. */
async function tryOut(place: string): Promise<StateSeen['trial']> {
  let own: string | undefined
  try {
    own = await mkdtemp(join(place, '.nsnet-doctor-'))
    await write(join(own, 'file'))
    return { locks: await isLocked(join(own, 'lock')) }
  } catch (error) {
    return { failure: whyNot(error) }
  } finally {
    if (own !== undefined) await rm(own, { recursive: true, force: true })
  }
}

async function write(path: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.write(Buffer.alloc(4096))
    await file.datasync()
  } finally {
    await file.close()
  }
}

async function isLocked(path: string): Promise<boolean | string> {
  try {
    const lock = await acquire(path, 'nsnet doctor', false)
    return await isHeld(path).finally(lock.release)
  } catch (error) {
    return (error as Error).message
  }
}
