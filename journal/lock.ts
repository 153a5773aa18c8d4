import type { FileHandle } from 'node:fs/promises'
import { constants, ftruncateSync, readSync, writeSync } from 'node:fs'
import { NsnetError } from '../core/errors.ts'
import { processExec } from '../core/exec.ts'
import { expectSuccess, unusable, wasHit } from '../core/tools.ts'
import { openPrivate } from './private.ts'
import { whyNot } from '../core/why-not.ts'

/** A lock that is held; the kernel frees it also when nsnet is killed. */
export interface Lock {
  readonly release: () => Promise<void>
}

/** The lock of what a run does. Its file says who had it last, as long as that one has left something unfinished. */
export interface WorkLock extends Lock {
  /** What the file said when the lock was taken; empty when nothing was left unfinished. */
  readonly before: string
  /** Says in the file that nothing is left unfinished. */
  readonly clear: () => void
}

/** How long `wait` goes on, in milliseconds: long, for whoever holds the lock may be waiting for a network. */
const WAIT_MS = 24 * 3_600_000

/** Exit code of flock(1) when somebody else holds the lock. */
const HELD = 75

/**
 * Takes a lock file for this process; `holder` says in it who that is. The file stays when the lock is released: removing
 * it would let two processes lock two files of one name.
 *
 * @throws LOCKED, naming the holder, when somebody has it and `wait` is false; JOURNAL_UNWRITABLE; TOOL_MISSING and
 *   TOOL_FAILED of flock; INTERRUPTED when `giveUp` ended the waiting
 * @see flock(1), flock(2)
 */
export async function acquire(path: string, holder: string, wait: boolean, giveUp?: AbortSignal): Promise<WorkLock> {
  return heldBy(await (wait ? locked(path, [], giveUp) : lockedSoon(path)), holder)
}

/** How often a lock is tried when its holder has not said yet who it is: each try takes 0.2 s. */
const TRIES = 25

/** Locks a file that comes free in a moment; whoever has it is given time to say who it is. @throws LOCKED */
async function lockedSoon(path: string): Promise<FileHandle> {
  for (let left = TRIES - 1; ; left--) {
    try {
      return await locked(path, ['--timeout', '0.2'])
    } catch (error) {
      const isNameless = error instanceof NsnetError && error.code === 'LOCKED' && error.message.includes(NAMELESS)
      if (!isNameless || left === 0) throw error
    }
  }
}

const NAMELESS = 'another nsnet'

/** Takes a lock file as `acquire` does, but only if nobody has it now. @throws JOURNAL_UNWRITABLE, TOOL_MISSING, TOOL_FAILED */
export async function acquireNow(path: string, holder: string): Promise<WorkLock | undefined> {
  const file = await locked(path, ['--nonblock']).catch(ifHeld)
  return file && heldBy(file, holder)
}

function heldBy(file: FileHandle, holder: string): WorkLock {
  const before = contentOf(file)
  note(file, `${holder}\n`)
  return { before, clear: () => note(file, ''), release: () => file.close() }
}

/** Writes who holds the lock, for others to read; on a disk that is full it is held all the same. */
function note({ fd }: FileHandle, text: string): void {
  try {
    ftruncateSync(fd)
    writeSync(fd, text, 0)
  } catch {
    // others are told that somebody holds it, if not who
  }
}

/** Waits for a lock file that many may hold `shared`, or one `alone`. @throws INTERRUPTED when `giveUp` ended the waiting */
export async function takeTurn(path: string, how: 'shared' | 'alone', giveUp?: AbortSignal): Promise<Lock> {
  const file = await locked(path, how === 'shared' ? ['--shared'] : [], giveUp)
  return { release: () => file.close() }
}

/** Takes a turn as `takeTurn` does, but only if nobody stands in the way now. */
export async function takeTurnNow(path: string, how: 'shared' | 'alone'): Promise<Lock | undefined> {
  const file = await locked(path, how === 'shared' ? ['--shared', '--nonblock'] : ['--nonblock']).catch(ifHeld)
  return file && { release: () => file.close() }
}

function ifHeld(error: unknown): undefined {
  if (error instanceof NsnetError && error.code === 'LOCKED') return undefined
  throw error
}

/** Opens a lock file and locks it. */
async function locked(path: string, how: readonly string[], giveUp?: AbortSignal): Promise<FileHandle> {
  const file = await openLock(path)
  try {
    await lock(file, how, giveUp)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

async function openLock(path: string): Promise<FileHandle> {
  try {
    return await openPrivate(path, constants.O_RDWR | constants.O_CREAT)
  } catch (error) {
    if (error instanceof NsnetError) throw error
    const hint = 'make it writable, or name another directory with --state-dir or NSNET_STATE_DIR'
    const message = `cannot write the lock ${path}: ${whyNot(error)}`
    throw new NsnetError('JOURNAL_UNWRITABLE', message, hint, { cause: error })
  }
}

/** Says whether somebody holds a lock file. */
export async function isHeld(path: string): Promise<boolean> {
  const file = await openPrivate(path, constants.O_RDONLY).catch(() => undefined)
  if (!file) return false
  const argv = ['flock', '--shared', '--nonblock', '--conflict-exit-code', `${HELD}`, '3']
  const { exitCode } = await processExec({ fd: file.fd })({ argv })
  await file.close()
  return exitCode === HELD
}

async function lock(file: FileHandle, how: readonly string[], giveUp: AbortSignal | undefined): Promise<void> {
  const argv = ['flock', ...how, '--conflict-exit-code', `${HELD}`, '3']
  const command = how.some((it) => /^--(timeout|nonblock)$/.test(it)) ? { argv } : { argv, timeoutMs: WAIT_MS }
  const output = await processExec({ fd: file.fd, ...(giveUp ? { kill: giveUp } : {}) })(command)
  if (output.exitCode === 0 && output.stdout === '') return
  if (giveUp?.aborted) throw gaveUp(contentOf(file), giveUp)
  if (output.exitCode === 0) throw unusable(command, output, 'did not lock')
  if (wasHit(output)) return await lock(file, how, giveUp)
  if (output.exitCode !== HELD || output.timedOut) return expectSuccess(command, output)
  const holder = contentOf(file) || NAMELESS
  throw new NsnetError(
    'LOCKED',
    `expected to be the only one at work here, but ${holder} is`,
    'wait for it with --wait',
  )
}

function gaveUp(holder: string, { reason }: AbortSignal): NsnetError {
  return new NsnetError('INTERRUPTED', `stopped waiting for ${holder || NAMELESS}`, undefined, { cause: reason })
}

function contentOf({ fd }: FileHandle): string {
  const buffer = Buffer.alloc(512)
  return buffer.toString('utf8', 0, readSync(fd, buffer, 0, 512, 0)).trim()
}
