import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import type { Cursor } from './cursor.ts'

/** A word that fits, and what it is. */
export interface Candidate {
  readonly value: string
  readonly about: string
}

/** What fits, and what the shell looks for itself: `dirs`, `files`, or `files` with their endings. */
export interface Found {
  readonly candidates?: readonly Candidate[]
  readonly look?: string
}

/** Finds what fits. What it needs is loaded only then, for a shell waits at every key. */
export type Source = (cursor: Cursor) => Promise<Found>

/**
 * Finds the sources for a value by the name that the usage gives it: `<RUN>`, `<FILE|RUN>`, `--state-dir <DIR>`. So a new verb is
 * completed as soon as it is defined.
 */
export function sourcesFor(name: string, of: 'argument' | 'option'): readonly Source[] {
  if (/^name=value\b/i.test(name)) return [inputs]
  const words = name.toLowerCase().split(/[^a-z]+/)
  const files = of === 'argument' || words.includes('workflow') ? workflowFiles : anyFiles
  const byName: { readonly [word: string]: readonly Source[] } = { ...sources, file: [files] }
  return [...new Set(words.flatMap((word) => (Object.hasOwn(byName, word) ? byName[word]! : [])))]
}

const workflowFiles: Source = async () => ({ look: 'files json yaml yml' })

const anyFiles: Source = async () => ({ look: 'files' })

const directories: Source = async () => ({ look: 'dirs' })

/** The latest run first. */
const runs: Source = async (cursor) => {
  const store = await storeOf(cursor)
  if (!store) return {}
  const { stateOf } = await import('../state.ts')
  const list = await store.list()
  const about = await Promise.all(list.map(async (run) => `${run.workflow}, ${await stateOf(store, run)}`))
  const all = list.map(({ id }, at) => ({ value: id, about: about[at]! }))
  return { candidates: all.length === 0 ? [] : [...all, { value: 'last', about: 'the latest run' }] }
}

/** The steps of the run or workflow that the line names, else of the latest run. */
const steps: Source = async (cursor) => {
  const { steps: written } = await workflowOf(cursor)
  const list = written ?? (await stepsOfRun(cursor))
  const once = list.filter(({ forEach }) => forEach === undefined)
  return { candidates: once.flatMap(({ id, uses, name }) => (id ? [{ value: id, about: name ?? uses ?? '' }] : [])) }
}

/** The inputs of the workflow that the line names, but for secret ones, which `--set` refuses. */
const inputs: Source = async (cursor) => {
  const open = Object.entries((await workflowOf(cursor)).inputs ?? {}).filter(([, { secret }]) => secret !== true)
  const [name = '', ...value] = cursor.word.split('=')
  if (value.length > 0) return { candidates: open.flatMap(([it, input]) => (it === name ? valuesOf(it, input) : [])) }
  return { candidates: open.map(([it, input]) => ({ value: `${it}=`, about: aboutInput(input) })) }
}

/** The values of an input that can be known. */
function valuesOf(name: string, { type, default: preset }: Input): readonly Candidate[] {
  const values = type === 'boolean' ? [true, false] : preset === undefined ? [] : [preset]
  return values.map((value) => ({ value: `${name}=${asText(value)}`, about: value === preset ? 'without --set' : '' }))
}

/** Those that nsnet brings along: a plugin is code, which no key but Enter may run. */
const types: Source = async () => {
  const { builtinSteps } = await import('../../library/builtin.ts')
  return { candidates: builtinSteps.map(({ type, summary = '' }) => ({ value: type, about: summary })) }
}

const netns: Source = async () => {
  const names = await readdir('/run/netns').catch(() => [])
  return { candidates: names.toSorted().map((value) => ({ value, about: 'netns' })) }
}

/** Programs that begin with what is typed: without a letter there are too many. */
const programs: Source = async ({ word }) => {
  if (word === '' || word.includes('/')) return { look: 'files' }
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const lists = await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])))
  const names = [...new Set(lists.flat())].filter((name) => name.startsWith(word))
  return { candidates: names.toSorted().map((value) => ({ value, about: '' })) }
}

const sources: { readonly [word: string]: readonly Source[] } = {
  run: [runs],
  step: [steps],
  netns: [netns],
  where: [netns, runs],
  type: [types],
  dir: [directories],
  command: [programs],
}

interface Workflow {
  readonly inputs?: { readonly [name: string]: Input }
  readonly steps?: readonly StepText[]
}

/** A step of a file or of a run; of one with `forEach` only the run has ids. */
interface StepText {
  readonly id?: string
  readonly uses?: string
  readonly name?: string
  readonly forEach?: unknown
}

interface Input {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly secret?: boolean
}

/** Reads the workflow file that the line names; nothing when it names none, or something else. */
async function workflowOf(cursor: Cursor): Promise<Workflow> {
  const [, file] = Object.entries(cursor.arguments).find(([name]) => /\bfile\b/.test(name)) ?? []
  if (file === undefined) return {}
  const path = resolve(expanded(file))
  if (!existsSync(path)) return {}
  const [{ readText }, { parseSource }] = await Promise.all([
    import('../../library/read-text.ts'),
    import('../../core/source.ts'),
  ])
  return (await parseSource(await readText(path), path)).value as Workflow
}

async function stepsOfRun(cursor: Cursor): Promise<NonNullable<Workflow['steps']>> {
  const [, run = 'last'] = Object.entries(cursor.arguments).find(([name]) => /\brun\b/.test(name)) ?? []
  const store = await storeOf(cursor)
  return store ? (await store.started((await store.find(run)).id)).steps : []
}

/** Opens the directory of runs where there is one; looking must not make it. */
async function storeOf({ options }: Cursor) {
  const named = [...options].find(([{ long }]) => long === '--state-dir')?.[1]
  const { defaultStateDir, openStore } = await import('../../journal/store.ts')
  const dir = named === undefined ? defaultStateDir(process.env) : expanded(named)
  return existsSync(join(dir, 'runs')) ? await openStore(dir) : undefined
}

/** Reads `~` as the shell will. */
const expanded = (path: string): string => path.replace(/^~(?=\/|$)/, homedir())

function aboutInput({ description = '', default: preset }: Input): string {
  const otherwise = preset === undefined ? 'has to be set' : `else ${asText(preset)}`
  return description === '' ? otherwise : `${description} (${otherwise})`
}

/** Writes a default as `--set` takes it: a list as JSON. */
const asText = (value: unknown): string => (Array.isArray(value) ? JSON.stringify(value) : String(value))
