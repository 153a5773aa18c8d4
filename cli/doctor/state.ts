import { quote } from '../../core/quote.ts'
import { fail, ok, warn, type Found } from './finding.ts'

/** What was seen of the directory of runs. */
export interface StateSeen {
  readonly dir: string
  /** The directory itself or, where it is not there, the one above it that is. */
  readonly place: string
  readonly exists: boolean
  /** Bytes that may still be written; null where the file system does not say. */
  readonly free: number | null
  /** Why nsnet refuses to work with it, or cannot read it. */
  readonly refused?: { readonly message: string; readonly hint: string }
  /** What came of writing there: why not, or whether a lock holds (or why not). */
  readonly trial: { readonly failure?: string; readonly locks?: boolean | string }
  readonly index: 'none' | 'read' | 'broken'
  readonly runs: readonly { readonly id: string; readonly state: string }[]
  /** ISO 8601: the latest event of any run; empty without runs. */
  readonly newest: string
}

const MIB = 1024 * 1024

/** Below this, in bytes, a run may not come to its end; and below that, the disk is as good as full. */
const [SCARCE, NONE] = [64 * MIB, MIB]

const OTHER = 'name another directory with --state-dir or NSNET_STATE_DIR'

/** Says whether runs can be kept here, and which runs wait for somebody. `given` is the `--state-dir` to repeat in advice. */
export function stateFindings(seen: StateSeen, given: string | undefined): readonly Found[] {
  const { dir, exists, refused } = seen
  if (refused) return [fail('directory', refused.message, refused.hint, `ls -ld ${quote(dir)}`)]
  return [
    ...writingFindings(seen),
    ...spaceFinding(seen),
    ...(exists ? [indexFinding(seen), ...runFindings(seen, given)] : []),
  ]
}

function writingFindings({ dir, place, exists, trial }: StateSeen): readonly Found[] {
  const { failure, locks } = trial
  const by = `ls -ld ${quote(place)}`
  if (failure !== undefined) {
    const what = exists ? `${dir} cannot be written` : `${dir} is not there and cannot be made`
    return [fail('directory', `${what}: ${failure}`, OTHER, by)]
  }
  const directory = ok('directory', exists ? `${dir} is ours alone, and can be written` : `${dir} can be made`, by)
  if (locks === true) return [directory, ok('locks', 'hold', 'flock 3')]
  const why = typeof locks === 'string' ? locks : 'a second one was given while the first was held'
  const fix = `take a directory on a local file system: ${OTHER}`
  return [directory, fail('locks', `do not hold: ${why}`, fix, 'flock 3')]
}

function spaceFinding({ place, free }: StateSeen): readonly Found[] {
  if (free === null) return []
  const by = `df ${quote(place)}`
  const found = `${free < 10 * MIB ? `${Math.floor(free / 1024)} KiB` : `${Math.floor(free / MIB)} MiB`} free`
  const fix = `make room in ${place}, or ${OTHER}`
  if (free < NONE) return [fail('space', found, fix, by)]
  return [free < SCARCE ? warn('space', found, fix, by) : ok('space', found, by)]
}

function indexFinding({ index, dir }: StateSeen): Found {
  const by = `ls -l ${quote(`${dir}/index.json`)}`
  return index === 'broken'
    ? warn('index', 'could not be read', 'nothing: it has been made anew from the journals', by)
    : ok('index', index === 'read' ? 'can be read' : 'none yet', by)
}

function runFindings({ runs }: StateSeen, given: string | undefined): readonly Found[] {
  const where = given === undefined ? '' : ` --state-dir ${quote(given)}`
  const broken = runs.filter(({ state }) => state === 'broken journal')
  const stopped = runs.filter(({ state }) => state === 'interrupted')
  return [
    ok('runs', `${runs.length}`, 'nsnet list'),
    ...broken.map(({ id }) =>
      warn(
        'journal',
        `of run ${id} is broken`,
        `see at which line, and restore it: nsnet show ${id}${where}`,
        'nsnet list',
      ),
    ),
    ...stopped.map(({ id }) =>
      warn(
        'run',
        `${id} is interrupted`,
        `go on with it: nsnet resume ${id}${where}\nor take it back: nsnet undo ${id}${where}`,
        'nsnet list',
      ),
    ),
  ]
}
