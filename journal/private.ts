import { constants, fstatSync, lstatSync, mkdirSync, type Stats } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { NsnetError } from '../core/errors.ts'
import { quote } from '../core/quote.ts'
import { whyNot } from '../core/why-not.ts'

const { O_NOFOLLOW, O_NONBLOCK } = constants

/**
 * Opens a file in the directory of runs, for its owner only: of mode 0600 whatever the umask, and no symbolic link, device or
 * pipe, which would lead what is written elsewhere, or never end.
 *
 * @throws STATE_DIR_UNSAFE, and what open(2) says
 */
export async function openPrivate(path: string, flags: number): Promise<FileHandle> {
  const file = await open(path, flags | O_NOFOLLOW | O_NONBLOCK, 0o600).catch((error: NodeJS.ErrnoException) => {
    throw /^(ELOOP|ENXIO|EISDIR)$/.test(error.code ?? '') ? notPlain(path) : error
  })
  try {
    const stat = fstatSync(file.fd)
    if (!stat.isFile()) throw notPlain(path)
    if ((stat.mode & 0o077) !== 0) await file.chmod(0o600)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

function notPlain(path: string): NsnetError {
  const message = `${path}: expected a plain file, got a symbolic link, a device, a pipe or a directory`
  return new NsnetError('STATE_DIR_UNSAFE', message, `see what it is, and move it away: ls -ld ${quote(path)}`)
}

/** Makes a directory of mode 0700 where it is missing. @throws STATE_DIR_UNSAFE when it cannot be made or is not private */
export function privateDirectory(path: string): void {
  if (isPrivate(path)) return
  try {
    makeDirectory(path)
  } catch (error) {
    throw unsafe(path, `cannot make the directory of runs: ${whyNot(error)}`)
  }
  isPrivate(path)
}

/**
 * Says whether there is a directory that nobody else has a hand in. What is done to directories takes microseconds, a
 * hundredth of what waiting for it would.
 *
 * @throws STATE_DIR_UNSAFE when it is a symbolic link, belongs to somebody else or is open to others' writing
 */
export function isPrivate(path: string): boolean {
  const stat = statOf(path)
  if (!stat) return false
  if (!stat.isDirectory()) throw unsafe(path, 'expected a directory that is no symbolic link')
  if (stat.uid !== process.getuid?.()) {
    throw unsafe(path, `expected a directory of your own, it belongs to the user with the id ${stat.uid}`)
  }
  if ((stat.mode & 0o022) !== 0) {
    throw unsafe(path, 'expected a directory that only its owner can write to', `close it: chmod 700 ${quote(path)}`)
  }
  return true
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw unsafe(path, `cannot look at the directory of runs: ${whyNot(error)}`)
  }
}

function unsafe(path: string, what: string, first?: string): NsnetError {
  const other = 'name another directory with --state-dir or NSNET_STATE_DIR'
  return new NsnetError('STATE_DIR_UNSAFE', `${path}: ${what}`, first === undefined ? other : `${first}; or ${other}`)
}

/** Makes a directory and those above it. Node's own `recursive` never ends where the kernel says ENOENT, as in /proc. */
function makeDirectory(path: string): void {
  const code = codeOf(() => mkdirSync(path, { mode: 0o700 }))
  if (code === undefined || code === 'EEXIST') return
  if (code === 'ENOENT' && dirname(path) !== path) makeDirectory(dirname(path))
  mkdirSync(path, { mode: 0o700 })
}

function codeOf(work: () => void): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}
