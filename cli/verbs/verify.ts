import { setTimeout } from 'node:timers/promises'
import type { Finding } from '../../core/effects/finding.ts'
import { NsnetError } from '../../core/errors.ts'
import { printable } from '../../core/quote.ts'
import type { Run } from '../../core/run.ts'
import { toType } from '../advice.ts'
import { givenBy, type InputOptions } from '../given.ts'
import { runFor } from '../latest.ts'
import { nextSteps } from '../render.ts'
import { findingLines, sumOf } from '../plan/finding-lines.ts'
import { registryOfRun } from '../../library/plugins.ts'
import { expectPrivilege } from '../../library/privilege.ts'
import { momentOf } from '../../library/session.ts'
import { storeFor } from '../session.ts'
import { listenForStop } from '../signals.ts'
import { tellOfLacking } from '../lacking.ts'
import { asJson, type GlobalOptions, type Terminal } from '../terminal.ts'
import { exitOf, isLeft, lookAt, toRepair, wholeOf, type Looked } from '../verifying.ts'

export interface VerifyOptions extends Pick<InputOptions, 'setFile'> {
  /** Look again and again, until nsnet is asked to stop. */
  readonly watch?: boolean
  /** Seconds between two looks. */
  readonly every: string
}

/**
 * `nsnet verify [RUN]`: looks whether a run still holds. Drift gives exit code 2, and so does a run that is not whole; what
 * could not be looked at gives 1. With `--watch` the last look decides.
 */
export async function verify(terminal: Terminal, name: string | undefined, options: VerifyOptions): Promise<number> {
  const everyMs = secondsIn(options.every) * 1000
  const store = await storeFor(terminal.options)
  const { id } = await runFor(store, name, 'verify')
  expectPrivilege()
  const given = await givenBy(options)
  const registry = await registryOfRun(await store.started(id), [])
  tellOfLacking(terminal, registry, 'its steps cannot be looked at')
  const look = async (): Promise<Looked> => lookAt(await momentOf(store, id), registry, given)
  if (options.watch === true) return await watch(terminal, look, everyMs)
  const looked = await look()
  expectSomething(looked)
  tell(terminal, looked)
  return exitOf(looked)
}

/** @throws RUN_UNDONE when nothing of the run is left to look at */
function expectSomething({ run: { started }, status, findings }: Looked): void {
  if (status !== 'undone' || findings.length > 0) return
  const message = `expected a run that holds, run ${started.run} is undone: nothing of it is left`
  throw new NsnetError('RUN_UNDONE', message, 'nsnet list shows all runs')
}

/** Tells the first look whole, and then each step of which there is something else to say. */
async function watch(terminal: Terminal, look: () => Promise<Looked>, everyMs: number): Promise<number> {
  const stop = listenForStop(() => undefined)
  const told = new Map<string, string>()
  try {
    for (let first = true; ; first = false) {
      const looked = await look()
      if (first) expectSomething(looked)
      const news = looked.findings.filter((finding) => told.get(finding.step) !== JSON.stringify(finding))
      for (const finding of news) told.set(finding.step, JSON.stringify(finding))
      if (first || (terminal.options.json && news.length > 0)) tell(terminal, looked)
      else for (const finding of news) tellNews(terminal, looked.run, finding)
      if (!stop.signal.aborted) await setTimeout(everyMs, undefined, { signal: stop.signal }).catch(() => undefined)
      if (stop.signal.aborted) return exitOf(looked)
    }
  } finally {
    stop.release()
  }
}

function tell(terminal: Terminal, looked: Looked): void {
  const { run, status, findings } = looked
  const { run: id, workflow } = run.started
  if (terminal.options.json) return terminal.out(asJson({ run: id, status, drifted: hasDrifted(findings), findings }))
  terminal.out(`run ${terminal.paint('bold', id)} of ${printable(workflow.name)}, as the kernel is now`)
  for (const finding of findings) for (const line of findingLines(terminal, run, finding)) terminal.out(line)
  const whole = wholeOf(looked)
  const may = whole === 'holds' && findings.some(({ verdict }) => verdict === 'missing') ? ', which may fail' : ''
  terminal.out(`${terminal.paint('bold', whole)}: ${sumOf(findings)}${may}`)
  for (const line of adviceOn(looked, terminal.options)) terminal.out(`  ${line}`)
}

/** What to type: a run that stopped goes on or back before anything of it is repaired. */
function adviceOn({ run, status, findings }: Looked, options: GlobalOptions): readonly string[] {
  if (status !== 'completed') return nextSteps({ run, status }, options)
  const { run: id } = run.started
  if (toRepair(findings).length > 0) return [`put it right: ${toType(options, 'repair', id)}`]
  return findings.some(isLeft) ? [`no repair puts that right; take it back: ${toType(options, 'undo', id)}`] : []
}

const hasDrifted = (findings: readonly Finding[]): boolean => findings.some(({ verdict }) => verdict === 'drifted')

function tellNews(terminal: Terminal, run: Run, finding: Finding): void {
  const at = new Date().toISOString().slice(11, 19)
  for (const line of findingLines(terminal, run, finding)) terminal.out(`${at}${line}`)
}

function secondsIn(text: string): number {
  const seconds = Number(text)
  if (/^\d{1,5}(\.\d{1,3})?$/.test(text) && seconds > 0) return seconds
  throw new NsnetError('USAGE', `expected --every with a number of seconds, such as 2, got "${text}"`)
}
