import { show as asText } from '../../core/command.ts'
import type { Entry } from '../../core/events.ts'
import { replay } from '../../core/machine.ts'
import { printable } from '../../core/quote.ts'
import type { Run } from '../../core/run.ts'
import { commandLines, counts, failureLines, nextSteps, stepLine } from '../render.ts'
import { storeFor } from '../session.ts'
import { stateOf } from '../state.ts'
import { asJson, type Terminal } from '../terminal.ts'

/** `nsnet show RUN`: where a run stands; with `-v` also what each step runs and how it is taken back. */
export async function show(terminal: Terminal, name: string): Promise<number> {
  const store = await storeFor(terminal.options)
  const summary = await store.find(name)
  const { id } = summary
  const { entries } = await store.read(id)
  const moment = replay(entries.map(({ event }) => event))
  if (terminal.options.json) {
    const { started, steps } = moment.run
    terminal.out(asJson({ ...started, status: moment.status, steps: [...steps.values()], seq: entries.at(-1)?.seq }))
    return 0
  }
  for (const line of headLines(moment.run, await stateOf(store, summary), entries)) terminal.out(line)
  for (const step of moment.run.steps.keys()) {
    for (const line of stepLines(terminal, moment.run, step)) terminal.out(line)
  }
  terminal.out(counts(moment.run))
  for (const line of nextSteps(moment, terminal.options)) terminal.out(`  ${line}`)
  return 0
}

function headLines({ started }: Run, status: string, entries: readonly Entry[]): readonly string[] {
  const { workflow, inputs } = started
  return [
    `run ${started.run}: ${status}`,
    `  workflow  ${printable(workflow.name)} (${printable(workflow.path)})`,
    `  started   ${entries[0]?.at}, last event ${entries.at(-1)?.at}`,
    `  inputs    ${printable(JSON.stringify(inputs))}`,
  ]
}

function stepLines(terminal: Terminal, run: Run, id: string): readonly string[] {
  const { status, durationMs, reason, failure, apply = [], undo = [] } = run.steps.get(id)!
  const detail = reason ?? failure?.message ?? apply.map(asText).join('; ')
  const line = stepLine(terminal, run, id, status, durationMs, detail)
  const why = failure && status.endsWith('failed') ? failureLines(run, id, failure) : []
  if (!terminal.options.verbose) return [line, ...why]
  return [line, ...why, ...commandLines({ apply, undo })]
}
