import { constants } from 'node:fs'
import { lstat, mkdir, open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { NsnetError } from '../core/errors.ts'
import { quote } from '../core/quote.ts'

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
    const { mode, isFile } = await statOf(file)
    if (!isFile) throw notPlain(path)
    if ((mode & 0o077) !== 0) await file.chmod(0o600)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

async function statOf(file: FileHandle): Promise<{ readonly mode: number; readonly isFile: boolean }> {
  const stat = await file.stat()
  return { mode: stat.mode, isFile: stat.isFile() }
}

function notPlain(path: string): NsnetError {
  const message = `${path}: expected a plain file, got a symbolic link, a device, a pipe or a directory`
  return new NsnetError('STATE_DIR_UNSAFE', message, `see what it is, and move it away: ls -ld ${quote(path)}`)
}

/** Makes a directory of mode 0700 where it is missing. @throws STATE_DIR_UNSAFE when it cannot be made or is not private */
export async function privateDirectory(path: string): Promise<void> {
  await makeDirectory(path).catch((error: Error) => {
    throw unsafe(path, `cannot make the directory of runs: ${error.message}`)
  })
  await expectPrivate(path)
}

/**
 * Expects of a directory, where there is one, that nobody else has a hand in it.
 *
 * @throws STATE_DIR_UNSAFE when it is a symbolic link, belongs to somebody else or is open to others' writing
 */
export async function expectPrivate(path: string): Promise<void> {
  const stat = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw unsafe(path, `cannot look at the directory of runs: ${error.message}`)
  })
  if (!stat) return
  if (!stat.isDirectory()) throw unsafe(path, 'expected a directory that is no symbolic link')
  if (stat.uid !== process.getuid?.()) {
    throw unsafe(path, `expected a directory of your own, it belongs to the user with the id ${stat.uid}`)
  }
  if ((stat.mode & 0o022) !== 0) {
    throw unsafe(path, 'expected a directory that only its owner can write to', `close it: chmod 700 ${quote(path)}`)
  }
}

function unsafe(path: string, what: string, first?: string): NsnetError {
  const other = 'name another directory with --state-dir or NSNET_STATE_DIR'
  return new NsnetError('STATE_DIR_UNSAFE', `${path}: ${what}`, first === undefined ? other : `${first}; or ${other}`)
}

/** Makes a directory and those above it. Node's own `recursive` never ends where the kernel says ENOENT, as in /proc. */
async function makeDirectory(path: string): Promise<void> {
  const made = await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => error)
  if (made === undefined || made.code === 'EEXIST') return
  if (made.code !== 'ENOENT' || dirname(path) === path) throw made
  await makeDirectory(dirname(path))
  await mkdir(path, { mode: 0o700 })
}
