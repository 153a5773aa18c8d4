import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import type { RunEvent } from '../../core/events.ts'
import { createJournal } from '../../journal/journal.ts'
import { entriesIn } from './journals.ts'
import type { Sandboxed } from './sandbox.ts'

/** One step, as a workflow file has it. */
export interface StepText {
  readonly id: string
  readonly uses: string
  readonly with: unknown
  readonly onFailure?: string
}

/** Opens a directory for the files of a test file; it goes away behind its last test. */
export function workspace(): {
  readonly dir: string
  readonly workflowOf: (name: string, parts: object) => string
  readonly fileOf: (name: string, ...steps: readonly StepText[]) => string
  readonly stateDir: () => string
} {
  const dir = mkdtempSync(join(tmpdir(), 'nsnet-test-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  const workflowOf = (name: string, parts: object): string => {
    const path = join(dir, `${name}.json`)
    writeFileSync(path, JSON.stringify({ name, ...parts }))
    return path
  }
  return {
    dir,
    workflowOf,
    fileOf: (name, ...steps) => workflowOf(name, { steps }),
    stateDir: () => mkdtempSync(join(dir, 'state-')),
  }
}

/** Runs a workflow to its end; gives the id of the run. */
export async function ranOne({ nsnet }: Sandboxed, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await nsnet('run', ...args, '--json')
  expect({ args, exitCode, stderr }).toMatchObject({ exitCode: 0 })
  return (JSON.parse(stdout.split('\n')[0]!) as { event: { run: string } }).event.run
}

/** Copies a journal up to and with the first event that `last` finds, each event as `change` makes it. */
export async function copyJournal(
  from: string,
  to: string,
  last: (event: RunEvent) => boolean,
  change: (event: RunEvent) => RunEvent,
): Promise<void> {
  const events = (await entriesIn(from)).map(({ event }) => event)
  const journal = await createJournal(to)
  await journal.append(events.slice(0, events.findIndex(last) + 1).map(change))
  await journal.close()
}
