import type { ResourceKey } from '../../core/resource.ts'
import type { Context, Look, Step } from '../../core/step.ts'
import { isAsAsked, madeDirs, planFiles, takeFilesBack } from './file-commands.ts'
import type { AskedFile } from './file-input.ts'
import { dirsOf, fileKey, probesOfFile, readFile, type FileState } from './file-state.ts'

/** What a step that writes files sees of them, in the order in which it asks for them. */
export type FilesState = { readonly files: readonly FileState[] }

/** What steps that write files have in common; `filesOf` says what an input asks for. */
export function fileStep<Input>(filesOf: (input: Input) => readonly AskedFile[]) {
  const probe = (input: Input, context: Context) => filesOf(input).flatMap(({ path }) => probesOfFile(path, context))
  return {
    outlivesBoot: true,
    resources: (input) => ({
      shares: [...new Set(filesOf(input).flatMap(({ path }) => [path, ...dirsOf(path)]))].map(fileKey),
    }),
    probe,
    observe: (_, input, look: Look) => ({
      files: filesOf(input).map((file, at) => {
        const [listing, bytes] = look.outputs.slice(2 * at)
        return readFile(listing?.stdout ?? '', bytes?.stdout ?? '', file, look)
      }),
    }),
    watches: () => [],
    foretell: (_, { files }, { resources: { shares = [] } }) => {
      const seen = files.map((state) => besideFiles(state, shares))
      return seen.some((state) => state === undefined) ? undefined : { files: seen as readonly FileState[] }
    },
    changes: (input, { files }) =>
      filesOf(input).flatMap((file, at) => {
        const { entry } = files[at]!
        const from = entry && `${Buffer.byteLength(entry.content ?? '')} bytes, mode ${entry.mode}`
        const to = `${Buffer.byteLength(file.content)} bytes, mode ${file.mode ?? entry?.mode ?? '644'}`
        return isAsAsked(file, files[at]!) ? [] : [{ what: file.path, from, to }]
      }),
    plan: (input, now, context) => planFiles(filesOf(input), now.files, context),
    undo: (input, before, now, context) => takeFilesBack(filesOf(input), before.files, now.files, context),
    indivisible: (input) => filesOf(input).map(({ path }) => fileKey(path)),
    rest: (_, before, now) => madeDirs(before.files, now.files).map(fileKey),
  } satisfies Partial<Step<Input, FilesState>>
}

/** Sees the directories that another step makes for its files; undefined where it writes the very file, or one on the way. */
function besideFiles(state: FileState, others: readonly ResourceKey[]): FileState | undefined {
  const isDir = (key: ResourceKey): boolean => others.some((other) => other.startsWith(`${key}/`))
  const met = others.filter((key) => key === fileKey(state.path) || fileKey(state.path).startsWith(`${key}/`))
  if (!met.every(isDir)) return undefined
  const dirs = Object.entries(state.dirs).map(([path, dir]) => {
    return [path, met.includes(fileKey(path)) ? { kind: dir?.kind ?? 'd', empty: false } : dir] as const
  })
  return { ...state, dirs: Object.fromEntries(dirs) }
}
