import { createHash } from 'node:crypto'
import type { Command } from '../../core/command.ts'
import type { ResourceKey } from '../../core/resource.ts'
import { tagOf, type Context } from '../../core/step.ts'
import { expectLines } from './expect-lines.ts'
import { MOST_BYTES, type AskedFile } from './file-input.ts'

/** What is there of a file, and on the way to it. */
export type FileState = {
  readonly path: string
  /** Each directory from the root to the file → its kind (`d`), and whether nothing is in it; null when it is not there. */
  readonly dirs: { readonly [path: string]: { readonly kind: string; readonly empty: boolean } | null }
  readonly entry: Entry | null
  /** A copy that was to become the file is beside it: nsnet was killed between two commands. */
  readonly copy: boolean
}

/** A file, or what is in its place. */
export type Entry = {
  /** As find(1) says it: `f`, `d`, `l` … */
  readonly kind: string
  readonly mode: string
  readonly owner: string
  /** Its names (hard links). */
  readonly names: number
  /** Null where it is no text of UTF-8, or longer than a journal should hold. */
  readonly content: string | null
}

/** Lists the directories on the way to a path, the outermost first; without the root. */
export function dirsOf(path: string): readonly string[] {
  const parts = path.split('/').slice(1, -1)
  return parts.map((_, at) => `/${parts.slice(0, at + 1).join('/')}`)
}

/** Keys a file or a directory. */
export const fileKey = (path: string): ResourceKey => `file:host${path}`

/** The name under which a file is written before it takes its place: nobody sees half of it. */
export function copyOf(path: string, context: Context): string {
  const hash = createHash('sha256')
    .update(`${tagOf(context)} ${path}`)
    .digest('hex')
    .slice(0, 12)
  return `${path.slice(0, path.lastIndexOf('/'))}/.nsnet-${hash}.tmp`
}

/**
 * Looks at a file by find(1), which has no quarrel with what is not there: it goes down from the root, into nothing but the
 * directories on the way, and through no symbolic link. The second command prints the bytes, in base64.
 */
export function probesOfFile(path: string, context: Context): readonly Command[] {
  const tell = ['-printf', '%y %m %U:%G %n %s %p\\n']
  const onTheWay = dirsOf(path).flatMap((dir) => [
    ...named(dir),
    ...tell,
    '(',
    '!',
    '-empty',
    '-o',
    '-printf',
    'empty %p\\n',
    ')',
    '-o',
  ])
  const way = dirsOf(path).flatMap((dir) => [...named(dir), '-o'])
  const start = ['find', '/', '-path', '/', '-o']
  const ends = [path, copyOf(path, context)].flatMap((end) => [...named(end), ...tell, '-prune', '-o'])
  const readable = ['-type', 'f', '-size', `-${MOST_BYTES / 1024 + 1}k`]
  return [
    { argv: [...start, ...ends, ...onTheWay, '-prune'] },
    {
      argv: [
        ...start,
        ...way,
        ...named(path),
        ...readable,
        '-exec',
        'base64',
        '-w',
        '0',
        '{}',
        ';',
        '-prune',
        '-o',
        '-prune',
      ],
    },
  ]
}

/** Looks for a path by find(1), as `probesOfFile` does: what is not there is no failure. */
export const findPath = (path: string): Command => {
  const way = dirsOf(path).flatMap((dir) => [...named(dir), '-o'])
  return { argv: ['find', '/', '-path', '/', '-o', ...named(path), '-print', '-prune', '-o', ...way, '-prune'] }
}

/** Says whether `findPath` found it. */
export const isThere = (stdout: string, path: string): boolean => stdout.split('\n').includes(path)

const named = (path: string): readonly string[] => ['-path', path.replace(/[*?[\]\\]/g, '\\$&')]

/** Reads what both probes of a file printed. @throws when that is not what find(1) prints */
export function readFile(listing: string, base64: string, { path }: AskedFile, context: Context): FileState {
  expectLines(
    listing,
    /^([a-zA-Z?] [0-7]+ \d+:\d+ \d+ \d+|empty) \/./,
    'lines of a kind, a mode, an owner, sizes and a path',
  )
  const rows = listing.split('\n').flatMap((line) => {
    const [, kind = '', mode = '', owner = '', names, size, at = ''] = ROW.exec(line) ?? []
    return kind === ''
      ? []
      : [[at, { entry: { kind, mode, owner, names: Number(names) }, size: Number(size) }] as const]
  })
  const there = new Map(rows)
  const empty = new Set(listing.split('\n').map((line) => line.replace(/^empty /, '')))
  const file = there.get(path)
  const dirs = dirsOf(path).map((dir) => {
    const kind = there.get(dir)?.entry.kind
    return [dir, kind === undefined ? null : { kind, empty: empty.has(dir) }] as const
  })
  return {
    path,
    dirs: Object.fromEntries(dirs),
    entry: file ? { ...file.entry, content: textOf(base64, file.size) } : null,
    copy: there.has(copyOf(path, context)),
  }
}

const ROW = /^(\S) (\d+) (\S+) (\d+) (\d+) ([^]*)$/

/** What was not read, since it is too long or no plain file, has another size than what was. */
function textOf(base64: string, size: number): string | null {
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.length !== size) return null
  const text = bytes.toString('utf8')
  return Buffer.from(text).equals(bytes) && !text.includes('\0') ? text : null
}
