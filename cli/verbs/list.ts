import type { Summary } from '../../journal/index.ts'
import type { Store } from '../../journal/store.ts'
import { headRow } from '../rows.ts'
import { storeFor } from '../session.ts'
import { stateOf } from '../state.ts'
import { asJson, table, type Terminal } from '../terminal.ts'
import { cut, cutStart, oneLine, widthOf } from '../text.ts'
import { ago, toTheSecond } from '../times.ts'

type Listed = Summary & { readonly state: string }

/** `nsnet list`: all runs, the latest first. On a terminal a line each; in a pipe and with `-v` nothing is cut. */
export async function list(terminal: Terminal): Promise<number> {
  const store = await storeFor(terminal.options)
  const runs = await Promise.all((await store.list()).map((run) => withState(store, run)))
  if (terminal.options.json) terminal.out(asJson(runs))
  else if (runs.length === 0) terminal.out('no runs yet; begin with: nsnet run workflows/internet.json --sandbox')
  else for (const line of linesOf(terminal, runs)) terminal.out(line)
  return 0
}

const header = ['RUN', 'WORKFLOW', 'STATE', 'STEPS', 'STARTED']

function linesOf(terminal: Terminal, runs: readonly Listed[]): readonly string[] {
  const [columns, now] = [terminal.columns(), Date.now()]
  if (columns === Infinity)
    return table([[...header, 'FILE'], ...runs.map((run) => [...row(run), toTheSecond(run.startedAt), run.path])])
  const short = runs.map((run) => [
    ...row({ ...run, workflow: cut(oneLine(run.workflow), MOST_NAME) }),
    ago(run.startedAt, now),
  ])
  const lines = table([header, ...short])
  const room = columns - lines.reduce((most, line) => Math.max(most, widthOf(line)), 0) - 2
  if (terminal.options.verbose) return withWhole(terminal, lines, runs)
  if (room < LEAST_FILE) return lines.map((line) => cut(line, columns))
  const files = ['FILE', ...runs.map(({ path }) => cutStart(oneLine(path), room))]
  return table(lines.map((line, at) => [line, files[at]!]))
}

/** Columns that the name of a workflow has at most. */
const MOST_NAME = 20

/** Columns without which the file of a run is left out. */
const LEAST_FILE = 10

const row = ({ id, workflow, state, steps, holding }: Listed): readonly string[] => [
  id,
  workflow,
  state,
  `${holding}/${steps}`,
]

/** Says below each run what has no room beside it. */
const withWhole = (
  terminal: Terminal,
  [head, ...lines]: readonly string[],
  runs: readonly Listed[],
): readonly string[] => [
  head!,
  ...runs.flatMap(({ workflow, startedAt, changedAt, path }, at) => [
    lines[at]!,
    ...(widthOf(workflow) > MOST_NAME ? [headRow(terminal, 'workflow', workflow)] : []),
    headRow(terminal, 'started', `${toTheSecond(startedAt)} UTC, last event ${toTheSecond(changedAt)} UTC`),
    headRow(terminal, 'file', path),
  ]),
]

async function withState(store: Store, run: Summary): Promise<Listed> {
  return { ...run, state: await stateOf(store, run) }
}
