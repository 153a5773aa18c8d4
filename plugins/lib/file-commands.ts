import type { Command } from '../../core/command.ts'
import { equal } from '../../core/json.ts'
import { conflict, nothingToDo, type Context, type Plan } from '../../core/step.ts'
import { MOST_BYTES, type AskedFile } from './file-input.ts'
import { copyOf, type Entry, type FileState } from './file-state.ts'

/** Says whether a file is as asked for. */
export const isAsAsked = ({ content, mode }: AskedFile, { entry }: FileState): boolean =>
  entry !== null && entry.kind === 'f' && entry.content === content && (mode === undefined || entry.mode === mode)

/** Plans files, the first conflict of all coming before any of them is written. */
export function planFiles(asked: readonly AskedFile[], seen: readonly FileState[], context: Context): Plan {
  const left = asked.flatMap((file, at) =>
    isAsAsked(file, seen[at]!) && !seen[at]!.copy ? [] : [[file, seen[at]!] as const],
  )
  if (left.length === 0) return nothingToDo
  const trouble = left.map(([file, state]) => troubleIn(file, state)).find((found) => found !== undefined)
  if (trouble) return trouble
  const missing = missingDirs(seen)
  return {
    apply: [
      ...missing.map((dir) => ({ argv: ['mkdir', '-m', '755', '--', dir] })),
      ...left.flatMap(([file, state]) => writing(file, state, context)),
    ],
    undo: [...left.flatMap(([file, { entry }]) => restoring(file.path, entry, context)), ...removing(missing)],
  }
}

/** Takes files back to what was before, and takes away the directories that were made for them, where nothing else is in them. */
export function takeFilesBack(
  asked: readonly AskedFile[],
  before: readonly FileState[],
  now: readonly FileState[],
  context: Context,
): readonly Command[] {
  const files = asked.flatMap(({ path }, at) => {
    const [was, is] = [before[at]!, now[at]!]
    if (!equal(was.entry, is.entry)) {
      const off = offTheWay(is)
      // who is not told where the file went would write into somebody else's
      if (off !== undefined) throw Object.assign(new Error(`${off}: put back what was there`), { stack: '' })
      return restoring(path, was.entry, context)
    }
    return is.copy ? [remove(copyOf(path, context))] : []
  })
  const made = madeDirs(before, now)
  const isEmpty = made.some((dir) => now.some(({ dirs }) => dirs[dir]?.empty))
  return files.length === 0 && !isEmpty ? [] : [...files, ...removing(made)]
}

/** Lists the directories that were not there before and are now, the outermost first. */
export const madeDirs = (before: readonly FileState[], now: readonly FileState[]): readonly string[] =>
  missingDirs(before).filter((dir) => now.some(({ dirs }) => dirs[dir]))

const missingDirs = (seen: readonly FileState[]): readonly string[] => [
  ...new Set(seen.flatMap(({ dirs }) => Object.keys(dirs).filter((dir) => dirs[dir] === null))),
]

/** Says what is in the place of a directory on the way to a file; undefined when nothing is. */
function offTheWay({ dirs }: FileState): string | undefined {
  const wrong = Object.entries(dirs).find(([, dir]) => dir !== null && dir.kind !== 'd')
  return wrong && `expected a directory ${wrong[0]}, found ${kindOf(wrong[1]!.kind)}`
}

function troubleIn({ path }: AskedFile, state: FileState): Plan | undefined {
  const real = 'nsnet goes through no symbolic link: give the path that the link leads to'
  const [off, { entry }] = [offTheWay(state), state]
  if (off !== undefined) return conflict(off, real)
  if (entry === null) return undefined
  if (entry.kind !== 'f')
    return conflict(
      `expected a file ${path}, or nothing, found ${kindOf(entry.kind)}`,
      entry.kind === 'l' ? real : undefined,
    )
  if (entry.names > 1)
    return conflict(
      `${path} has ${entry.names} names (hard links), which could not be put back`,
      `find the others: find / -xdev -samefile ${path}`,
    )
  if (entry.content !== null) return undefined
  return conflict(
    `what is in ${path} could not be put back: it is no text of UTF-8, or longer than ${MOST_BYTES} bytes`,
    'move it away, if nobody needs it',
  )
}

const kindOf = (kind: string): string =>
  ({ d: 'a directory', l: 'a symbolic link', f: 'a file', p: 'a pipe', s: 'a socket', b: 'a device', c: 'a device' })[
    kind
  ] ?? 'something else'

/** A file that is written already only needs its mode; what an earlier nsnet left beside it goes. */
function writing({ path, content, mode }: AskedFile, { entry, copy }: FileState, context: Context): readonly Command[] {
  const isWritten = entry !== null && entry.content === content
  if (!isWritten) return replacing(path, content, mode ?? entry?.mode ?? '644', entry?.owner, context)
  const [asked, is] = [mode ?? entry.mode, entry.mode]
  return [
    ...(copy ? [remove(copyOf(path, context))] : []),
    ...(asked === is ? [] : [{ argv: ['chmod', asked, '--', path] }]),
  ]
}

const restoring = (path: string, entry: Entry | null, context: Context): readonly Command[] =>
  entry === null
    ? [remove(copyOf(path, context)), remove(path)]
    : replacing(path, entry.content ?? '', entry.mode, entry.owner, context)

/**
 * The copy has its mode before anything is in it, and is whole before rename(2) puts it in the place of the file. The content
 * goes by stdin, not in the arguments; dd reads it where it cannot be opened by name, which a socket cannot. Whoever may write
 * into the directory may put a link in the place of the copy: nothing is written through it.
 */
function replacing(
  path: string,
  content: string,
  mode: string,
  owner: string | undefined,
  context: Context,
): readonly Command[] {
  const [user, group] = owner?.split(':') ?? []
  const whose = user === undefined ? [] : ['-o', user, '-g', group!]
  const copy = copyOf(path, context)
  return [
    { argv: ['install', '-m', mode, ...whose, '-T', '--', '/dev/null', copy] },
    { argv: ['dd', `of=${copy}`, 'oflag=nofollow', 'conv=fsync', 'status=none'], stdin: content },
    { argv: ['mv', '-fT', '--', copy, path] },
  ]
}

const remove = (path: string): Command => ({ argv: ['rm', '-f', '--', path] })

const removing = (dirs: readonly string[]): readonly Command[] =>
  dirs.toReversed().map((dir) => ({ argv: ['rmdir', '--ignore-fail-on-non-empty', '--', dir] }))
