import { setTimeout } from 'node:timers/promises'
import { NsnetError } from '../../core/errors.ts'
import { openStore, type Store } from '../../journal/store.ts'
import type { Ending } from '../../library/ending.ts'
import { expectPrivilege } from '../../library/privilege.ts'
import type { ReadyRun } from '../../library/ready-run.ts'
import { beginRun } from '../../library/session.ts'
import { takeBack } from '../../library/taking-back.ts'
import { toType } from '../advice.ts'
import { cannotRun } from '../cannot-run.ts'
import { codeOf } from '../ending.ts'
import { tellError } from '../failure.ts'
import { hasTerminal } from '../foreground.ts'
import type { InputOptions } from '../given.ts'
import { sessionAt, storeFor, type AtTerminal } from '../session.ts'
import { terminalFor, type Terminal } from '../terminal.ts'
import { expectNetns } from '../with/expect-netns.ts'
import { inSandbox, onHost, type Site } from '../with/place.ts'
import { stopping, type Phase, type Stopping } from '../with/stopping.ts'
import { troubles } from '../with/troubles.ts'
import { variablesOf } from '../with/variables.ts'
import { readWorkflow } from '../workflow-file.ts'

export interface WithOptions extends InputOptions {
  /** In a little world that is gone afterwards. */
  readonly sandbox: boolean
  /** The netns that the command runs in; the host's when it is absent. */
  readonly netns?: string
  /** Wait for another nsnet that does the same, instead of refusing. */
  readonly wait: boolean
}

/** What is done around a command. */
interface Around extends WithOptions {
  /** For what goes wrong. */
  readonly loud: Terminal
  /** For progress. */
  readonly told: Terminal
  readonly store: Store
  readonly ready: ReadyRun
  readonly site: Site
  readonly stop: Stopping
  readonly argv: readonly string[]
}

/**
 * `nsnet with FILE -- COMMAND…`: sets up, runs the command, and takes back whatever happened. The exit code is that of the
 * command; 1 when the set-up or the undo fails, 128 + the signal's number when a signal stopped the set-up.
 */
export async function runWith(
  terminal: Terminal,
  file: string,
  argv: readonly string[],
  options: WithOptions,
): Promise<number> {
  if (argv.length === 0) throw noCommand(file)
  const [told, loud] = [aside(terminal, terminal.progress), aside(terminal, 'plain')]
  const stop = stopping((line) => loud.tell(`nsnet: ${line}`))
  try {
    const site = options.sandbox ? await inSandbox() : onHost
    try {
      const ready = borrowing(await readWorkflow(file, { ...options, now: true }, site.place))
      if (!options.sandbox) expectPrivilege()
      const { stateDir = site.stateDir } = terminal.options
      const store = stateDir === undefined ? await storeFor({}) : await openStore(stateDir)
      return await around({ ...options, loud, told, store, ready, site, stop, argv })
    } finally {
      await site.end()
    }
  } finally {
    stop.release()
  }
}

/** The command needs also what was there already: another one of the same workflow does not take it away meanwhile. */
const borrowing = (ready: ReadyRun): ReadyRun => ({ ...ready, started: { ...ready.started, borrows: true } })

/** Stdout is for the command alone. */
function aside({ options }: Terminal, progress: Terminal['progress']): Terminal {
  const terminal = terminalFor({ ...options, json: false, progress })
  return { ...terminal, out: terminal.tell }
}

function noCommand(file: string): NsnetError {
  const message = 'expected a command to run, got none'
  return new NsnetError('USAGE', message, `nsnet with ${file} -- COMMAND; without a command: nsnet run ${file}`)
}

async function around(all: Around): Promise<number> {
  const { store, ready } = all
  const { run } = ready.started
  const code = await inside(all).catch(async (error: unknown) => {
    // what was not begun is not there to be taken back
    if (!(await isThere(store, run))) throw error
    tellError(error, false)
    return 1
  })
  return (await isTakenBack(all)) ? code : 1
}

const isThere = (store: Store, id: string): Promise<boolean> =>
  store.started(id).then(
    () => true,
    () => false,
  )

/** How long a Ctrl-C that has ended the command may take to reach nsnet, for which it is not meant, in milliseconds. */
const SIGNAL_MS = 50

/** Sets up and runs the command; gives the exit code. */
async function inside(all: Around): Promise<number> {
  const { ready, site, stop, argv, netns } = all
  const { moment, ending } = await beginRun({ ...ready, ...session(all, 'set up') }, ready.started)
  stop.enter('command')
  if (ending.how !== 'well') {
    all.loud.tell(`nsnet: the set-up ${ending.how}: ${argv[0]} is not run`)
    return codeOf(ending)
  }
  if (netns !== undefined) await expectNetns(site.place, netns)
  const variables = variablesOf(moment.run, ready.secrets)
  const code = cannotRun(argv[0]!) ?? (await site.run(argv, netns, variables))
  if (hasTerminal()) await setTimeout(SIGNAL_MS)
  return code
}

/** Takes the run back, and tells what is left. In a sandbox nobody else is there whose changes were to be kept. */
async function isTakenBack(all: Around): Promise<boolean> {
  const { loud, ready, site, stop } = all
  const { run } = ready.started
  const tellRest = (...more: readonly string[]): void => {
    const rest = site.isPrivate ? '' : `; the rest: ${toType(loud.options, 'undo', run, ...more)}`
    loud.tell(`nsnet: not all of run ${run} is taken back${rest}`)
  }
  try {
    // who does the same at this moment is done soon, and nobody else takes this back
    const working = { ...session({ ...all, wait: true }, 'take back'), force: site.isPrivate, given: ready.given }
    const { how }: Ending = await takeBack(working, run, { cascade: false })
    if (how === 'well') return true
    tellRest(...(how === 'kept' ? ['--force'] : []))
  } catch (error) {
    tellError(error, false)
    tellRest()
  } finally {
    stop.enter('command')
  }
  return false
}

function session({ told, loud, store, wait, site, stop }: Around, phase: Phase): AtTerminal {
  const view = told.progress === 'none' ? { view: troubles(loud) } : {}
  return sessionAt(told, store, { wait, advise: false, place: site.place, stop: stop.enter(phase), ...view })
}
