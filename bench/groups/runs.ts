import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Entry, RunEvent } from '../../core/events.ts'
import { nextLine } from '../../journal/format.ts'
import { compare } from '../compare.ts'
import { contest, type Contestant, type Result } from '../contest.ts'
import type { Section } from '../figures.ts'
import { journalOf, nsnet } from '../nsnet.ts'
import type { Group } from '../setting.ts'
import { timed } from '../timed.ts'
import { cleanUp } from '../world.ts'
import { withoutChecks } from './one.ts'

/** A name that stands nowhere else in a journal: the run's id, its netns and its link. */
const FIRST = 'qqqq0000'

/** Whole processes beside many live runs, against the same beside one. The many are copies of the journal of the one. */
export const runs: Group = async ({ dir, rounds, warmUp, patience, runs: count }) => {
  const file = withoutChecks(dir)
  const [few, crowd] = [join(dir, 'state-few'), join(dir, 'state-crowd')]
  timed(nsnet('run', file, ...named(FIRST, 0), '--id', FIRST, '--state-dir', few))
  cpSync(few, crowd, { recursive: true, preserveTimestamps: true })
  copyRuns(crowd, count)
  const length = { rounds, warmUp: Math.min(1, warmUp), patienceMs: patience * 1000 }
  const contestants = [beside('one run', file, few), beside('many runs', file, crowd)]
  const results = await contest(contestants, length, () => undefined)
  cleanUp()
  return [sectionOf(results, count)]
}

const named = (name: string, number: number): readonly string[] => [
  '--set',
  `netns=${name}`,
  '--set',
  `hostLink=${name}`,
  '--set',
  `prefix=10.0.${number}.0/24`,
]

/** Writes the journals of more runs, as the first one's would be under other names. */
function copyRuns(state: string, count: number): void {
  const lines = readFileSync(journalOf(state, FIRST), 'utf8').trim().split('\n')
  const texts = lines.map((line) => JSON.stringify((JSON.parse(line) as Entry).event))
  for (let number = 1; number < count; number += 1) {
    const name = `qqqq${String(number).padStart(4, '0')}`
    const events = texts.map((text) => JSON.parse(text.replaceAll(FIRST, name)) as RunEvent)
    writeFileSync(journalOf(state, name), linesOf(events), { mode: 0o600 })
  }
}

function linesOf(events: readonly RunEvent[]): string {
  let last: Entry | undefined
  const texts = events.map((event) => {
    const { entry, text } = nextLine(last, event, new Date())
    last = entry
    return text
  })
  return texts.join('')
}

const VERBS = ['list', 'list, index lost', 'plan', 'run', 'verify', 'undo'] as const

function beside(name: string, file: string, state: string): Contestant {
  const call = (...args: readonly string[]): number => timed(nsnet(...args, '--state-dir', state))
  const second = [file, ...named('second', 1)]
  let count = 0
  const round = (): { readonly [verb in (typeof VERBS)[number]]: number } => {
    const id = `second${(count += 1)}`
    rmSync(join(state, 'index.json'), { force: true })
    return {
      'list, index lost': call('list'),
      list: call('list'),
      plan: call('plan', ...second),
      run: call('run', ...second, '--id', id),
      verify: call('verify', id),
      undo: call('undo', id),
    }
  }
  return { name, round }
}

function sectionOf(results: readonly Result[], count: number): Section {
  const how = { id: 'runs', title: `beside ${count} live runs`, unit: 'ms', with: 'one run', ratio: 'to it' } as const
  const tables = VERBS.map((what) => ({ what, table: compare(results, { ...how, what }) }))
  const rows = tables.flatMap(({ what, table }) => table.rows.slice(1).map((row) => ({ ...row, name: what })))
  return { ...tables[0]!.table, versus: '÷ beside one', rows }
}
