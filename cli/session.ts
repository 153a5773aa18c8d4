import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { RunStarted } from '../core/events.ts'
import type { Moment } from '../core/moment.ts'
import { printable } from '../core/quote.ts'
import { here, type Place } from '../library/place.ts'
import type { Session } from '../library/session.ts'
import type { Note, Watch } from '../library/watch.ts'
import { defaultStateDir, openStore, type Store } from '../journal/store.ts'
import { toType } from './advice.ts'
import { logTo, openLog } from './debug-log.ts'
import { BY_JOURNAL, lackingLines } from './lacking.ts'
import { viewFor } from './progress/choose.ts'
import { commandLine, counts, nextSteps, outputLines } from './render.ts'
import type { View } from './progress/view.ts'
import { listenForStop, type Stop } from './signals.ts'
import { duration, type GlobalOptions, type Terminal } from './terminal.ts'

/** Opens the directory of runs that the options name. */
export const storeFor = ({ stateDir }: GlobalOptions): Promise<Store> =>
  openStore(stateDir ?? defaultStateDir(process.env))

/** How a verb works on runs. */
export interface Manner {
  readonly wait?: boolean
  /** Take back also what others have changed since. */
  readonly force?: boolean
  /** Say at the end what to type next; the tour knows what comes next. */
  readonly advise?: boolean
  /** Told the run when it stands still. */
  readonly ended?: (run: string) => void
  /** Where it works: where nsnet is, unless it is said. */
  readonly place?: Place
  /** What stops it, for those who listen to signals themselves. */
  readonly stop?: Pick<Stop, 'signal' | 'kill'>
  /** Who is told of events, for those whom the terminal's progress does not suit. */
  readonly view?: View
}

/** What a session has of the terminal that it is told on. */
export type AtTerminal = Omit<Session, 'registry' | 'secrets'> & { readonly steps: readonly [] }

/** Works on runs where nsnet is, and tells it on the terminal. */
export const sessionAt = (
  terminal: Terminal,
  store: Store,
  { wait = false, force = false, ...how }: Manner,
): AtTerminal => ({
  place: how.place ?? here,
  store,
  wait,
  force,
  steps: [],
  ...(how.stop ? { giveUp: () => how.stop!.signal } : {}),
  note: (note) => {
    for (const line of noteLines(terminal, note)) terminal.tell(line)
  },
  watch: (run) => watchAt(terminal, store, run, how),
})

async function watchAt(terminal: Terminal, store: Store, run: string, how: Manner): Promise<Watch> {
  const logFile = await openLog(store, run)
  const { log, end } = logTo(logFile)
  const listener = how.stop ? undefined : listenForStop((signal) => terminal.tell(finishing(signal)))
  const stop = how.stop ?? listener!
  const view = how.view ?? viewFor(terminal)
  return {
    signal: stop.signal,
    kill: stop.kill,
    entry: (now, entry) => {
      const { seq, event } = entry
      log('info', { seq, event: event.type, ...('step' in event ? { step: event.step } : {}) })
      if (terminal.options.json) terminal.out(JSON.stringify(entry))
      view.event(now, entry)
    },
    progress: view.progress,
    command: (command, output) => {
      log('debug', { argv: command.argv, ...output })
      if (terminal.options.verbose) terminal.tell(terminal.paint('dim', commandLine(terminal.aside, command, output)))
    },
    rest: (moment, ms) => {
      view.end()
      conclude(terminal, moment, ms, how.advise ?? true)
    },
    end: async () => {
      view.end()
      listener?.release()
      end()
      await logFile?.close()
      how.ended?.(run)
    },
  }
}

const finishing = (signal: string): string => `  ${signal}: finishing the running command; again to stop at once`

/** Says how it ended and what to type next. */
function conclude(terminal: Terminal, moment: Moment, ms: number, advise: boolean): void {
  if (terminal.options.json) return
  terminal.out(`${terminal.paint('bold', moment.status)}: ${counts(moment.run)}, in ${duration(ms)}`)
  for (const line of outputLines(terminal, moment)) terminal.out(line)
  if (advise) for (const line of nextSteps(moment, terminal.options)) terminal.out(`  ${line}`)
}

function noteLines(terminal: Terminal, note: Note): readonly string[] {
  const bold = (text: string): string => terminal.paint('bold', text)
  switch (note.what) {
    case 'begins':
      return [`run ${bold(note.started.run)} of ${printable(note.started.workflow.name)}`]
    case 'stopped before':
      return [`  run ${note.run} of the same work was stopped; to go on with it: nsnet resume ${note.run}`]
    case 'torn':
      return [`  cut ${note.bytes} bytes of an unfinished line off ${note.path}`]
    case 'undoes':
      return [`undoing run ${bold(note.run)}${note.to === undefined ? '' : ` back to ${note.to}`}`]
    case 'undone already':
      return [`run ${note.run} is undone already`]
    case 'nothing after':
      return [`nothing that run ${note.run} made came after the step ${note.to}: there is nothing to undo`]
    case 'lacks':
      return lackingLines(note.lacking, BY_JOURNAL)
    case 'goes on': {
      const why = note.anew ? ', which the machine lost when it was started anew' : ''
      return [`going on with run ${bold(note.started.run)}${why}`, ...changeLines(terminal, note.started)]
    }
  }
}

/** A run goes on with the workflow as it was when it began; who has mended the file since has to begin anew. */
function changeLines(terminal: Terminal, { run, workflow }: RunStarted): readonly string[] {
  if (!isChanged(workflow)) return []
  const again = `${toType(terminal.options, 'undo', run)}, then ${toType(terminal.options, 'run', workflow.path)}`
  return [`  ${printable(workflow.path)} was changed since; this goes on with what it was. For the new one: ${again}`]
}

function isChanged({ path, hash }: RunStarted['workflow']): boolean {
  try {
    // a pipe is not there any more, and reading it would wait for ever
    if (!statSync(path).isFile()) return false
    return createHash('sha256').update(readFileSync(path, 'utf8')).digest('hex') !== hash
  } catch {
    return false
  }
}
