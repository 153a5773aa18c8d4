import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { RunEvent } from '../../core/events.ts'
import { createJournal } from '../../journal/journal.ts'
import { compare } from '../compare.ts'
import { contest, type Contestant } from '../contest.ts'
import type { Group } from '../setting.ts'
import { cleanUp } from '../world.ts'

/**
 * Events a second: by nsnet's journal on disk, one by one and many by one write, and in memory, where fdatasync(2) has
 * nothing to wait for; and the same bytes by write(2) and fdatasync(2) alone, one by one.
 */
export const journal: Group = async ({ dir, rounds, warmUp, patience, events }) => {
  const memory = '/run/journal'
  mkdirSync(memory)
  const floor = 'fdatasync alone'
  const contestants: readonly Contestant[] = [
    { name: 'fdatasync, 1 by 1', round: () => rateOf(events, () => appended(dir, events, 1)) },
    { name: 'fdatasync, 100 by one write', round: () => rateOf(events, () => appended(dir, events, 100)) },
    { name: 'in memory, 1 by 1', round: () => rateOf(events, () => appended(memory, events, 1)) },
    { name: 'in memory, 100 by one write', round: () => rateOf(events, () => appended(memory, events, 100)) },
    { name: floor, round: () => rateOf(events, () => written(dir, events)) },
  ]
  const length = { rounds: Math.min(rounds, 10), warmUp, patienceMs: patience * 1000 }
  const results = await contest(contestants, length, cleanUp)
  const how = { what: 'rate', unit: 'events/s', with: floor, ratio: 'to it' } as const
  return [compare(results, { id: 'journal', title: 'journal', ...how })]
}

async function rateOf(events: number, work: () => Promise<void> | void) {
  const began = performance.now()
  await work()
  return { rate: (events * 1000) / (performance.now() - began) }
}

/** An outcome of middling size. */
const event: RunEvent = {
  type: 'StepApplied',
  step: 'netns-address-1',
  after: { addresses: [{ local: '10.0.0.2', prefixlen: 24, scope: 'global', valid: 'forever' }], routes: [] },
  undo: [{ argv: ['ip', '-n', 'ns1', 'address', 'delete', '10.0.0.2/24', 'dev', 'veth-ns'] }],
  netns: { ns1: { inode: 4026532000, made: '1735689600000000000' } },
  outputs: {},
  durationMs: 12.3,
}

async function appended(dir: string, events: number, each: number): Promise<void> {
  const path = join(dir, 'appended.jsonl')
  rmSync(path, { force: true })
  const opened = await createJournal(path)
  const batch = Array.from({ length: each }, () => event)
  for (let count = 0; count < events; count += each) await opened.append(batch)
  await opened.close()
}

function written(dir: string, events: number): void {
  const file = openSync(join(dir, 'written'), 'w')
  const line = `${JSON.stringify({ v: 1, seq: 1000, at: new Date().toISOString(), event, sum: '0'.repeat(16) })}\n`
  for (let count = 0; count < events; count += 1) {
    writeSync(file, line)
    fdatasyncSync(file)
  }
  closeSync(file)
}
