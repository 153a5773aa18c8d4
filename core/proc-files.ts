import { closeSync, constants, fstatSync, opendirSync, openSync, readSync, writeSync, type Dirent } from 'node:fs'

/** Runs what works on files; undefined when any of it fails. */
export function unlessFails<T>(work: () => T | undefined): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/** Says whether the error is that there is no such file. */
export const isMissing = (error: unknown): boolean => (error as { readonly code?: unknown }).code === 'ENOENT'

/** Reads a file that the kernel makes up, whole, at one go; undefined when its mode says that nobody may. @throws as read(2) */
export function readMade(path: string): string | undefined {
  return withFile(path, constants.O_RDONLY, (fd) => {
    if ((fstatSync(fd).mode & 0o400) === 0) return undefined
    const bytes = Buffer.alloc(65_536)
    const length = readSync(fd, bytes)
    return length === bytes.length ? undefined : bytes.toString('utf8', 0, length)
  })
}

/** Writes a file that the kernel makes up, at one go. @throws as write(2) */
export function writeMade(path: string, text: string): void {
  const bytes = Buffer.from(text)
  const written = withFile(path, constants.O_WRONLY, (fd) => writeSync(fd, bytes))
  if (written !== bytes.length) throw new Error(`expected to write ${bytes.length} bytes, wrote ${written}`)
}

/** Lists a directory in the order of the kernel, up to so many entries; undefined when there are more. @throws as readdir(3) */
export function entriesOf(path: string, most: number): readonly Dirent[] | undefined {
  const directory = opendirSync(path, { bufferSize: 256 })
  try {
    const entries: Dirent[] = []
    for (let entry = directory.readSync(); entry; entry = directory.readSync()) {
      // a name that is no UTF-8 would not find its file again
      if (entries.length === most || entry.name.includes('\ufffd')) return undefined
      entries.push(entry)
    }
    return entries
  } finally {
    directory.closeSync()
  }
}

function withFile<T>(path: string, flags: number, work: (fd: number) => T): T {
  const fd = openSync(path, flags)
  try {
    return work(fd)
  } finally {
    closeSync(fd)
  }
}
